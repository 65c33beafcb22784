/** Exit codes that the server's side, and the clock come to: 3, 4, 124. */
import { describe, expect, it } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { demoServer } from '../../support/servers.ts';
import { refuse, watchedServer, workAt } from '../../support/work.ts';

describe('3: the server cannot be reached', () => {
  it('nothing listens', async () => {
    const work = await workAt(`http://127.0.0.1:${await freePort()}/mcp`);
    for (const line of ['ls', 'refresh', 'deploy --version 2.0', 'deploy --version 2.0 --background'])
      expect(await work.run(line)).toMatchObject({
        code: 3,
        stdout: '',
        stderr: expect.stringMatching(/^error: cannot reach work: .*ECONNREFUSED/),
      });
    expect(await work.json('jobs list')).toEqual([]);
  });

  it('the server goes after a submission: the job stays live; its session gone for good, it is lost', async () => {
    const server = await watchedServer({ speed: 0.1 });
    const work = await workAt(server.url, { MCP2CLI_RETRY_BUDGET: '1s' });
    const id = await work.submit('deploy --version 2.0');
    await server.close();

    for (const command of ['wait', 'watch']) {
      const { code, stdout, stderr } = await work.run(`jobs ${command} --json ${id}`);
      const lines = stderr.trimEnd().split('\n');
      expect({ code, error: JSON.parse(lines.at(-1) ?? '') }).toEqual({
        code: 3,
        error: {
          error: {
            code: 'unreachable',
            message: expect.stringMatching(/^cannot reach work: .*; the job is not affected$/),
            hint: `come back with: mcp2cli work jobs ${command} ${id}`,
            exit_code: 3,
          },
        },
      });
      if (command === 'wait') expect(stdout).toBe('');
    }
    for (const command of ['show', 'cancel'])
      expect(await work.run(`jobs ${command} ${id}`)).toMatchObject({
        code: 3,
        stdout: '',
        stderr: expect.stringMatching(/^error: cannot reach work: /),
      });
    expect(await work.stored(id)).toMatchObject({ finished_at: null, error: null });
    expect((await work.stored(id)).status).toMatch(/^(queued|running)$/);

    // A server at the same place that knows nothing of the session.
    await demoServer({ port: Number(new URL(server.url).port) });
    expect(await work.run(`jobs wait ${id}`)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^error: deploy is lost: work no longer knows the session.*\n$/),
    });
    expect(await work.stored(id)).toMatchObject({ status: 'lost', error: { code: 'session_gone' } });
  });

  it.each(['show', 'wait', 'watch', 'cancel'])('jobs %s learns that the session is gone', async (command) => {
    const server = await watchedServer({ speed: 0.1 });
    const work = await workAt(server.url);
    const id = await work.submit('deploy --version 2.0');
    expect(await server.dropSessions()).toBeGreaterThan(0);
    const { code } = await work.run(`jobs ${command} ${id}`);
    expect(code).toBe(command === 'wait' || command === 'watch' ? 1 : 0);
    expect(await work.stored(id)).toMatchObject({
      status: 'lost',
      error: { code: 'session_gone' },
    });
    expect(server.stats.requests['tools/call']).toBe(1);
  });
});

describe('4: authentication', () => {
  it.each([
    [401, 'work requires authentication (HTTP 401)'],
    [403, 'work refuses access (HTTP 403)'],
  ])('HTTP %i', async (status, message) => {
    const server = await watchedServer({ speed: 2 });
    const work = await workAt(server.url);
    const id = await work.submit('deploy --version 2.0');
    server.answerWith(refuse(status, { headers: { 'www-authenticate': 'Bearer' } }));
    const lines = ['refresh', 'deploy --version 2.0', 'deploy --version 2.0 --background'];
    for (const line of lines)
      expect(await work.run(line)).toMatchObject({
        code: 4,
        stdout: '',
        stderr: expect.stringMatching(/^error: .*\nhint: .*--header.*\n$/),
      });
    for (const command of ['show', 'wait', 'watch', 'cancel']) {
      const { code, stderr } = await work.run(`--json jobs ${command} ${id}`);
      expect({ command, code }).toEqual({ command, code: 4 });
      expect(JSON.parse(stderr)).toMatchObject({
        error: { code: 'auth', message: expect.stringContaining(message), exit_code: 4 },
      });
    }
    // The way back: nothing of it has touched the job.
    server.answerWith(undefined);
    expect(await work.run(`jobs wait ${id}`)).toMatchObject({ code: 0, stderr: '' });
    expect(server.stats.calls).toEqual({ deploy: 1 });
  });
});

describe('124: the time ran out', () => {
  it('jobs wait and watch leave the job alone and say how to come back', async () => {
    const work = await workAt((await watchedServer({ speed: 1 })).url);
    const id = await work.submit('deploy --version 2.0');
    expect(await work.run(`jobs wait ${id} --timeout 200ms`)).toMatchObject({
      code: 124,
      stdout: '',
      stderr: `error: the time ran out before the end; the job goes on\nhint: come back with: mcp2cli work jobs wait ${id}\n`,
    });
    expect(await work.run(`--timeout 0.2 jobs watch ${id}`)).toMatchObject({
      code: 124,
      stdout: expect.stringMatching(new RegExp(`^(${id}  .*\\n)+$`)),
      stderr: expect.stringMatching(new RegExp(`\\nhint: come back with: mcp2cli work jobs watch ${id}\\n$`)),
    });
    expect(await work.stored(id)).toMatchObject({ finished_at: null, cancel_requested_at: null });
    expect(await work.run(`jobs wait ${id} --timeout 1m`)).toMatchObject({
      code: 0,
      stdout: 'Deployed version 2.0 to staging\n',
      stderr: '',
    });
  });

  it('a foreground call is cancelled', async () => {
    const server = await watchedServer({ speed: 0.1 });
    const work = await workAt(server.url);
    await work.json('ls');
    const { code, stdout, stderr } = await work.run('deploy --version 2.0 --timeout 3s');
    expect({ code, stdout, stderr }).toEqual({
      code: 124,
      stdout: '',
      stderr: expect.stringMatching(
        /^progress: .*\nerror: the tool did not answer in time; the call was cancelled\n$/,
      ),
    });
    await expect.poll(() => server.stats.cancelledCalls).toBe(1);
  });
});
