/** jq in a thread: answers, errors, and expressions that have no end. */
import { expect, it } from 'vitest';
import { JqThread } from '../../src/lib/jq/jq-thread.ts';

const signal = new AbortController().signal;

it('evaluates one after the other, and tells what is wrong with an expression', async () => {
  const jq = new JqThread();
  const all = await Promise.allSettled([
    jq.run('{"a":[1,2]}', '.a[]', signal),
    jq.run('null', '.a.b | error("no")', signal),
    jq.run('12345678901234567890', '.', signal),
  ]);
  expect(all).toMatchObject([
    { value: '1\n2' },
    { reason: { message: expect.stringContaining('no') } },
    { value: '12345678901234567890' },
  ]);
  await jq.close();
});

it('ends an expression that has no end, by its time or by the signal, and goes on with the next', async () => {
  const jq = new JqThread(1_000);
  await expect(jq.run('1', 'def f: f; f', signal)).rejects.toThrow('does not come to its end (1 s)');
  const stop = new AbortController();
  const stopped = jq.run('1', 'def f: f; f', stop.signal);
  stop.abort(new Error('enough'));
  await expect(stopped).rejects.toThrow('enough');
  await jq.close();
  const other = new JqThread();
  expect(await other.run('1', '. + 1', signal)).toBe('2');
  await other.close();
});
