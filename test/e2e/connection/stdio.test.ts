/** Servers that are started as child processes: those that do not start, those that die, and that none is left. */
import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run, start } from '../../support/cli.ts';
import { freshDir } from '../../support/home.ts';
import { dataOf, errorOf, homeWith } from '../../support/instance.ts';
import { STDIO_SERVER } from '../../support/servers.ts';

const SERVER = ['--', process.execPath, STDIO_SERVER];
const script = (code: string) => ['--', process.execPath, '-e', code];

/** Whether the process lives. */
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('a server that does not start', () => {
  it('is told about with its last words', async () => {
    const words = 'for (let i = 1; i <= 30; i++) console.error("line " + i); process.exit(7)';
    const home = await homeWith(script(words));
    const { code, stdout, stderr } = await run(['work', 'ls'], { home });
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^error: cannot reach work: the server process ended; its last words:\nline 11\n/);
    expect(stderr).toMatch(/\nline 30\n$/);
    const json = await run(['work', '--json', 'ls'], { home });
    expect(json).toMatchObject({ code: 3, stdout: '' });
    expect(errorOf(json)).toMatchObject({ code: 'unreachable', message: expect.stringContaining('line 30') });
  });

  it('that says nothing is not waited for', async () => {
    const home = await homeWith(script('process.exit(0)'));
    const { code, stdout, stderr } = await run(['work', 'ls'], { home });
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toBe('error: cannot reach work: the server process ended\n');
  });

  it.each([
    ['no such command', ['--', 'no-such-command-anywhere'], /no such command: no-such-command-anywhere\n/],
    [
      'no such folder',
      ['--cwd', '/no/such/folder', ...SERVER],
      /no such working directory: \/no\/such\/folder\n/,
    ],
    ['a folder for a command', ['--', '/tmp'], /not executable: \/tmp\n/],
  ])('is a usage error: %s', async (_, how, message) => {
    const home = await homeWith(how);
    const { code, stdout, stderr } = await run(['work', 'ls'], { home });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

describe('a server that talks', () => {
  const NOISE = 'starting\n\x1b[2J\x1b]0;owned\x07 half a line';

  it('on stderr is heard with --verbose, harmless, and not at all without', async () => {
    const home = await homeWith(['--env', `STDIO_NOISE=${NOISE}`, ...SERVER]);
    await run(['work', 'ls'], { home });
    const quiet = await run(['work', 'describe'], { home });
    expect(quiet).toMatchObject({ code: 0, stderr: '' });
    const verbose = await run(['work', '--verbose', 'describe'], { home });
    expect(verbose).toMatchObject({ code: 0, stdout: quiet.stdout });
    expect(verbose.stderr).toContain('server: starting\n');
    expect(verbose.stderr).toContain('server: \\u001b[2J\\u001b]0;owned\\u0007 half a line\n');
    expect(verbose.stderr).not.toContain('\x1b');
  });

  it('on stdout beside the protocol is understood all the same', async () => {
    const home = await homeWith(['--env', 'STDIO_CHATTER=[info] {handling', ...SERVER]);
    const { code, stdout, stderr } = await run(['work', 'describe'], { home });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ argv: [] });
  });
});

it('starts a command and a script with spaces in their paths', async () => {
  const dir = join(freshDir(), 'My Servers (new)');
  mkdirSync(dir);
  symlinkSync(process.execPath, join(dir, 'my node'));
  copyFileSync(STDIO_SERVER, join(dir, "it's a server.mjs"));
  const command = [join(dir, 'my node'), join(dir, "it's a server.mjs"), 'two words'];
  const home = await homeWith(['--', ...command]);
  const named = await run(['work', 'describe'], { home });
  expect(named).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(named.stdout)).toMatchObject({ argv: ['two words'] });
  const line = command.map((word) => `"${word}"`).join(' ');
  const adHoc = await run(['--stdio', line, 'describe'], { home });
  expect(adHoc).toMatchObject({ code: 0, stdout: named.stdout, stderr: '' });
});

describe('a server that dies in the middle of a call', () => {
  it('leaves the outcome unknown, and the program says so', async () => {
    const home = await homeWith(SERVER);
    const { code, stdout, stderr } = await run(['work', 'die'], { home });
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toBe(
      'error: no answer to the call, the server may or may not have run it: ' +
        'cannot reach work: the server process ended; its last words:\nabout to fall over\n',
    );
  });

  it('makes a background job lost, not failed', async () => {
    const home = await homeWith(SERVER);
    const submitted = await run(['work', 'die', '--background', '--json'], { home });
    expect(submitted).toMatchObject({ code: 3, stdout: '' });
    const shown = await run(['work', '--json', 'jobs', 'show', '--latest'], { home });
    expect(dataOf(shown)).toMatchObject({
      status: 'lost',
      backend: 'local',
      error: { code: 'submission_unknown', message: expect.stringContaining('may or may not have run') },
    });
    expect(errorOf(submitted).hint).toContain(`jobs show ${dataOf<{ job_id: string }>(shown).job_id}`);
    expect((await run(['work', 'jobs', 'wait', '--latest'], { home })).code).toBe(1);
  });
});

describe('a call that is given up', () => {
  /** Starts a call that is never answered; resolves when the server has it. */
  async function hanging(flags: readonly string[] = [], env: Record<string, string> = {}) {
    const home = await homeWith(['--env', 'STDIO_STUBBORN=${STUBBORN:-}', ...SERVER]);
    await run(['work', 'ls'], { home });
    const call = start(['work', '--verbose', ...flags, 'hang'], { home, env });
    const [, pid] = await call.waitForStderr(/server: hanging (\d+)/);
    expect(alive(Number(pid))).toBe(true);
    return { call, pid: Number(pid) };
  }

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s ends, and its server with it', async (signal, expected) => {
    const { call, pid } = await hanging();
    call.signal(signal);
    const { code, stdout, stderr } = await call.done;
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
    expect(stderr).toContain('error: interrupted; the call was cancelled\n');
    expect(alive(pid)).toBe(false);
  });

  it('by --timeout ends with 124, and its server with it', async () => {
    const { call, pid } = await hanging(['--timeout', '4s']);
    expect(await call.done).toMatchObject({ code: 124, stdout: '' });
    expect(alive(pid)).toBe(false);
  });

  it('takes a server along that does not want to end', async () => {
    const { call, pid } = await hanging([], { STUBBORN: '1' });
    call.signal('SIGINT');
    expect(await call.done).toMatchObject({ code: 130, stdout: '' });
    expect(alive(pid)).toBe(false);
  });

  it('at once by a second signal, and even then no server stays', async () => {
    const { call, pid } = await hanging([], { STUBBORN: '1' });
    call.signal('SIGINT');
    await call.waitForStderr(/interrupted/);
    expect((await call.insist('SIGINT')).code).toBe(130);
    await expect.poll(() => alive(pid)).toBe(false);
  });
});
