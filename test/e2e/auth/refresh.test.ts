/** Tokens that expire, and servers that take them back: who asks for new ones, how often, and what it costs. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inProcesses, run, start } from '../../support/cli.ts';
import { FAKETIME } from '../../support/faketime.ts';
import { fixtureServer } from '../../support/fixture-http.ts';
import { addInstance, dataOf, errorOf } from '../../support/instance.ts';
import { endKeepers } from '../../support/keeper.ts';
import { loggedIn, oauthRig, type Rig, type RigOptions } from '../../support/oauth/rig.ts';
import { demoServer } from '../../support/servers.ts';

const TOOLS = [{ name: 'echo', inputSchema: { type: 'object' } }];

async function rigWith(options?: RigOptions): Promise<Rig> {
  const rig = await oauthRig((await fixtureServer(TOOLS)).url, options);
  await loggedIn(rig);
  return rig;
}

const authFile = ({ home }: Rig) => join(home, 'instances/work/auth.json');
const stored = (rig: Rig) => JSON.parse(readFileSync(authFile(rig), 'utf8'));

/** As if the time of the token had passed; the server would still take it. */
function expire(rig: Rig): void {
  writeFileSync(authFile(rig), JSON.stringify({ ...stored(rig), expires_at: '2020-01-01T00:00:00.000Z' }));
}

/** As if the server had taken the token back: it does not know it any more. */
async function takeBack(rig: Rig): Promise<void> {
  await (await rig.authorization.find(stored(rig).secrets.access_token))?.destroy();
}

const echo = ({ home, env }: Rig) => run(['work', 'echo'], { home, env });

/** The files of the program that a command loads. */
async function loaded({ home, env }: Rig, ...words: string[]): Promise<string[]> {
  const list = join(home, 'loaded.cjs');
  const said = join(home, 'loaded.json');
  writeFileSync(
    list,
    `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(said)}, JSON.stringify(Object.keys(require.cache))));`,
  );
  const { code } = await run(words, { home, env: { ...env, NODE_OPTIONS: `--require=${list}` } });
  expect(code).toBe(0);
  return (JSON.parse(readFileSync(said, 'utf8')) as string[])
    .filter((file) => file.includes('/dist/'))
    .sort();
}

test('a call with a token that is valid loads nothing more than one that needs none', async () => {
  const inner = (await fixtureServer(TOOLS)).url;
  const rig = await oauthRig(inner);
  await loggedIn(rig);
  await addInstance(rig.home, ['--url', inner], 'open');
  // The first call fetches the list of tools.
  for (const name of ['work', 'open']) await run([name, 'echo'], rig);
  const without = await loaded(rig, 'open', 'echo');
  expect(without.length).toBeGreaterThan(2);
  expect(await loaded(rig, 'work', 'echo')).toEqual(without);
  expire(rig);
  expect((await loaded(rig, 'work', 'echo')).length).toBeGreaterThan(without.length);
});

test('an expired token is refreshed, and what comes of it is stored', async () => {
  const rig = await rigWith();
  const before = stored(rig);
  expire(rig);
  expect(await echo(rig)).toMatchObject({ code: 0, stderr: '' });
  const after = stored(rig);
  expect(after.secrets.access_token).not.toBe(before.secrets.access_token);
  expect(after.secrets.refresh_token).not.toBe(before.secrets.refresh_token);
  expect(after).toMatchObject({ id: before.id, issuer: before.issuer, client: before.client });
  expect(after.refreshing_since).toBeUndefined();
  expect(Date.parse(after.expires_at)).toBeGreaterThan(Date.now());
  expect(await echo(rig)).toMatchObject({ code: 0 });
  expect(rig.authorization.counts['refresh_token']).toBe(1);
});

test('a token that the server does not take any more is refreshed once, whatever its time says', async () => {
  const rig = await rigWith();
  await takeBack(rig);
  expect(await echo(rig)).toMatchObject({ code: 0, stderr: '' });
  expect(rig.authorization.counts['refresh_token']).toBe(1);
});

test('of ten processes and a keeper whose token has expired one refreshes it, and all go on', async () => {
  const rig = await rigWith();
  const { home, env, authorization, server } = rig;
  expect(await run(['instances', 'set', 'work', 'keepAlive', 'true'], { home })).toMatchObject({ code: 0 });
  try {
    expect(await echo(rig)).toMatchObject({ code: 0 });
    expire(rig);
    await takeBack(rig);
    const results = await inProcesses(() => {
      const direct = Array.from({ length: 9 }, () =>
        run(['--url', server.url, 'ls'], { home, env }).then(() =>
          run(['auth', 'token', 'work'], { home, env }),
        ),
      );
      return Promise.all([...direct, echo(rig), echo(rig)]);
    });
    expect(results.map(({ code }) => code)).toEqual(results.map(() => 0));
    expect(authorization.counts['refresh_token']).toBe(1);
    expect(new Set(results.slice(0, 9).map(({ stdout }) => stdout)).size).toBe(1);
  } finally {
    endKeepers(home);
  }
});

