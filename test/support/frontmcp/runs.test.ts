import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { describe, expect, it } from 'vitest';
import { atTestEnd } from '../cli.ts';
import { eventually } from '../eventually.ts';
import { frontmcpClient, speaking } from './client.ts';
import { LONG, logLine, type Rig, refused, rig, run, time, uuid } from './expected.ts';
import { frontmcpServer, frontmcpStdio } from './server.ts';

/** What a run went through, as a poller sees it: each state with its attempt, once. */
async function states({ status }: Rig, runId: string): Promise<string[]> {
  const seen: string[] = [];
  for (;;) {
    const { state, attempt, completedAt } = await status(runId);
    const now = `${state} ${attempt}`;
    if (seen.at(-1) !== now) seen.push(now);
    if (completedAt !== undefined) return seen;
  }
}

describe('a job in the background', () => {
  it('answers at once, and has its result later', async () => {
    const { ask, ended } = await rig();
    const args = { name: 'analyze-text', input: { text: 'Hello world' }, background: true };
    const accepted = await ask('execute_job', args);
    expect(accepted).toEqual({ runId: uuid, state: 'pending' });
    expect(await ended(accepted['runId'] as string)).toEqual({
      ...run,
      runId: accepted['runId'],
      jobName: 'analyze-text',
      state: 'completed',
      result: { sentiment: 'positive', keyPhrases: ['Hello', 'world'], confidence: 0.9, language: 'en' },
      completedAt: time,
      logs: [logLine('Starting text analysis'), logLine('Analysis complete: positive')],
    });
  });

  it('has no result where the job returned nothing', async () => {
    const { start, ended } = await rig();
    const status = await ended(await start('nothing'));
    expect(status).toEqual({ ...run, jobName: 'nothing', state: 'completed', completedAt: time });
  });

  it('is pending while the store is slow, then runs, and keeps its logs to itself until it is done', async () => {
    const { start, status } = await rig({ speed: 1, pendingMs: 300 });
    const runId = await start('slow', { ms: 400 });
    const slow = { ...run, jobName: 'slow' };
    expect(await status(runId)).toEqual({ ...slow, state: 'pending' });
    await eventually(async () => expect(await status(runId)).toEqual({ ...slow, state: 'running' }));
    const logs = [1, 2, 3, 4].map((turn) => logLine(`Turn ${turn} of 4`));
    const done = { ...slow, state: 'completed', result: { ms: 400 }, completedAt: time, logs };
    await eventually(async () => expect(await status(runId)).toEqual(done));
  });

  it('is tried again, and never says that it runs while it does', async () => {
    const it = await rig({ speed: 1, pendingMs: 150 });
    const runId = await it.start('flaky', { failures: 2 });
    expect(await states(it, runId)).toEqual(['pending 1', 'retrying 1', 'retrying 2', 'completed 3']);
    expect(await it.status(runId)).toMatchObject({ result: { attempts: 3 }, logs: [logLine('Attempt 3')] });
    expect(it.server.stats).toMatchObject({ executions: { flaky: 1 }, attempts: { flaky: 3 } });
  });

  it('fails with the number of the last try but one, and without logs', async () => {
    const { start, ended, server } = await rig({ production: true });
    expect(await ended(await start('flaky', { failures: 9 }))).toEqual({
      ...run,
      jobName: 'flaky',
      state: 'failed',
      error: { message: 'Attempt 5 failed', name: 'Error' },
      completedAt: time,
      attempt: 4,
    });
    expect(server.stats.attempts).toEqual({ flaky: 5 });
    expect(await ended(await start('always-fails'))).toMatchObject({
      state: 'failed',
      error: { message: 'The warehouse is closed', name: 'RangeError' },
      attempt: 1,
      logs: [],
    });
  });

  it('fails of input that does not fit, after as many tries as of anything else', async () => {
    const it = await rig({ speed: 1, pendingMs: 150 });
    const runId = await it.start('flaky', { failures: '2' });
    expect(await states(it, runId)).toEqual([
      'pending 1',
      ...[1, 2, 3, 4].map((attempt) => `retrying ${attempt}`),
      'failed 4',
    ]);
    const { error } = (await it.status(runId)) as { error: { name: string; message: string } };
    expect(error.name).toBe('ZodError');
    expect(JSON.parse(error.message)).toEqual([
      {
        code: 'invalid_type',
        expected: 'number',
        path: ['failures'],
        message: 'Invalid input: expected number, received string',
      },
    ]);
    expect(it.server.stats.attempts).toEqual({});
  });

  it('reports progress by the name of the job, on the stream that belongs to no request', async () => {
    const server = await frontmcpServer({ speed: 20 });
    const seen: unknown[] = [];
    const { start, ended } = await frontmcpClient(server.url, {
      onMessage: ({ method, params }) => {
        if (method === 'notifications/progress') seen.push(params);
      },
    });
    // Not before the stream is open: what is sent before goes nowhere.
    await eventually(async () => {
      await ended(await start('slow', { ms: 0 }));
      expect(seen).toContainEqual({ progressToken: 'slow', progress: 4, total: 4, message: 'Turn 4' });
    });
  });
});

describe('the server', () => {
  it.each([true, false])('is restarted with its store kept: %s', async (keepStore) => {
    const { start, ended, ask, server } = await rig();
    await ask('register_job', { name: 'own', script: '' });
    const [slow, done] = [await start('slow', LONG), await start('greet', { name: 'Ada' })];
    await ended(done);
    await server.restart({ keepStore });
    await expect(ask('list_jobs')).rejects.toThrow('Session not found');
    const again = await frontmcpClient(server.url);
    expect(await again.ask('list_jobs', { query: 'own' })).toEqual({ jobs: [], count: 0 });
    if (keepStore) {
      expect(await again.status(slow)).toMatchObject({ state: 'running' });
      expect(await again.status(done)).toMatchObject({ state: 'completed' });
    } else {
      for (const runId of [slow, done])
        expect(await again.call('get_job_status', { runId })).toEqual(refused(`Run "${runId}" not found`));
    }
    expect(server.stats).toMatchObject({ executions: { slow: 1, greet: 1 }, requests: { initialize: 2 } });
  });

  it('lets somebody else answer', async () => {
    const { server, ask } = await rig();
    server.intercept = ({ rpcMethod }, response) => {
      if (rpcMethod === 'tools/call') response.writeHead(503).end('down');
      return rpcMethod === 'tools/call';
    };
    await expect(ask('list_jobs')).rejects.toThrow('down');
    server.intercept = undefined;
    expect(await ask('list_jobs')).toHaveProperty('count', 11);
  });

  it('speaks over stdio, and ends with its input', async () => {
    const client = new Client({ name: 'test', version: '1' });
    const transport = new StdioClientTransport(await frontmcpStdio({ speed: 20, names: 'hyphen' }));
    await client.connect(transport);
    atTestEnd(() => client.close());
    const { start, ended } = speaking(client);
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('execute-job');
    expect(await ended(await start('scalar'))).toMatchObject({ result: 42 });
    await start('slow', LONG);
    const before = Date.now();
    await client.close();
    // The client waits for two seconds before it sends a signal.
    expect(Date.now() - before).toBeLessThan(1900);
  });
});
