/** What becomes of linked commands and jobs when an instance is unlinked, removed or renamed. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run, start, startCommand } from '../../support/cli.ts';
import { freshDir } from '../../support/home.ts';
import { hostileServer } from '../../support/hostile.ts';
import { addInstance, dataOf, errorOf, homeAt, submitted } from '../../support/instance.ts';
import { keeperHome, keepers, STDIO_COMMAND } from '../../support/keeper.ts';
import { ptyTool, startOnPty } from '../../support/pty.ts';
import { recordingProxy } from '../../support/recording-proxy.ts';
import { demoServer } from '../../support/servers.ts';

const URL = 'http://127.0.0.1:9/mcp';
const configOf = (home: string) => JSON.parse(readFileSync(join(home, 'config.json'), 'utf8'));

/** A home with `work`, linked in a folder of the PATH. */
async function linkedHome(url = URL) {
  const home = await homeAt(url);
  const bin = freshDir("a 'bin'");
  const env = { PATH: [bin, process.env['PATH']].join(delimiter) };
  expect(await run(['link', 'work', '--dir', bin], { home, env })).toMatchObject({ code: 0, stderr: '' });
  return { home, bin, launcher: join(bin, 'work'), at: { home, env } };
}

describe.skipIf(process.platform === 'win32')('linked commands', () => {
  it('unlink removes the command, wherever the PATH has it, and no other file', async () => {
    const { bin, launcher, at } = await linkedHome();
    await run(['link', 'work'], at);
    const usual = join(at.home, '.local/bin/work');
    expect(existsSync(usual)).toBe(true);
    // A stranger of this name, and the command of another data root's instance.
    const strangers = freshDir('strangers');
    writeFileSync(join(strangers, 'work'), '#!/bin/sh\n', { mode: 0o755 });
    const other = freshDir('other');
    await run(['link', 'work', '--dir', other], { home: await homeAt(URL) });
    const env = { PATH: [strangers, other, bin, process.env['PATH']].join(delimiter) };

    const unlinked = await run(['unlink', 'work'], { home: at.home, env });
    expect(unlinked).toMatchObject({
      code: 0,
      stdout: `Unlinked work: ${launcher}\nUnlinked work: ${usual}\n`,
      stderr: '',
    });
    expect([launcher, usual].map(existsSync)).toEqual([false, false]);
    expect([join(strangers, 'work'), join(other, 'work')].map(existsSync)).toEqual([true, true]);
    const again = await run(['unlink', 'work', '--json'], { home: at.home, env });
    expect(again).toMatchObject({ code: 2, stdout: '' });
    expect(errorOf(again)).toMatchObject({ code: 'not_linked', hint: expect.stringContaining('--dir DIR') });
    expect(await run(['instances', 'show', 'work'], at)).toMatchObject({ code: 0 });

    const hidden = freshDir('hidden');
    await run(['link', 'work', '--dir', hidden], at);
    const named = await run(['unlink', 'work', '--dir', hidden, '--json'], at);
    expect(dataOf(named)).toEqual({ name: 'work', paths: [join(hidden, 'work')] });
  });

  it('instances remove takes them along', async () => {
    const { launcher, at } = await linkedHome();
    const removed = await run(['instances', 'remove', 'work'], at);
    expect(removed).toMatchObject({
      code: 0,
      stdout: 'Removed work\n',
      stderr: `its command is removed, too: ${launcher}\n`,
    });
    expect(existsSync(launcher)).toBe(false);
  });

  it('doctor names those whose instance is gone, and unlink removes them', async () => {
    const { home, launcher, at } = await linkedHome();
    writeFileSync(join(home, 'config.json'), '{"mcpServers": {}}');
    const reset = await run(['doctor', '--json'], at);
    expect(reset).toMatchObject({ code: 0 });
    expect(dataOf<{ checks: object[] }>(reset).checks).toContainEqual({
      instance: 'work',
      check: 'launcher',
      status: 'warning',
      message: 'a command of instance work, which is not there',
      hint: 'remove it: mcp2cli unlink work',
      path: launcher,
    });
    expect(await run(['unlink', 'work'], at)).toMatchObject({ code: 0 });
    expect((await run(['doctor'], at)).stdout).not.toContain('launcher');
  });
});