test('a wait that outlives its tokens refreshes them and goes on', async () => {
  // Each lives for a second more than is kept in reserve: every poll may need a new one.
  const rig = await oauthRig((await demoServer({ pollIntervalMs: 500, speed: 1 })).url, { tokenSeconds: 61 });
  await loggedIn(rig);
  const { home, env, authorization } = rig;
  const { stdout } = await run(['work', 'deploy', '--version', '2.0', '--background', '--quiet'], {
    home,
    env,
  });
  const id = stdout.trim();
  const wait = await run(['--json', 'work', 'jobs', 'wait', id], { home, env });
  expect(wait).toMatchObject({ code: 0 });
  expect(dataOf(wait)).toMatchObject({ status: 'completed' });
  expect(authorization.counts['refresh_token']).toBeGreaterThan(0);
});

test('an authorization server that is busy is no refusal: a call ends with 3, and nothing is lost', async () => {
  const rig = await rigWith();
  rig.authorization.misdeed = (path, _request, response) => {
    if (path !== '/token') return false;
    response.writeHead(503, { 'content-type': 'text/html' }).end('<h1>busy</h1>');
    return true;
  };
  const before = stored(rig).secrets;
  expire(rig);
  const busy = await run(['--json', 'work', 'echo'], { home: rig.home, env: rig.env });
  expect(busy).toMatchObject({ code: 3, stdout: '' });
  expect(errorOf(busy)).toMatchObject({
    code: 'unreachable',
    message: expect.stringMatching(/answered HTTP 503$/),
  });
  expect(stored(rig).secrets).toEqual(before);
  rig.authorization.misdeed = undefined;
  expect(await echo(rig)).toMatchObject({ code: 0 });
});

test('while somebody waits it is asked again until it answers', async () => {
  const rig = await oauthRig((await demoServer({ pollIntervalMs: 500, speed: 1 })).url);
  await loggedIn(rig);
  const { home, env, authorization } = rig;
  const { stdout } = await run(['work', 'deploy', '--version', '2.0', '--background', '--quiet'], {
    home,
    env,
  });
  let refused = 0;
  authorization.misdeed = (path, _request, response) => {
    if (path !== '/token' || refused === 2) return false;
    refused += 1;
    response.writeHead(503).end();
    return true;
  };
  expire(rig);
  await takeBack(rig);
  const wait = await run(['work', 'jobs', 'wait', stdout.trim()], { home, env });
  expect(wait).toMatchObject({ code: 0, stderr: expect.stringContaining('HTTP 503') });
  expect(refused).toBe(2);
});

test('a token that is good for a moment yet is used while its server is away', async () => {
  const rig = await rigWith();
  const soon = new Date(Date.now() + 40_000).toISOString();
  writeFileSync(authFile(rig), JSON.stringify({ ...stored(rig), expires_at: soon }));
  rig.authorization.misdeed = (path, request) => {
    if (path !== '/token') return false;
    request.socket.destroy();
    return true;
  };
  expect(await echo(rig)).toMatchObject({ code: 0 });
  expire(rig);
  expect(await echo(rig)).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('cannot reach the authorization server'),
  });
});

test('a login that was ended at the server is exit 4 with the way to log in, the job untouched, and nothing wiped', async () => {
  const rig = await oauthRig((await demoServer({ pollIntervalMs: 500, speed: 1 })).url);
  await loggedIn(rig);
  const { home, env } = rig;
  const { stdout } = await run(['work', 'deploy', '--version', '2.0', '--background', '--quiet'], {
    home,
    env,
  });
  const id = stdout.trim();
  const before = stored(rig).secrets;
  // A refresh token that is used twice ends the login: somebody has a copy of it.
  expire(rig);
  const copy = readFileSync(authFile(rig));
  expect(await run(['work', 'ls', '--refresh'], { home, env })).toMatchObject({ code: expect.any(Number) });
  expect(await run(['auth', 'token', 'work'], { home, env })).toMatchObject({ code: 0 });
  writeFileSync(authFile(rig), copy);
  const wait = await run(['--json', 'work', 'jobs', 'wait', id], { home, env });
  expect(wait).toMatchObject({ code: 4, stdout: '' });
  expect(errorOf(wait)).toMatchObject({
    code: 'auth',
    message: expect.stringContaining('requires a new login: its login has ended'),
    hint: 'log in again: mcp2cli auth login work',
  });
  expect(stored(rig).secrets).toEqual(before);
  await loggedIn(rig);
  expect(await run(['work', 'jobs', 'wait', id], { home, env })).toMatchObject({ code: 0 });
});

