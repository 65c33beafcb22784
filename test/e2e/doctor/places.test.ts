/** Where the data root is, who may write there, and what is left of a command whose working folder is gone. */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { run, startCommand } from '../../support/cli.ts';
import { BIN } from '../../support/env.ts';
import { freshDir, freshHome } from '../../support/home.ts';
import { errorOf, homeAt, homeWith } from '../../support/instance.ts';
import { configure, endKeepers, keepers, STDIO_COMMAND } from '../../support/keeper.ts';
import { demoServer } from '../../support/servers.ts';

/** A user that is not this one, and has no entry in the system's list. */
const STRANGER = 54_321;

function asRoot(context: TestContext): void {
  context.skip(process.getuid?.() !== 0, 'only root can give files away');
}

describe('a folder that somebody else can write is refused, with what to type', () => {
  const COMMANDS = ['work jobs list', 'work echo --message hi', 'keeper stop work --force'];

  async function refusals(
    home: string,
  ): Promise<{ code: number | null; error: ReturnType<typeof errorOf> }[]> {
    const results = await Promise.all(COMMANDS.map((line) => run(['--json', ...line.split(' ')], { home })));
    return results.map((result) => ({ code: result.code, error: errorOf(result) }));
  }

  it.each([
    ['its group', 0o770],
    ['anybody', 0o1777],
  ])('by %s (mode %o): the root, and every folder below it', async (who, mode) => {
    const home = await homeAt((await demoServer()).url);
    expect(await run(['work', 'echo', '--message', 'hi'], { home })).toMatchObject({ code: 0 });
    for (const path of ['', 'instances', 'instances/work', 'instances/work/keeper']) {
      const dir = join(home, path);
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      chmodSync(dir, mode);
      for (const { code, error } of await refusals(home)) {
        expect({ path, code, error: error.code }).toEqual({ path, code: 78, error: 'insecure_root' });
        expect(error.message).toContain(`it can be written by ${who}`);
        expect(error.hint).toContain(`chmod go-w ${dir};`);
      }
      const { stdout } = await run(['doctor', '--offline'], { home });
      expect(stdout).toContain(`it can be written by ${who}: commands refuse to use it`);
      chmodSync(dir, mode & 0o755);
    }
    expect((await run(['work', 'jobs', 'list'], { home })).code).toBe(0);
  });

  it('by its owner, who is another user', async (context) => {
    asRoot(context);
    const home = await homeAt((await demoServer()).url);
    await run(['work', 'ls'], { home });
    for (const path of ['', 'instances', 'instances/work']) {
      const dir = join(home, path);
      chownSync(dir, STRANGER, 0);
      for (const { code, error } of await refusals(home)) {
        expect({ path, code }).toEqual({ path, code: 78 });
        expect(error.message).toContain(`it belongs to another user (${STRANGER}; this is 0)`);
        expect(error.hint).toContain(`chown -R 0 ${dir};`);
      }
      chownSync(dir, 0, 0);
    }
    chownSync(home, STRANGER, 0);
    expect(await run(['doctor', '--offline'], { home })).toMatchObject({
      code: 1,
      stdout: expect.stringContaining(`belongs to another user (${STRANGER}; this is 0): commands refuse`),
    });
  });

  it('not below a folder for everybody, where nobody else can rename it, and not for an umask of 002', async () => {
    const shared = freshDir();
    chmodSync(shared, 0o1777);
    const home = join(shared, 'home');
    const { url } = await demoServer();
    const add = [
      '-c',
      `umask 002; exec "$@"`,
      'sh',
      process.execPath,
      BIN,
      'instances',
      'add',
      'work',
      '--url',
      url,
    ];
    expect(await startCommand('/bin/sh', add, { home, cwd: shared }).done).toMatchObject({ code: 0 });
    expect(await run(['work', 'echo', '--message', 'hi'], { home, cwd: shared })).toMatchObject({ code: 0 });
  });
});

describe('MCP2CLI_HOME', () => {
  it('that is relative is one place for commands, keepers and servers', async () => {
    const cwd = freshDir();
    const home = join(cwd, 'root');
    endKeepers(home);
    const options = { home, cwd, env: { MCP2CLI_HOME: 'root' } };
    expect(await run(['instances', 'add', 'work', ...STDIO_COMMAND], options)).toMatchObject({ code: 0 });
    configure(home, { keepAlive: true });
    const background = await run(['work', 'describe', '--background', '--detach', '-q'], options);
    expect(background).toMatchObject({ code: 0, stderr: '' });
    const wait = await run(['work', 'jobs', 'wait', background.stdout.trim()], options);
    expect(wait).toMatchObject({ code: 0 });
    expect(await keepers(home)).toMatchObject([{ instance: 'work', answers: true }]);
    expect(readdirSync(cwd)).toEqual(['root']);
    expect(readdirSync(home).sort()).toEqual(['config.json', 'instances']);
  });

  it('that is empty counts as not set; so does a relative XDG_DATA_HOME', async () => {
    const home = freshHome();
    const env = { MCP2CLI_HOME: '', XDG_DATA_HOME: 'here' };
    const add = await run(['instances', 'add', 'work', '--url', 'http://127.0.0.1:1/'], { home, env });
    expect(add).toMatchObject({ code: 0 });
    expect(existsSync(join(home, '.local/share/mcp2cli/config.json'))).toBe(true);
    expect(readdirSync(home)).toEqual(['.local']);
  });
});

