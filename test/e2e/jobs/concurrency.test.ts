/** Many processes at once, on one home and one server. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import type { JobRecord } from '../../../src/jobs/record.ts';
import { eachInItsProcess } from '../../support/cli.ts';
import { watchedServer, workAt } from '../../support/work.ts';

eachInItsProcess();

it('10 submissions at the same time are 10 jobs, each sent once, and all of them complete', async () => {
  const server = await watchedServer({ speed: 20 });
  const work = await workAt(server.url);
  const datasets = Array.from({ length: 10 }, (_, i) => `set-${i}`);
  const submitted = await Promise.all(
    datasets.map((dataset) => work.run(`export --dataset ${dataset} --background --quiet`)),
  );
  for (const { code, stdout, stderr } of submitted)
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^job_\w+\n$/),
      stderr: '',
    });
  const ids = submitted.map(({ stdout }) => stdout.trim());
  expect(new Set(ids).size).toBe(10);
  expect(server.stats.calls).toEqual({ export: 10 });
  expect(server.stats.requests['tools/call']).toBe(10);
  expect(server.stats.tasksCreated).toBe(10);

  const waited = await work.run(`jobs wait ${ids.join(' ')}`);
  expect(waited.code).toBe(0);
  // In the order asked for, whatever the order in which they ended.
  expect(waited.stdout.match(/set-\d+|(?<= of )\S+/g)).toEqual(datasets);
  expect(waited.stderr).toBe(ids.map((id) => `${id}: completed\n`).join(''));

  const jobs = (await work.json('jobs list')) as JobRecord[];
  expect(jobs.map((job) => job.job_id).sort()).toEqual([...ids].sort());
  expect(jobs.map((job) => job.status)).toEqual(ids.map(() => 'completed'));
  expect(new Set(jobs.map((job) => job.remote_task_id)).size).toBe(10);
  for (const job of jobs) {
    const dataset = datasets[ids.indexOf(job.job_id)];
    expect(job.arguments).toEqual({ dataset });
  }
  expect(server.stats.calls).toEqual({ export: 10 });
});

it('one wait for many jobs has at most 8 connections, and answers for all of them', async () => {
  const server = await watchedServer({ speed: 20, pollIntervalMs: 500 });
  const gate = await countingGate(server.url);
  const work = await workAt(gate.url);
  const lines = Array.from({ length: 20 }, (_, i) => JSON.stringify({ dataset: `set-${i}` })).join('\n');
  const submitted = await work.run('export --background --each - --parallel 8', { input: lines });
  expect(submitted.code).toBe(0);
  const ids = submitted.stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { job_id: string }).job_id);
  expect(new Set(ids).size).toBe(20);

  gate.most = 0;
  const waited = await work.run(`jobs wait ${ids.join(' ')}`);
  expect(waited.code).toBe(0);
  expect(waited.stderr).toBe(ids.map((id) => `${id}: completed\n`).join(''));
  expect(gate.most).toBeGreaterThan(0);
  expect(gate.most).toBeLessThanOrEqual(8);
});

it('one wait for many jobs answers what each of them asks', async () => {
  const server = await watchedServer({ speed: 20, pollIntervalMs: 500 });
  const work = await workAt(server.url);
  const lines = Array.from({ length: 12 }, (_, i) => JSON.stringify({ name: `db-${i}` })).join('\n');
  const submitted = await work.run('provision --background --each - --parallel 4', { input: lines });
  expect(submitted.code).toBe(0);
  const [first] = submitted.stdout.split('\n', 1);
  const { job_id } = JSON.parse(first ?? '') as { job_id: string };
  const { tags } = await work.stored(job_id);
  const waited = await work.run(`jobs wait --elicit decline --tag ${tags?.join(' --tag ')}`);
  expect(waited.stdout.match(/db-\d+/g)).toHaveLength(12);
  const jobs = (await work.json('jobs list')) as JobRecord[];
  expect(jobs.map((job) => job.status)).toEqual(jobs.map(() => 'completed'));
});

it('10 local jobs at the same time, on a server without tasks', async () => {
  const server = await watchedServer({ dialect: 'plain', speed: 20 });
  const work = await workAt(server.url);
  const runs = await Promise.all(
    Array.from({ length: 10 }, (_, i) => work.run(`export --dataset set-${i} --background --quiet`)),
  );
  expect(runs.map(({ code }) => code)).toEqual(runs.map(() => 0));
  const jobs = (await work.json('jobs list --status completed')) as JobRecord[];
  expect(jobs.map((job) => job.job_id).sort()).toEqual(runs.map(({ stdout }) => stdout.trim()).sort());
  expect(server.stats.calls).toEqual({ export: 10 });
});

it('two waiters on one job both get its answer', async () => {
  const server = await watchedServer({ speed: 2 });
  const work = await workAt(server.url);
  const id = await work.submit('deploy --version 2.0');
  const waiters = [
    work.start(`jobs wait ${id}`),
    work.start('jobs wait --latest'),
    work.start(`jobs watch ${id}`),
  ];
  const ends = await Promise.all(waiters.map((waiter) => waiter.done));
  for (const { code, stdout, stderr } of ends)
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/(^|\n)Deployed version 2.0 to staging\n$/),
      stderr: '',
    });
  expect(await work.stored(id)).toMatchObject({ status: 'completed', error: null });
  expect(server.stats.calls).toEqual({ deploy: 1 });
});

it.each(['tasks-2025-11-25', 'meta-task'] as const)(
  'a cancel while two others wait ends both waits with 1: %s',
  async (dialect) => {
    const server = await watchedServer({ dialect, speed: 0.1, pollIntervalMs: 100 });
    const work = await workAt(server.url);
    const id = await work.submit('deploy --version 2.0');
    const waiters = [work.start(`jobs wait ${id}`), work.start(`jobs wait ${id}`)];
    await server.received('tasks/result', 2);
    const cancel = await work.run(`jobs cancel ${id}`);
    expect(cancel).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^status: canceled,/),
      stderr: '',
    });
    for (const { code, stdout, stderr } of await Promise.all(waiters.map((waiter) => waiter.done)))
      expect({ code, stdout, stderr }).toEqual({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(/^error: deploy was canceled.*\n$/),
      });
    expect(await work.stored(id)).toMatchObject({
      status: 'canceled',
      cancel_requested_at: expect.any(String),
    });
    expect(server.stats.cancelledTasks).toBe(1);
  },
);

it('wait and cancel started at the same moment agree on the end', async () => {
  const server = await watchedServer({ speed: 0.1, pollIntervalMs: 100 });
  const work = await workAt(server.url);
  const id = await work.submit('deploy --version 2.0');
  const [wait, cancel] = await Promise.all([work.run(`jobs wait ${id}`), work.run(`jobs cancel ${id}`)]);
  expect(cancel).toMatchObject({ code: 0, stdout: expect.stringMatching(/^status: canceled/) });
  expect(wait).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^error: .*canceled/) });
});

it('cancels from many processes at once are one cancellation', async () => {
  const server = await watchedServer({ speed: 0.1, pollIntervalMs: 100 });
  const work = await workAt(server.url);
  const id = await work.submit('deploy --version 2.0');
  const cancels = await Promise.all(Array.from({ length: 5 }, () => work.run(`jobs cancel ${id}`)));
  for (const { code, stdout } of cancels)
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^status: canceled/) });
  expect(server.stats.cancelledTasks).toBe(1);
});

/** Passes connections on to a server; `most`: how many were open at the same time. */
async function countingGate(to: string) {
  const { port: target, pathname } = new URL(to);
  const gate = { url: '', most: 0 };
  let open = 0;
  const listener = createServer((socket) => {
    open += 1;
    gate.most = Math.max(gate.most, open);
    const onward = connect(Number(target), '127.0.0.1');
    // The server answers to its own port alone.
    socket.on('data', (chunk) =>
      onward.write(chunk.toString('latin1').replaceAll(new URL(gate.url).host, new URL(to).host), 'latin1'),
    );
    socket.on('end', () => onward.end());
    onward.pipe(socket);
    socket.on('error', () => onward.destroy());
    onward.on('error', () => socket.destroy());
    socket.on('close', () => {
      open -= 1;
    });
  });
  onTestFinished(() => {
    listener.close();
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  gate.url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}${pathname}`;
  return gate;
}
