/** Logins that are sealed with a key in the system's keyring: a real Secret Service, in a session bus of its own. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type RunResult, startCommand } from '../../support/cli.ts';
import { BIN } from '../../support/env.ts';
import { fixtureServer } from '../../support/fixture-http.ts';
import { oauthRig, type Rig } from '../../support/oauth/rig.ts';

const HAS_KEYRING =
  process.platform === 'linux' &&
  ['dbus-run-session', 'gnome-keyring-daemon'].every(
    (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0,
  );

const authFile = ({ home }: Rig) => join(home, 'instances/work/auth.json');
const stored = (rig: Rig) => JSON.parse(readFileSync(authFile(rig), 'utf8'));

/** Runs lines of a shell in a session with an unlocked keyring; `$m` is the program. */
function inSession({ home, env }: Rig, lines: string[], more: object = {}): Promise<RunResult> {
  mkdirSync(join(home, 'run'), { recursive: true, mode: 0o700 });
  const script = [
    `m="${process.execPath} ${BIN}"`,
    'unlock() { printf secret | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; }',
    ...lines,
  ];
  return startCommand('dbus-run-session', ['--', 'sh', '-c', script.join('\n')], {
    home,
    env: { ...env, MCP2CLI_TOKEN_STORE: undefined, XDG_RUNTIME_DIR: join(home, 'run'), ...more },
  }).done;
}

async function rig(): Promise<Rig> {
  return oauthRig((await fixtureServer([{ name: 'echo', inputSchema: { type: 'object' } }])).url);
}

test.skipIf(!HAS_KEYRING)(
  'tokens are sealed where there is a keyring, used, refreshed, and forgotten with their key',
  async () => {
    const one = await rig();
    const login = await inSession(one, [
      'unlock',
      '$m auth login work',
      '$m auth token work',
      '$m work echo',
    ]);
    expect(login).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('sealed with a key in the keyring'),
    });
    const token = login.stdout.split('\n')[1] ?? '';
    expect(await one.authorization.find(token)).toBeDefined();
    expect(stored(one)).toMatchObject({ store: 'keyring', sealed: expect.any(String), renewable: true });
    expect(stored(one).secrets).toBeUndefined();
    expect(readFileSync(authFile(one), 'utf8')).not.toContain(token);
    // Another session later; the keyring is the same.
    writeFileSync(authFile(one), JSON.stringify({ ...stored(one), expires_at: '2020-01-01T00:00:00.000Z' }));
    const later = await inSession(one, [
      'unlock',
      '$m work echo && $m auth status work && $m doctor work --offline',
      '$m auth logout work',
    ]);
    expect(later).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('sealed with a key in the keyring'),
    });
    expect(one.authorization.counts).toMatchObject({ refresh_token: 1, revocation: 2 });
  },
);

test.skipIf(!HAS_KEYRING)(
  'a keyring that cannot be read is an error of its own, and no call goes out without the token',
  async () => {
    const one = await rig();
    await inSession(one, ['unlock', '$m auth login work']);
    const before = { ...one.server.statuses };
    const locked = await inSession(one, ['$m --json work echo']);
    expect(locked).toMatchObject({
      code: 74,
      stdout: '',
      stderr: expect.stringContaining('the keyring of this system cannot be used'),
    });
    expect(one.server.statuses).toEqual(before);
    // Nor is a login written openly where a keyring was asked for.
    const refused = await inSession(one, ['$m auth login work'], { MCP2CLI_TOKEN_STORE: 'keyring' });
    expect(refused).toMatchObject({ code: 74, stdout: '' });
    expect(stored(one).store).toBe('keyring');
  },
);

test.skipIf(!HAS_KEYRING)('what was sealed is not opened for another login', async () => {
  const one = await rig();
  await inSession(one, ['unlock', '$m auth login work']);
  writeFileSync(authFile(one), JSON.stringify({ ...stored(one), issuer: 'https://evil.example' }));
  expect(await inSession(one, ['unlock', '$m work echo'])).toMatchObject({
    code: 78,
    stderr: expect.stringContaining('does not fit the key'),
  });
});

test.skipIf(process.platform !== 'linux')(
  'without a keyring tokens lie in a file, and the login says why',
  async () => {
    const one = await rig();
    const { home, env } = one;
    const login = await startCommand(process.execPath, [BIN, 'auth', 'login', 'work'], {
      home,
      env: { ...env, MCP2CLI_TOKEN_STORE: undefined, DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere' },
    }).done;
    expect(login).toMatchObject({ code: 0 });
    expect(login.stderr).toMatch(/which only you can read \(the keyring of this system cannot be used: /);
    expect(stored(one)).toMatchObject({ store: 'file' });
  },
);
