/** What another machine asks of a job that a process has to itself: by the store alone, since there is no other way to that process. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eachInItsProcess, run, start } from '../../support/cli.ts';
import { freshDir } from '../../support/home.ts';
import { dataOf, errorOf, homeAt, homeWith } from '../../support/instance.ts';
import { keeperHome, TASKS_COMMAND } from '../../support/keeper.ts';
import { ptyTool, startOnPty } from '../../support/pty.ts';
import { noRedis } from '../../support/redis.ts';
import { redisForAll } from '../../support/redis-for-all.ts';
import { demoServer } from '../../support/servers.ts';

interface Job {
  status: string;
  remote_task_id: string | null;
  pending_input?: unknown[];
}

describe.skipIf(noRedis !== undefined)('from another machine', () => {
  const redis = redisForAll();

  eachInItsProcess();

  /** A home with a keeper for a stdio server, and one that shares nothing with it but the store. */
  const place = async (own: Readonly<Record<string, string>> = {}) => {
    const count = join(freshDir('count'), 'calls');
    const env = { MCP2CLI_STORE: redis.address(), COUNT: count };
    const command = [...TASKS_COMMAND];
    const [here, there] = [
      await keeperHome(['--env', `COUNT=${count}`, ...command]),
      await homeWith(['--env', `COUNT=${count}`, ...command]),
    ];
    const at = (home: string, more: Readonly<Record<string, string>> = {}) => {
      const jobs = (...words: string[]) =>
        run(['--json', 'work', 'jobs', ...words], { home, env: { ...env, ...more } });
      return { jobs, show: async (id: string) => dataOf<Job>(await jobs('show', id)) };
    };
    const submit = async (...words: string[]) => {
      const done = await run(['work', 'task', ...words, '--background', '--quiet'], {
        home: here,
        env: { ...env, ...own },
      });
      expect(done).toMatchObject({ code: 0 });
      return done.stdout.trim();
    };
    const calls = () => readFileSync(count, 'utf8').trim().split('\n');
    return { env, at, here: at(here), there: at(there), thereHome: there, submit, calls };
  };

  it('a question of a job in a keeper is seen, waited for and answered', async () => {
    const { here, there, submit, calls } = await place();
    const id = await submit('--before', 'Sure?', '--ms', '1');
    const asked = await there.jobs('wait', id);
    expect(asked).toMatchObject({ code: 8, stdout: '' });
    expect(errorOf(asked).message).toContain('Sure?');
    expect(await there.show(id)).toMatchObject({ status: 'input_required' });
    expect(await there.jobs('answer', id, '--yes')).toMatchObject({ code: 0 });
    expect(await here.jobs('wait', id)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('\\"yes\\":true'),
    });
    expect(errorOf(await there.jobs('answer', id, '--yes'))).toMatchObject({ code: 'nothing_to_answer' });
    expect(calls()).toEqual(['task']);
  });

  it('an answer that is sealed counts where the key is, and is refused where it is not', async () => {
    const key = { MCP2CLI_STORE_KEY: 'a'.repeat(64) };
    const { at, here, thereHome, submit } = await place(key);
    const id = await submit('--before', 'Sure?', '--ms', '1');
    const other = at(thereHome, { MCP2CLI_STORE_KEY: 'b'.repeat(64) });
    await other.jobs('wait', id);
    const refused = await other.jobs('answer', id, '--yes');
    expect(refused).toMatchObject({ code: 8, stdout: '' });
    expect(errorOf(refused).message).toBe(
      'the answer was sealed with another MCP2CLI_STORE_KEY where the job is',
    );
    expect(await other.show(id)).toMatchObject({ status: 'input_required' });
    expect(await at(thereHome, key).jobs('answer', id, '--yes')).toMatchObject({ code: 0 });
    expect(await here.jobs('wait', id)).toMatchObject({ code: 0 });
  });

  it('of two answers to one question the first counts, and the other is told so', async () => {
    const { here, there, submit } = await place();
    const id = await submit('--before', 'Sure?', '--ms', '1');
    await there.jobs('wait', id);
    const both = await Promise.all([
      there.jobs('answer', id, '--yes'),
      there.jobs('answer', id, '--decline'),
    ]);
    expect(both.map(({ code }) => code).sort()).toEqual([0, 2]);
    const [given] = both;
    const end = await here.jobs('wait', id);
    expect(end.stdout.includes('accept')).toBe(given?.code === 0);
  });

  it('a cancellation reaches the task of a keeper', async () => {
    const { here, there, submit, calls } = await place();
    const id = await submit('--until', '/nowhere/to/be/found');
    await expect.poll(async () => (await here.show(id)).remote_task_id).not.toBeNull();
    expect(dataOf(await there.jobs('cancel', id))).toMatchObject({ status: 'canceled' });
    expect(calls()).toEqual(['task', 'cancel']);
  });

  it('a cancellation reaches a worker whose server is its child, and looking on starts no other', async () => {
    const { env, there, thereHome, here, calls } = await place();
    const working = start(['worker', 'work'], { home: thereHome, env });
    await working.waitForStderr(/takes jobs of work/);
    const line = ['work', 'task', '--until', '/nowhere/to/be/found', '--detach', '--quiet'];
    const id = (await run(line, { home: thereHome, env })).stdout.trim();
    await expect.poll(async () => (await there.show(id)).remote_task_id, { timeout: 60_000 }).not.toBeNull();
    for (const machine of [here, there]) expect(await machine.show(id)).toMatchObject({ status: 'running' });
    expect(dataOf(await here.jobs('cancel', id))).toMatchObject({ status: 'canceled' });
    expect(calls()).toEqual(['task', 'cancel']);
  });

  it.skipIf(!ptyTool())(
    'a question on a terminal is answered from elsewhere, and the prompt is over',
    async () => {
      const { url, stats } = await demoServer({ dialect: 'plain' });
      const [home, elsewhere] = [await homeAt(url), await homeAt(url)];
      const env = { MCP2CLI_STORE: redis.address() };
      const words = ['work', 'provision', '--name', 'db1', '--duration', '0', '--background'];
      const terminal = startOnPty(words, { home, env });
      await terminal.waitForStdout(/region[^>]*> /);
      const asked = await run(['--json', 'work', 'jobs', 'wait', '--latest'], { home: elsewhere, env });
      expect(asked).toMatchObject({ code: 8, stdout: '' });
      const line = ['work', 'jobs', 'answer', '--latest', '--region', 'eu-west', '--confirm'];
      expect(await run(line, { home: elsewhere, env })).toMatchObject({ code: 0 });
      expect(await terminal.done).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('(answered from another machine)'),
      });
      expect(stats.calls).toEqual({ provision: 1 });
    },
  );
});
