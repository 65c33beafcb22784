/** The wrapper around a plain call: a job that lives in its own process and is open to all others. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eachInItsProcess } from '../../support/cli.ts';
import { endKeepers } from '../../support/keeper.ts';
import { ptyTool, startOnPty } from '../../support/pty.ts';
import { watchedServer, workAt } from '../../support/work.ts';

eachInItsProcess();

describe('on a server without tasks a job', () => {
  async function running() {
    const server = await watchedServer({ dialect: 'plain', speed: 0.1 });
    const work = await workAt(server.url);
    const holder = work.start('deploy --version 2.0 --background');
    await holder.waitForStderr(/progress: /);
    const [job] = await work.json('jobs list');
    expect(job).toMatchObject({ status: 'running', backend: 'local', remote_task_id: null });
    return { server, work, holder, id: job.job_id as string };
  }

  it('is lost with the process that held it', async () => {
    const { server, work, holder, id } = await running();
    const waiter = work.start(`jobs wait ${id}`);
    holder.signal('SIGKILL');
    expect(await holder.done).toMatchObject({ signal: 'SIGKILL', stdout: '' });
    expect(await waiter.done).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^error: deploy is lost: .*\n$/),
    });
    expect(await work.stored(id)).toMatchObject({ status: 'lost', error: { code: 'holder_gone' } });
    expect(await work.run('jobs show --latest --exit-status')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^status: lost\n/),
      stderr: '',
    });
    expect(server.stats.calls).toEqual({ deploy: 1 });
  });

  it('is canceled by another process', async () => {
    const { server, work, holder, id } = await running();
    const waiter = work.start(`jobs wait ${id}`);
    expect(await work.run(`jobs cancel ${id}`)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^status: canceled\n/),
      stderr: '',
    });
    expect(await holder.done).toMatchObject({
      code: 1,
      stdout: `Job submitted: ${id} (local)\n`,
      stderr: expect.stringMatching(/\nerror: deploy was canceled.*\n$/),
    });
    expect(await waiter.done).toMatchObject({ code: 1, stdout: '' });
    await expect.poll(() => server.stats.cancelledCalls).toBe(1);
    expect(await work.stored(id)).toMatchObject({
      status: 'canceled',
      cancel_requested_at: expect.any(String),
    });
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s to its process cancels it', async (signal, exit) => {
    const { server, work, holder, id } = await running();
    holder.signal(signal);
    expect(await holder.done).toMatchObject({
      code: exit,
      stdout: '',
      stderr: expect.stringMatching(new RegExp(`\\nerror: interrupted; ${id} is canceled.*\\n$`)),
    });
    await expect.poll(() => server.stats.cancelledCalls).toBe(1);
    expect(await work.stored(id)).toMatchObject({ status: 'canceled' });
  });

  it('is waited for by other processes, and shown', async () => {
    const server = await watchedServer({ dialect: 'plain' });
    // The call runs until the test has looked.
    let answer = () => {};
    server.answerWith(({ rpcMethod, body }, response) => {
      if (rpcMethod !== 'tools/call') return false;
      const result = { content: [{ type: 'text', text: 'hi' }] };
      const { id } = body as { id: unknown };
      answer = () => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
      };
      return true;
    });
    const work = await workAt(server.url);
    const holder = work.start('echo --message hi --background');
    await server.received('tools/call');
    const waiters = [work.start('jobs wait --latest'), work.start('jobs watch --latest')];
    expect(await work.run('jobs show --latest --exit-status')).toMatchObject({
      code: 8,
      stdout: expect.stringMatching(/^status: running\n/),
    });
    answer();
    for (const waiter of waiters)
      expect(await waiter.done).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/(^|\n)hi\n$/),
        stderr: '',
      });
    expect(await holder.done).toMatchObject({ code: 0 });
    expect(server.sent(/^tools\/call$/)).toHaveLength(1);
  });
});

describe.skipIf(!ptyTool())('a person is told before the call is sent', () => {
  const SAID = 'runs synchronously: this command ends with the call; to return at once, add --detach\r\n';
  const DEPLOY = ['work', 'deploy', '--version', '2.0', '--background'];

  it('that it runs synchronously, and how not to', async () => {
    const server = await watchedServer({ dialect: 'plain', speed: 0.01 });
    const work = await workAt(server.url);
    // The call is never answered: what is said is said while it runs.
    server.answerWith(({ rpcMethod }) => rpcMethod === 'tools/call');
    const terminal = startOnPty(DEPLOY, { home: work.home, columns: 120 });
    await server.received('tools/call');
    await terminal.waitForStdout(new RegExp(SAID));
    terminal.write('\x03');
    expect((await terminal.done).code).toBe(130);
  });

  it('unless nobody waits, it is a call of many, or it is a task', async () => {
    const plain = await workAt((await watchedServer({ dialect: 'plain', speed: 100 })).url);
    endKeepers(plain.home);
    writeFileSync(join(plain.home, 'each.ndjson'), '{"version": "1"}\n{"version": "2"}\n');
    const tasks = await workAt((await watchedServer({ speed: 100 })).url);
    const each = ['work', 'deploy', '--background', '--each', join(plain.home, 'each.ndjson')];
    for (const [work, words] of [
      [plain, [...DEPLOY, '--detach']],
      [plain, each],
      [tasks, DEPLOY],
    ] as const) {
      const { code, stdout } = await startOnPty(words, { home: work.home, columns: 120 }).done;
      expect({ words, code }).toEqual({ words, code: 0 });
      expect(stdout).not.toContain('runs synchronously');
    }
  });
});