test('killed between what the server gave and the disk: the next one says what was lost, and a new login is enough', async () => {
  const rig = await rigWith();
  const { home, env, authorization } = rig;
  expire(rig);
  // The server hands out new tokens, and the one who asked for them dies before it hears of it.
  const victim = start(['auth', 'token', 'work'], { home, env });
  const asked = new Promise<void>((resolve) => {
    authorization.misdeed = (path, _request, response) => {
      if (path !== '/token') return false;
      authorization.misdeed = undefined;
      const end = response.end.bind(response);
      // What is answered never leaves.
      Object.assign(response, {
        write: () => true,
        end: () => {
          victim.signal('SIGKILL');
          response.socket?.destroy();
          resolve();
          return end;
        },
      });
      return false;
    };
  });
  await asked;
  expect(await victim.done).toMatchObject({ signal: 'SIGKILL' });
  expect(stored(rig).refreshing_since).toEqual(expect.any(String));
  const next = await run(['auth', 'token', 'work'], { home, env });
  expect(next).toMatchObject({ code: 4, stdout: '' });
  expect(next.stderr).toMatch(
    /a refresh that began at \S+ was cut off, and what it brought is lost\nhint: log in again: mcp2cli auth login work/,
  );
  await loggedIn(rig);
  expect(await echo(rig)).toMatchObject({ code: 0 });
});

test('a token without anything to refresh it with ends when it ends', async () => {
  const rig = await rigWith({ refresh: false });
  expect(stored(rig).secrets.refresh_token).toBeUndefined();
  expire(rig);
  expect(await echo(rig)).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('log in again: mcp2cli auth login work'),
  });
});

test('a new login counts at once, also for a keeper that runs', async () => {
  const rig = await rigWith();
  const { home, env, server } = rig;
  expect(await run(['instances', 'set', 'work', 'keepAlive', 'true'], { home })).toMatchObject({ code: 0 });
  try {
    expect(await echo(rig)).toMatchObject({ code: 0 });
    expect(await run(['auth', 'logout', 'work'], { home, env })).toMatchObject({ code: 0 });
    expect(await echo(rig)).toMatchObject({ code: 4 });
    await loggedIn(rig);
    expect(await echo(rig)).toMatchObject({ code: 0 });
    expect(server.letIn).toHaveLength(2);
  } finally {
    endKeepers(home);
  }
});

test.skipIf(!FAKETIME).for(['+10m', '-10m'])(
  'a clock that is off by %s costs a refresh at most',
  async (offset) => {
    const rig = await rigWith({ tokenSeconds: 300 });
    const { home, env } = rig;
    const faked = { ...env, LD_PRELOAD: FAKETIME, FAKETIME: offset };
    expect(await run(['work', 'echo'], { home, env: faked })).toMatchObject({ code: 0 });
    expect(await echo(rig)).toMatchObject({ code: 0 });
    expect(rig.authorization.counts['refresh_token'] ?? 0).toBeLessThan(2);
  },
);

test('tokens, codes and secrets are in the file of the login and nowhere else', async () => {
  const rig = await rigWith();
  const { home, env, authorization } = rig;
  const outputs: string[] = [];
  const say = async (...words: string[]) => {
    const { stdout, stderr } = await run(['--verbose', ...words], { home, env });
    outputs.push(stdout, stderr);
  };
  const secrets = new Set<string>(Object.values(stored(rig).secrets));
  expire(rig);
  await say('work', 'echo', '--background');
  for (const one of Object.values<string>(stored(rig).secrets)) secrets.add(one);
  authorization.misdeed = (path, _request, response) => {
    if (path !== '/token') return false;
    // A server that repeats what it was given.
    response.writeHead(400, { 'content-type': 'application/json' });
    const current = Object.values(stored(rig).secrets).join(' ');
    response.end(JSON.stringify({ error: 'invalid_grant', error_description: `no: ${current}` }));
    return true;
  };
  expire(rig);
  await say('work', 'echo');
  await say('auth', 'status');
  await say('auth', 'status', 'work');
  await say('doctor', 'work');
  await say('work', 'jobs', 'list');
  expect(secrets.size).toBeGreaterThanOrEqual(4);
  const files = readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'auth.json')
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
  for (const text of [...outputs, ...files]) for (const secret of secrets) expect(text).not.toContain(secret);
});