describe('HOME', () => {
  it('that is a file is an error which says so', async () => {
    const file = join(freshDir(), 'file');
    writeFileSync(file, '');
    const env = { MCP2CLI_HOME: undefined, HOME: file };
    const add = await run(['--json', 'instances', 'add', 'work', '--url', 'http://127.0.0.1:1/'], {
      home: freshHome(),
      env,
    });
    expect(add).toMatchObject({ code: 74, stdout: '' });
    expect(errorOf(add)).toMatchObject({
      message: expect.stringContaining(file),
      hint: expect.stringContaining('HOME'),
    });
  });

  it('of a user that the system does not know: one error, and MCP2CLI_HOME is enough', async (context) => {
    asRoot(context);
    const root = freshDir();
    chownSync(root, STRANGER, STRANGER);
    const as = (args: string[], MCP2CLI_HOME: string | undefined) =>
      startCommand('setpriv', [`--reuid=${STRANGER}`, '--clear-groups', process.execPath, BIN, ...args], {
        home: root,
        cwd: '/',
        env: { MCP2CLI_HOME, HOME: undefined, TMPDIR: '/tmp' },
      }).done;
    const list = await as(['--json', 'instances', 'list'], undefined);
    expect(list).toMatchObject({ code: 78, stdout: '' });
    expect(errorOf(list)).toMatchObject({ code: 'no_home', hint: expect.stringContaining('MCP2CLI_HOME') });
    expect(await as(['instances', 'add', 'work', '--url', 'http://127.0.0.1:1/'], root)).toMatchObject({
      code: 0,
    });
    expect(await as(['link', 'work'], root)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--dir'),
    });
  });
});

describe('a working folder that was removed', () => {
  /** Runs a command line where there is nothing left. */
  function nowhere(home: string, args: readonly string[]) {
    const cwd = freshDir();
    const script = ['-c', 'rmdir "$0" && exec "$@"', cwd, process.execPath, BIN, ...args];
    return startCommand('/bin/sh', script, { home, cwd }).done;
  }

  it('is no matter to commands that do not need it', async () => {
    const home = await homeAt((await demoServer()).url);
    for (const line of ['--version', 'instances list', 'work ls', 'work jobs list', 'work echo --message hi'])
      expect(await nowhere(home, line.split(' '))).toMatchObject({ code: 0, stderr: '' });
    const { stdout } = await nowhere(home, ['work', 'deploy', '--version', '2', '--background', '-q']);
    expect(await nowhere(home, ['work', 'jobs', 'wait', stdout.trim()])).toMatchObject({ code: 0 });
    const cwd = freshDir();
    const server = await homeWith(['--cwd', cwd, ...STDIO_COMMAND]);
    expect(await nowhere(server, ['work', 'describe'])).toMatchObject({ code: 0 });
  });

  it('is one error for those that do', async () => {
    const home = await homeWith(STDIO_COMMAND);
    endKeepers(home);
    for (const line of ['work describe', 'work describe --background']) {
      const refused = await nowhere(home, ['--json', ...line.split(' ')]);
      expect(refused).toMatchObject({ code: 74, stdout: '' });
      expect(refused.stderr.trim().split('\n')).toHaveLength(1);
      expect(errorOf(refused)).toMatchObject({
        message: expect.stringContaining('the working folder was removed'),
        hint: expect.stringContaining('--cwd DIR'),
      });
    }
    const file = await nowhere(home, ['work', 'echo', '--args', '@some.json']);
    expect(file.code).not.toBe(70);
    expect(file.stderr).not.toMatch(/^ {4}at /m);
  });

  it('that has no path any more is an error with a code, not a stack trace', async (context) => {
    const unshare = spawnSync('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs none /proc']);
    context.skip(unshare.status !== 0, 'no mount namespaces here');
    const cwd = freshDir();
    const script = `mount -t tmpfs none /proc; unset PWD; rmdir "$0"; exec "$@"`;
    const words = [
      '-m',
      'sh',
      '-c',
      script,
      cwd,
      'env',
      '-u',
      'PWD',
      process.execPath,
      BIN,
      '--json',
      'instances',
      'list',
    ];
    const result = await startCommand('unshare', words, { home: freshHome(), cwd }).done;
    expect(result).toMatchObject({ code: 74, stdout: '' });
    expect(errorOf(result)).toMatchObject({ code: 'io', exit_code: 74 });
  });
});

it('a socket folder that another user has taken is no obstacle', async (context) => {
  asRoot(context);
  const tmp = freshDir();
  chmodSync(tmp, 0o1777);
  const usual = join(tmp, `mcp2cli-${process.getuid?.()}`);
  mkdirSync(usual, { mode: 0o777 });
  chownSync(usual, STRANGER, STRANGER);
  const home = join(freshDir(), 'x'.repeat(60), 'y'.repeat(60));
  const at = { home, cwd: '/', env: { TMPDIR: tmp } };
  endKeepers(home);
  await run(['instances', 'add', 'work', ...STDIO_COMMAND], at);
  configure(home, { keepAlive: true });
  const first = await run(['work', 'pid'], at);
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect((await run(['work', 'pid'], at)).stdout).toBe(first.stdout);
  expect(readdirSync(usual)).toEqual([]);
  // The next keeper finds the folder of the first.
  await run(['keeper', 'stop', 'work'], at);
  await run(['work', 'pid'], at);
  expect(readdirSync(tmp).filter((name) => name.startsWith('mcp2cli-')).length).toBe(2);
});

it('a temporary folder with too long a path is passed over', async () => {
  const tmp = join(freshDir(), 't'.repeat(90));
  mkdirSync(tmp);
  const home = join(freshDir(), 'x'.repeat(60), 'y'.repeat(60));
  const at = { home, cwd: '/', env: { TMPDIR: tmp } };
  endKeepers(home);
  await run(['instances', 'add', 'work', ...STDIO_COMMAND], at);
  configure(home, { keepAlive: true });
  expect(await run(['work', 'describe'], at)).toMatchObject({ code: 0, stderr: '' });
  expect(await keepers(home)).toMatchObject([{ answers: true }]);
});
