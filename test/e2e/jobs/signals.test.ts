/** Signals detach from a job, and cancel what runs in the foreground: 130 for SIGINT, 143 for SIGTERM. */
import { expect, it } from 'vitest';
import { watchedServer, workAt } from '../../support/work.ts';

const SIGNALS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const;

it.each(SIGNALS)('%s ends a wait, and the job goes on', async (signal, exit) => {
  const server = await watchedServer({ speed: 0.5 });
  const work = await workAt(server.url);
  const id = await work.submit('deploy --version 2.0');
  const waiters = [work.start(`jobs wait ${id}`), work.start(`jobs watch ${id}`)];
  await server.received('tasks/result', 2);
  for (const waiter of waiters) waiter.signal(signal);
  for (const [i, waiter] of waiters.entries()) {
    const { code, stderr } = await waiter.done;
    expect({ code, stderr }).toEqual({
      code: exit,
      stderr: `error: stopped waiting; the job goes on\nhint: come back with: mcp2cli work jobs ${['wait', 'watch'][i]} ${id}\n`,
    });
  }
  expect(await work.run(`jobs wait ${id}`)).toMatchObject({
    code: 0,
    stdout: 'Deployed version 2.0 to staging\n',
  });
  expect(server.stats).toMatchObject({ cancelledTasks: 0, sessionsEnded: 0 });
});

it.each(SIGNALS)('%s cancels a foreground call', async (signal, exit) => {
  const server = await watchedServer({ speed: 0.1 });
  const work = await workAt(server.url);
  const call = work.start('deploy --version 2.0');
  await call.waitForStderr(/progress: 0\/4/);
  call.signal(signal);
  expect(await call.done).toMatchObject({
    code: exit,
    stdout: '',
    stderr: expect.stringMatching(/^progress: .*\nerror: interrupted; the call was cancelled\n$/),
  });
  await expect.poll(() => server.stats.cancelledCalls).toBe(1);
  expect(await work.json('jobs list')).toEqual([]);
});

it('SIGINT cancels a foreground call that runs as a task', async () => {
  const server = await watchedServer({ speed: 0.1, pollIntervalMs: 100 });
  const work = await workAt(server.url);
  const call = work.start('batch-process --input data.csv');
  await server.received('tasks/result');
  call.signal('SIGINT');
  expect(await call.done).toMatchObject({
    code: 130,
    stdout: '',
    stderr: expect.stringMatching(/error: interrupted; the task is canceled\n$/),
  });
  expect(server.stats.cancelledTasks).toBe(1);
  expect((await work.json('jobs list'))[0]).toMatchObject({ status: 'canceled' });
});
