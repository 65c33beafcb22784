/** `jobs list`: what a terminal is told of jobs that run, and what scripts get. */
import { describe, expect, it } from 'vitest';
import { ptyTool, startOnPty } from '../../support/pty.ts';
import { demoServer } from '../../support/servers.ts';
import { diskStore, newJob, taskFact } from '../../support/store-fixtures.ts';
import { type Work, watchedServer, workAt } from '../../support/work.ts';

const onTerminal = (work: Work, ...words: string[]) =>
  startOnPty(['work', 'jobs', 'list', ...words], { home: work.home, env: { NO_COLOR: '1' } }).done;

describe.skipIf(!ptyTool())('jobs that have not ended, on a terminal', () => {
  it('are asked about; in a pipe and with --json what is stored counts', async () => {
    const server = await demoServer({ speed: 50 });
    const work = await workAt(server.url);
    const id = await work.submit('deploy --version 2.0 --duration 1');
    const asked = () => server.stats.requests['tasks/get'] ?? 0;
    expect((await work.run('jobs list')).stdout).toMatch(new RegExp(`^${id}  deploy  (queued|running)  `));
    const before = asked();
    expect((await onTerminal(work, '--json')).code).toBe(0);
    expect((await onTerminal(work, '--no-refresh')).stdout).not.toContain(' ago, ');
    expect(asked()).toBe(before);
    await expect.poll(async () => (await onTerminal(work)).stdout).toContain('completed');
    expect(asked()).toBeGreaterThan(before);
    // What was learned is on record, result and all.
    expect((await work.stored(id)).status).toBe('completed');
    expect((await work.json(`jobs wait ${id}`)).data.result.content).toBeDefined();
    expect(server.stats.requests['tools/call']).toBe(1);
  });

  it('--refresh asks in a pipe, too', async () => {
    const server = await demoServer({ speed: 50 });
    const work = await workAt(server.url);
    const id = await work.submit('deploy --version 2.0 --duration 1');
    await expect
      .poll(async () => (await work.run('jobs list --refresh')).stdout)
      .toMatch(new RegExp(`^${id}  deploy  completed  `));
  });

  it('are marked when the server does not say, and left as they were', async () => {
    const server = await watchedServer({ speed: 0.01 });
    const work = await workAt(server.url);
    const ids = [await work.submit('deploy --version 1'), await work.submit('deploy --version 2')];
    const before = await work.json('jobs list');
    // It takes the question, and says nothing.
    server.answerWith(({ rpcMethod }) => rpcMethod === 'tasks/get');
    const { code, stdout } = await onTerminal(work);
    expect(code).toBe(0);
    for (const id of ids)
      expect(stdout).toMatch(new RegExp(`${id.slice(-6)} .*(queued|running), \\d+[smh] ago`));
    expect(await work.json('jobs list')).toEqual(before);
  });

  it('are not given up because a server knows no session: who asks for the job learns that', async () => {
    const server = await watchedServer({ speed: 0.01 });
    const work = await workAt(server.url);
    const id = await work.submit('deploy --version 2.0');
    await server.dropSessions();
    expect((await onTerminal(work)).stdout).toMatch(/(queued|running), \d+[smh] ago/);
    expect((await work.stored(id)).finished_at).toBeNull();
    await work.run(`jobs show ${id}`);
    expect((await work.stored(id)).status).toBe('lost');
  });

  it('start no server: a task of a stdio server is marked', async () => {
    const work = await workAt('http://127.0.0.1:1/mcp');
    const { store } = diskStore(work.home);
    const { job_id } = store.create(newJob());
    const { session } = taskFact();
    store.accept(job_id, taskFact('t', { session: { ...session, transport: 'stdio' } }));
    expect((await onTerminal(work)).stdout).toMatch(/running, \d+d ago/);
  });
});