describe('rename', () => {
  it('takes everything along', async () => {
    const { url } = await demoServer();
    const { home, bin, launcher, at } = await linkedHome(url);
    await addInstance(home, [URL], 'zebra');
    await run(['instances', 'use', 'work'], at);
    const done = await submitted(home, ['work', 'echo', '--message', 'hi']);
    const live = await submitted(home, ['work', 'deploy', '--version', '1', '--duration', '600']);
    await run(['work', 'jobs', 'define', 'hello', '--tool', 'echo', '--arg', 'message=hello'], at);

    const renamed = await run(['instances', 'rename', 'WORK', 'prod', '--json'], at);
    expect(renamed).toMatchObject({ code: 0, stderr: '' });
    const moved = join(bin, 'prod');
    expect(dataOf(renamed)).toEqual({ name: 'prod', was: 'work', launchers: [moved] });
    expect(configOf(home)).toMatchObject({ active: 'prod', mcpServers: { prod: { url }, zebra: {} } });
    expect(Object.keys(configOf(home).mcpServers)).toEqual(['prod', 'zebra']);
    expect(existsSync(join(home, 'instances/work'))).toBe(false);
    expect(existsSync(launcher)).toBe(false);

    const prod = (...words: string[]) => startCommand(moved, words, at).done;
    const list = await prod('--json', 'jobs', 'list');
    expect(JSON.parse(list.stdout)).toMatchObject([
      { job_id: live, instance: 'prod', status: 'running' },
      { job_id: done, instance: 'prod', status: 'completed' },
    ]);
    expect(dataOf(await prod('--json', 'jobs', 'show', live))).toMatchObject({
      instance: 'prod',
      status: 'running',
    });
    expect(await prod('jobs', 'cancel', live)).toMatchObject({ code: 0 });
    expect(await prod('hello')).toMatchObject({ code: 0, stdout: 'hello\n' });
    expect(await run(['jobs', 'wait', done], at)).toMatchObject({ code: 0, stdout: 'hi\n' });
    expect(await run(['work', 'ls'], at)).toMatchObject({ code: 2 });
  });

  it('takes a job along that is waited for in another terminal', async () => {
    const proxy = await recordingProxy((await demoServer()).url);
    const home = await homeAt(proxy.url);
    const id = await submitted(home, ['work', 'deploy', '--version', '1', '--duration', '600']);
    const polled = () => proxy.seen(({ rpc }) => rpc === 'tasks/get');
    const waiting = start(['work', 'jobs', 'wait', id], { home });
    await polled();
    expect(await run(['instances', 'rename', 'work', 'prod'], { home })).toMatchObject({ code: 0 });
    proxy.reset();
    await polled();
    expect(await run(['prod', 'jobs', 'cancel', id], { home })).toMatchObject({ code: 0 });
    const { code, stderr } = await waiting.done;
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('canceled') });
    expect(stderr).not.toContain('no job');
    expect(existsSync(join(home, 'instances/work'))).toBe(false);
    const shown = dataOf(await run(['prod', 'jobs', 'show', id, '--json'], { home }));
    expect(shown).toMatchObject({ status: 'canceled', instance: 'prod' });
  });

  it('refuses what cannot be, and says what does not follow', async () => {
    const { home, bin, launcher, at } = await linkedHome();
    await addInstance(home, [URL], 'other');
    mkdirSync(join(home, 'instances/left/jobs'), { recursive: true, mode: 0o700 });
    const before = configOf(home);
    for (const [to, message] of [
      ['other', 'instance other exists already'],
      ['OTHER', 'instance other exists already'],
      ['jobs', '"jobs" is a command, not an instance name'],
      ['a/b', 'not an instance name'],
      ['work', 'work has this name already'],
      ['left', 'an instance that was called left left its jobs in'],
    ] as const) {
      const refused = await run(['instances', 'rename', 'work', to], at);
      expect(refused).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining(`error: ${message}`),
      });
    }
    expect(await run(['instances', 'rename', 'nobody', 'x'], at)).toMatchObject({ code: 2 });
    expect(configOf(home)).toEqual(before);
    expect(existsSync(launcher)).toBe(true);

    writeFileSync(join(bin, 'prod'), '');
    chmodSync(join(bin, 'prod'), 0o755);
    const env = { ...at.env, MCP2CLI_INSTANCE: 'work' };
    const renamed = await run(['instances', 'rename', 'work', 'prod'], { home, env });
    expect(renamed).toMatchObject({ code: 0, stdout: 'Renamed work to prod\n' });
    expect(renamed.stderr).toContain(`${join(bin, 'prod')} exists and is not a launcher of mcp2cli`);
    expect(renamed.stderr).toContain('MCP2CLI_INSTANCE still names work');
    expect(existsSync(launcher)).toBe(false);
    expect(readFileSync(join(bin, 'prod'), 'utf8')).toBe('');
    // Another case alone is another name.
    expect(await run(['instances', 'rename', 'prod', 'Prod'], at)).toMatchObject({ code: 0 });
    expect(Object.keys(configOf(home).mcpServers)).toEqual(['Prod', 'other']);
  });

  it('waits for the work of a keeper, and ends one without', async () => {
    const home = await keeperHome(STDIO_COMMAND, { detach: true });
    const id = await submitted(home, ['work', 'slow', '--ms', '60000']);
    const refused = await run(['instances', 'rename', 'work', 'prod'], { home });
    expect(refused).toMatchObject({ code: 8, stdout: '' });
    expect(refused.stderr).toContain(`error: not renamed: ${id} runs in a process here`);
    expect(Object.keys(configOf(home).mcpServers)).toEqual(['work']);
    await run(['work', 'jobs', 'cancel', id], { home });
    expect(await run(['instances', 'rename', 'work', 'prod'], { home })).toMatchObject({ code: 0 });
    expect(await keepers(home)).toEqual([]);
    expect((await run(['prod', 'jobs', 'list'], { home })).stdout).toMatch(
      new RegExp(`^${id} {2}slow {2}canceled `),
    );
  });
});

describe.skipIf(!ptyTool())('a purge on a terminal', () => {
  it('asks about jobs that run', async () => {
    const server = await hostileServer();
    const home = await homeAt(server.url);
    const id = await submitted(home, ['work', 'work']);
    const words = ['instances', 'remove', 'work', '--purge'];
    const no = startOnPty(words, { home, columns: 200 });
    await no.waitForStdout(/work has a job that has not ended: \S+ \(running\)\. .*\[y\/n\] /);
    no.write('n\r');
    expect(await no.done).toMatchObject({ code: 8, stdout: expect.stringContaining('not removed') });
    expect(existsSync(join(home, 'instances/work/jobs', id))).toBe(true);
    const yes = startOnPty(words, { home, columns: 200 });
    await yes.waitForStdout(/\[y\/n\] /);
    yes.write('y\r');
    expect(await yes.done).toMatchObject({ code: 0, stdout: expect.stringContaining('Removed work') });
    expect(existsSync(join(home, 'instances/work'))).toBe(false);
  });
});
