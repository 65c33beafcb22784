import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { describe, expect, it } from 'vitest';
import { atTestEnd } from '../cli.ts';
import { eventually } from '../eventually.ts';
import { freshDir } from '../home.ts';
import { frontmcpClient, speaking } from './client.ts';
import {
  type HeldPauses,
  heldPauses,
  LONG,
  logLine,
  type Rig,
  refused,
  rig,
  run,
  time,
  uuid,
} from './expected.ts';
import { frontmcpServer, frontmcpStdio } from './server.ts';

/** What a run goes through, as its status tells in each of so many pauses, and then at its end. */
async function states({ status, ended }: Rig, runId: string, held: HeldPauses, pauses: number) {
  const seen: string[] = [];
  const see = ({ state, attempt }: Record<string, unknown>) => seen.push(`${state} ${attempt}`);
  for (let i = 0; i < pauses; i++) {
    await held.begun();
    see(await status(runId));
    await held.end();
  }
  see(await ended(runId));
  return seen;
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
    const { sleep, end } = heldPauses();
    const { start, status } = await rig({ pendingMs: 1, sleep });
    const runId = await start('slow', { ms: 400 });
    const slow = { ...run, jobName: 'slow' };
    expect(await status(runId)).toEqual({ ...slow, state: 'pending' });
    await end();
    await eventually(async () => expect(await status(runId)).toEqual({ ...slow, state: 'running' }));
    const logs = [1, 2, 3, 4].map((turn) => logLine(`Turn ${turn} of 4`));
    const done = { ...slow, state: 'completed', result: { ms: 400 }, completedAt: time, logs };
    for (let turn = 1; turn <= 4; turn++) await end();
    await eventually(async () => expect(await status(runId)).toEqual(done));
  });

  it('is tried again, and never says that it runs while it does', async () => {
    const held = heldPauses();
    const it = await rig({ pendingMs: 1, sleep: held.sleep });
    const runId = await it.start('flaky', { failures: 2 });
    expect(await states(it, runId, held, 3)).toEqual([
      'pending 1',
      'retrying 1',
      'retrying 2',
      'completed 3',
    ]);
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
    const held = heldPauses();
    const it = await rig({ pendingMs: 1, sleep: held.sleep });
    const runId = await it.start('flaky', { failures: '2' });
    expect(await states(it, runId, held, 5)).toEqual([
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
    const { command, args } = await frontmcpStdio({ speed: 20, names: 'hyphen' });
    const code = join(freshDir(), 'code');
    // The client ends a server by a signal that is slow to end by itself: it does not reach this one, whose exit code is noted.
    const script = `exec 3<&0; ("$@" <&3; echo $? >'${code}') & wait`;
    await client.connect(
      new StdioClientTransport({ command: 'sh', args: ['-c', script, 'sh', command, ...args] }),
    );
    atTestEnd(() => client.close());
    const { start, ended } = speaking(client);
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('execute-job');
    expect(await ended(await start('scalar'))).toMatchObject({ result: 42 });
    await start('slow', LONG);
    await client.close();
    await expect.poll(() => existsSync(code) && readFileSync(code, 'utf8')).toBe('0\n');
  });
});
