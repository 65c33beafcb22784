/** Tasks of the 2026-07-28 extension on a stdio server: they live in the keeper's server, and are reached there by any process. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run, start } from '../../support/cli.ts';
import { dataOf, submitted } from '../../support/instance.ts';
import { keeperHome, keepers, theKeeper } from '../../support/keeper.ts';
import { tasks2026Stdio } from '../../support/tasks-2026/server.ts';

async function home(settings: object = {}): Promise<string> {
  const { command, args } = await tasks2026Stdio({ speed: 10, pollIntervalMs: 500 });
  return keeperHome(['--', command, ...args], settings);
}
const DEPLOYED = 'Deployed version 2.0 to staging\n';
const ENDED = 'Time has ended\n';

describe('a task of a stdio server (2026-07-28)', () => {
  it('is submitted, shown, waited for and listed by different processes', async () => {
    const at = { home: await home() };
    const until = join(at.home, 'until');
    const id = await submitted(at.home, ['work', 'forever', '--until', until]);
    const shown = await run(['work', '--json', 'jobs', 'show', id], at);
    expect(dataOf(shown)).toMatchObject({
      backend: 'tasks-2026-07-28',
      status: 'running',
      remote: { status: 'working' },
      session: { transport: 'stdio' },
      holder: { keeper: true },
    });
    writeFileSync(until, '');
    expect(await run(['work', 'jobs', 'wait', id], at)).toMatchObject({
      code: 0,
      stdout: ENDED,
      stderr: '',
    });
    expect(await run(['work', 'jobs', 'list'], at)).toMatchObject({
      stdout: expect.stringMatching(new RegExp(`^${id} {2}forever {2}completed {2}task_`)),
    });
  });

  it.each([
    ['isError', ['flaky-import', '--source', 'there'], 'failed', 'tool_error'],
    ['a JSON-RPC error', ['fail-rpc'], 'failed', 'rpc_error'],
  ])('that ends with %s failed', async (_, words, status, code) => {
    const at = { home: await home() };
    const id = await submitted(at.home, ['work', ...words]);
    expect(await run(['work', 'jobs', 'wait', id], at)).toMatchObject({ code: 1 });
    const shown = await run(['work', '--json', 'jobs', 'show', id], at);
    expect(dataOf(shown)).toMatchObject({ status, error: { code } });
  });

  it('is canceled from another process; cancelling is a request', async () => {
    const at = { home: await home() };
    const id = await submitted(at.home, ['work', 'forever']);
    expect(await run(['work', 'jobs', 'cancel', id], at)).toMatchObject({ code: 0 });
    expect(await run(['work', 'jobs', 'wait', id], at)).toMatchObject({ code: 1, stdout: '' });
    expect(dataOf(await run(['work', '--json', 'jobs', 'show', id], at))).toMatchObject({
      status: 'canceled',
    });
  });

  it('asks for several inputs, and is answered in parts from other processes', async () => {
    const at = { home: await home() };
    const id = await submitted(at.home, ['work', 'ask']);
    const waited = await run(['work', '--json', 'jobs', 'wait', id, '--timeout', '20s'], at);
    expect(waited).toMatchObject({ code: 8, stdout: '' });
    const { error } = JSON.parse(waited.stderr.trimEnd().split('\n').at(-1) ?? '');
    expect(error.pending_input ?? error.details?.pending_input).toHaveLength(2);
    expect(await run(['work', 'jobs', 'answer', id, '--request', 'name', '--name', 'Ada'], at)).toMatchObject(
      {
        code: 0,
      },
    );
    expect(await run(['work', 'jobs', 'wait', id], at)).toMatchObject({ code: 8 });
    expect(await run(['work', 'jobs', 'answer', id, '--color', 'green'], at)).toMatchObject({ code: 0 });
    expect(await run(['work', 'jobs', 'wait', id], at)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/Ada[\s\S]*green/),
    });
  });

  it('in the foreground is waited for, without a keeper and with one', async () => {
    const at = { home: await home() };
    const alone = await run(['work', 'deploy', '--version', '2.0'], at);
    expect(alone).toMatchObject({ code: 0, stdout: DEPLOYED });
    expect(await keepers(at.home)).toEqual([]);
    const kept = { home: await home({ keepAlive: true }) };
    expect(await run(['work', 'deploy', '--version', '2.0'], kept)).toEqual(alone);
    expect(await theKeeper(kept.home)).toMatchObject({ jobs: [] });
    // Each has left its job.
    for (const one of [at, kept])
      expect(await run(['work', 'jobs', 'list'], one)).toMatchObject({
        stdout: expect.stringMatching(/^job_\w+ {2}deploy {2}completed {2}task_\w+ {2}\S+\n$/),
      });
  });

  it('in the foreground is cancelled with ^C, without a keeper and with one', async () => {
    for (const keepAlive of [false, true]) {
      const at = { home: await home({ keepAlive }) };
      await run(['work', 'ls'], at);
      const command = start(['work', 'forever'], at);
      const job = async () => {
        const { stdout } = await run(['work', '--json', 'jobs', 'list'], at);
        return (JSON.parse(stdout) as { status: string }[])[0]?.status;
      };
      await expect.poll(job).toBe('running');
      command.signal('SIGINT');
      expect(await command.done).toMatchObject({ code: 130, stdout: '' });
      expect(await job()).toBe('canceled');
    }
  });

  it('in the foreground that was killed goes on in the keeper', async () => {
    const at = { home: await home({ keepAlive: true }) };
    await run(['work', 'ls'], at);
    const until = join(at.home, 'until');
    const command = start(['work', 'forever', '--until', until], at);
    await expect.poll(async () => (await run(['work', 'jobs', 'list'], at)).stdout).toMatch(/running/);
    command.signal('SIGKILL');
    await command.done;
    writeFileSync(until, '');
    expect(await run(['work', 'jobs', 'wait', '--latest'], at)).toMatchObject({ code: 0, stdout: ENDED });
  });

  it('that is a plain result is a job born finished', async () => {
    const at = { home: await home() };
    const done = await run(['work', 'plain', '--background'], at);
    expect(done).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/ran synchronously .*the job is completed\n$/),
    });
    const failed = await run(['work', 'sync-fail', '--background'], at);
    expect(failed).toMatchObject({ code: 1, stdout: expect.stringMatching(/^Job submitted: job_\w+ /) });
  });
});
