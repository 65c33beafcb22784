/** Questions on a connection that several pieces of work share: none is answered by the rule of another, and none is lost with one. */
import { describe, expect, it } from 'vitest';
import { run, start } from '../../support/cli.ts';
import { dataOf, submitted } from '../../support/instance.ts';
import { keeperHome, STDIO_COMMAND } from '../../support/keeper.ts';

interface Job {
  status: string;
  pending_input?: { request_id: string; params: { message: string }; shared?: boolean }[];
  result?: { content: { text: string }[] };
}

async function at() {
  const home = await keeperHome(STDIO_COMMAND, { idleTimeout: '1h' });
  await run(['work', 'ls'], { home });
  const show = async (id: string) => dataOf<Job>(await run(['work', '--json', 'jobs', 'show', id], { home }));
  const elicit = (tag: string, delay: number, ...more: string[]) =>
    submitted(home, ['work', 'elicit', '--tag', tag, '--delay', String(delay), '--detach', ...more]);
  const asks = (id: string) =>
    expect.poll(async () => (await show(id)).pending_input?.map(({ params }) => params.message));
  /** Resolves when the job has ended by itself: until then it may ask for another's sake. */
  const ends = (id: string) => expect.poll(async () => (await show(id)).status).toBe('completed');
  return { home, show, elicit, asks, ends };
}

describe('two detached calls that ask, on one stdio server', () => {
  it('are not answered by the policy of the other', async () => {
    const { home, show, elicit, asks, ends } = await at();
    const person = await elicit('PERSON', 0, '--among', '2');
    const policy = await elicit('POLICY', 3_000, '--elicit', 'defaults');
    await asks(person).toEqual(['PERSON?']);
    expect((await show(person)).pending_input).toMatchObject([{ shared: true }]);
    expect(await show(policy)).toMatchObject({ status: 'input_required' });
    // Answered by a person, for the one that it is about.
    expect(await run(['work', 'jobs', 'answer', person, '--no-yes'], { home })).toMatchObject({ code: 0 });
    expect(await run(['work', 'jobs', 'wait', person], { home })).toMatchObject({
      code: 0,
      stdout: 'PERSON: {"action":"accept","content":{"yes":false}}\n',
    });
    // The other is alone now, and its own question certainly its own.
    await ends(policy);
    expect(await run(['work', 'jobs', 'wait', policy], { home })).toMatchObject({
      code: 0,
      stdout: 'POLICY: {"action":"accept","content":{"yes":true}}\n',
    });
  });

  it('keep their questions when one of them ends', async () => {
    const { home, elicit, asks, ends } = await at();
    const a = await elicit('A', 0, '--among', '2');
    const b = await elicit('B', 300);
    await asks(a).toEqual(expect.arrayContaining(['A?', 'B?']));
    // Whichever job is named, the answer goes to the question.
    const [first, second] = ['A?', 'B?'].map((message) => async (id: string) => {
      const { pending_input = [] } = dataOf<Job>(await run(['work', '--json', 'jobs', 'show', id], { home }));
      const request = pending_input.find(({ params }) => params.message === message)?.request_id ?? 'none';
      return run(['work', 'jobs', 'answer', id, '--request', request, '--yes'], { home });
    });
    expect(await first?.(b)).toMatchObject({ code: 0 });
    await ends(a);
    expect(await run(['work', 'jobs', 'wait', a], { home })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^A: /),
    });
    await asks(b).toEqual(['B?']);
    expect(await second?.(b)).toMatchObject({ code: 0 });
    expect(await run(['work', 'jobs', 'wait', b], { home })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^B: /),
    });
  });
});

it('a question of a job does not end a foreground call that goes on beside it', async () => {
  const { home, elicit, asks } = await at();
  const job = await elicit('JOB', 800);
  const call = start(['work', 'slow', '--ms', '3000'], { home });
  await asks(job).toEqual(['JOB?']);
  // The server tells progress once, and nothing is said of the question.
  expect(await call.done).toMatchObject({ code: 0, stdout: 'slept\n', stderr: 'progress: 1/4 (25%)\n' });
  expect(await run(['work', 'jobs', 'answer', job, '--yes'], { home })).toMatchObject({ code: 0 });
  expect(await run(['work', 'jobs', 'wait', job], { home })).toMatchObject({ code: 0 });
});

it('a foreground call that asks alone, in a pipe, ends with what was asked', async () => {
  const { home } = await at();
  await submitted(home, ['work', 'slow', '--ms', '100', '--detach']);
  await run(['work', 'jobs', 'wait', '--latest'], { home });
  const before = performance.now();
  const asked = await run(['work', 'elicit', '--tag', 'ME'], { home });
  expect(asked).toMatchObject({ code: 8, stdout: '', stderr: expect.stringMatching(/^error: .*ME\?/) });
  expect(performance.now() - before).toBeLessThan(30_000);
});
