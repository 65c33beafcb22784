/** Logins to a server that asks for them, at a real authorization server. */
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { atTestEnd, run, start, startCommand } from '../../support/cli.ts';
import { fixtureServer } from '../../support/fixture-http.ts';
import { freshDir } from '../../support/home.ts';
import { addInstance, dataOf, errorOf } from '../../support/instance.ts';
import { BROWSER, loggedIn, oauthRig, type Rig, type RigOptions } from '../../support/oauth/rig.ts';
import { ptyTool, startOnPty } from '../../support/pty.ts';
import { demoServer, everythingSse } from '../../support/servers.ts';

const TOOLS = [
  { name: 'echo', inputSchema: { type: 'object', properties: { message: { type: 'string' } } } },
  { name: 'write', inputSchema: { type: 'object' } },
];

async function rigWith(options?: RigOptions): Promise<Rig> {
  return oauthRig((await fixtureServer(TOOLS)).url, options);
}

const authFile = (home: string, name = 'work') => join(home, 'instances', name, 'auth.json');
const stored = (home: string) => JSON.parse(readFileSync(authFile(home), 'utf8'));

test('a server that wants a login says so, and after it lets the person in', async () => {
  const rig = await rigWith();
  const { home, env } = rig;
  const before = await run(['--json', 'work', 'ls'], { home, env });
  expect(before).toMatchObject({ code: 4, stdout: '' });
  expect(errorOf(before).hint).toMatch(/: mcp2cli auth login work$/);
  const login = await loggedIn(rig);
  expect(login.stdout).toBe(`Logged in to work at ${rig.authorization.issuer}, scopes: mcp:read\n`);
  const call = await run(['--json', 'work', 'echo', '--message', 'hi'], { home, env });
  expect(call).toMatchObject({ code: 0, stderr: '' });
  expect(dataOf(call)).toMatchObject({
    content: [{ text: JSON.stringify({ name: 'echo', args: { message: 'hi' } }) }],
  });
  expect(rig.authorization.counts).toEqual({ registration: 1, authorization_code: 1 });
  expect(stored(home)).toMatchObject({
    schema_version: 1,
    url: rig.server.url,
    resource: rig.server.url,
    issuer: rig.authorization.issuer,
    store: 'file',
  });
  expect(statSync(authFile(home)).mode & 0o777).toBe(0o600);
});

test('the scopes of a login count for permissions, as long as it is for this server', async () => {
  const rig = await rigWith();
  const { home, env } = rig;
  const rules = JSON.stringify([{ action: 'execute', scopes: ['mcp:read'] }]);
  await run(['instances', 'set', 'work', 'permissions', rules], { home });
  const echo = () => run(['work', 'echo', '--message', 'hi'], { home, env });
  expect(await echo()).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('requires authentication'),
  });
  await loggedIn(rig);
  expect(await echo()).toMatchObject({ code: 0, stderr: '' });
  await run(['instances', 'set', 'work', 'permissions', rules.replace('mcp:read', 'mcp:write')], { home });
  expect(await echo()).toMatchObject({ code: 4, stderr: expect.stringContaining('scopes: mcp:read;') });
  // The login of one server is nothing to another.
  await run(['instances', 'set', 'work', 'permissions', rules], { home });
  const file = join(home, 'config.json');
  const other = await fixtureServer(TOOLS);
  writeFileSync(file, readFileSync(file, 'utf8').replace(rig.server.url, other.url));
  expect(await echo()).toMatchObject({ code: 4, stderr: expect.stringContaining('scopes: none;') });
});

test('status tells of it without a token, token prints one, and logout takes it back at the server', async () => {
  const rig = await rigWith();
  const { home, env, authorization } = rig;
  expect(await run(['auth', 'status', 'work'], { home, env })).toMatchObject({
    code: 4,
    stdout: 'work is not logged in\n',
  });
  await loggedIn(rig);
  const { access_token: token, refresh_token: refresh } = stored(home).secrets;
  const status = await run(['--json', 'auth', 'status', 'work'], { home, env });
  expect(status.code).toBe(0);
  expect(dataOf(status)).toMatchObject({
    instance: 'work',
    issuer: authorization.issuer,
    client: 'registered',
    scopes: ['mcp:read'],
    expired: false,
    refreshable: true,
    store: 'file',
    shadowed: false,
    elsewhere: false,
  });
  const all = await run(['auth', 'status'], { home, env });
  expect(all.stdout).toContain(`work: ${rig.server.url}\n`);
  for (const secret of [token, refresh])
    expect(status.stdout + status.stderr + all.stdout + all.stderr).not.toContain(secret);
  expect(await run(['auth', 'token', 'work'], { home, env })).toEqual({
    code: 0,
    signal: null,
    stdout: `${token}\n`,
    stderr: '',
  });
  expect(await authorization.find(token)).toBeDefined();
  expect(await run(['auth', 'logout', 'work'], { home, env })).toMatchObject({
    code: 0,
    stdout: 'Logged out of work\n',
    stderr: '',
  });
  expect(existsSync(authFile(home))).toBe(false);
  expect(await authorization.find(token)).toBeUndefined();
  expect(authorization.counts['revocation']).toBe(2);
  expect(await run(['auth', 'token', 'work'], { home, env })).toMatchObject({ code: 4, stdout: '' });
  expect(await run(['auth', 'logout', 'work'], { home, env })).toMatchObject({
    code: 0,
    stdout: 'work was not logged in\n',
  });
});

test('a call that needs more is refused with a login that asks for what was had and what is missing', async () => {
  const rig = await rigWith();
  const { home, env, server } = rig;
  server.needs['write'] = 'mcp:write';
  await loggedIn(rig);
  const refused = await run(['--json', 'work', 'write'], { home, env });
  expect(refused).toMatchObject({ code: 4, stdout: '' });
  expect(errorOf(refused)).toMatchObject({
    code: 'auth',
    message: expect.stringContaining('it wants the scope mcp:write'),
    hint: "log in again: mcp2cli auth login work --scope 'mcp:read mcp:write'",
  });
  await loggedIn(rig, '--scope', 'mcp:read mcp:write');
  expect(stored(home).scope).toBe('mcp:read mcp:write');
  expect(await run(['work', 'write'], { home, env })).toMatchObject({ code: 0 });
});

test('somebody who cancels in the browser is not logged in, and is told so there, too', async () => {
  const { home, env } = await rigWith();
  const log = join(freshDir(), 'browser.log');
  const login = await run(['--json', 'auth', 'login', 'work'], {
    home,
    env: { ...env, BROWSER_DOES: 'deny', BROWSER_LOG: log },
  });
  expect(login).toMatchObject({ code: 4, stdout: '' });
  expect(errorOf(login)).toMatchObject({
    code: 'auth',
    message: expect.stringMatching(/^no login to work: access_denied/),
  });
  // The browser reads the page after the command has ended.
  await expect
    .poll(() => existsSync(log) && readFileSync(log, 'utf8'))
    .toContain('You are not logged in to work');
  expect(existsSync(authFile(home))).toBe(false);
});

/** The page that a login names. */
const PAGE = /^(http:\/\/127\.0\.0\.1:\d+\/auth\?\S+)$/m;

/** The address that a browser ends at which cannot come back: it runs on another machine. */
async function endOf(page: string): Promise<string> {
  const home = freshDir();
  const log = join(home, 'browser.log');
  const [command = '', ...args] = BROWSER.split(' ');
  await startCommand(command, [...args, page], { home, env: { BROWSER_DOES: 'stay', BROWSER_LOG: log } })
    .done;
  return readFileSync(log, 'utf8').trim();
}

test('without a browser here the address that one elsewhere ends at is pasted; one of another login is not taken', async () => {
  const { home, env } = await rigWith();
  const login = start(['auth', 'login', 'work', '--no-browser'], { home, env, openStdin: true });
  const [, page = ''] = await login.waitForStderr(PAGE);
  await login.waitForStderr(/paste the address/);
  const end = await endOf(page);
  const other = new URL(end);
  other.searchParams.set('state', 'x');
  login.write(`nonsense of somebody\n${other.href}\n`);
  await login.waitForStderr(/that is not the address/);
  await login.waitForStderr(/belongs to another login/);
  login.write(`${end}\n`);
  const { code, stdout } = await login.done;
  expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('Logged in to work') });
});

/** One request to where the browser comes back to. */
function knock(url: string, { method = 'GET', host }: { method?: string; host?: string } = {}) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>(
    (resolve, reject) => {
      const sent = request(url, { method, ...(host ? { headers: { host } } : {}) }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        );
      });
      sent.on('error', reject);
      sent.end();
    },
  );
}

test('the callback takes one request alone: its own path, method, host and state; its page loads nothing', async () => {
  const { home, env } = await rigWith();
  const login = start(['auth', 'login', 'work', '--no-browser'], { home, env, openStdin: true });
  const [, page = ''] = await login.waitForStderr(PAGE);
  const callback = new URL(page).searchParams.get('redirect_uri') ?? '';
  const state = new URL(page).searchParams.get('state') ?? '';
  expect(new URL(callback).hostname).toBe('127.0.0.1');
  const query = `code=x&state=${state}`;
  expect((await knock(new URL('/other', callback).href)).status).toBe(404);
  expect((await knock(`${callback}?${query}`, { method: 'POST' })).status).toBe(404);
  expect((await knock(`${callback}?${query}`, { host: 'evil.example' })).status).toBe(404);
  const wrong = await knock(`${callback}?code=x&state=${state.slice(1)}`);
  expect(wrong).toMatchObject({
    status: 400,
    headers: {
      'content-security-policy': expect.stringMatching(/^default-src 'none'/),
      'referrer-policy': 'no-referrer',
    },
  });
  const denied = knock(
    `${callback}?error=access_denied&error_description=${encodeURIComponent('<script>alert(1)</script>')}&state=${state}&iss=${encodeURIComponent(new URL(page).origin)}`,
  );
  const { body } = await denied;
  expect(body).toContain('&lt;script&gt;');
  expect(body).not.toContain('<script');
  expect(await login.done).toMatchObject({ code: 4, stdout: '' });
  // It is over: nobody listens any more.
  await expect(knock(`${callback}?${query}`)).rejects.toThrow(/ECONNREFUSED/);
});

test('an answer that does not say who it is from, or names another, ends the login', async () => {
  const { home, env } = await rigWith();
  for (const iss of ['', '&iss=https%3A%2F%2Fevil.example']) {
    const login = start(['auth', 'login', 'work', '--no-browser'], { home, env, openStdin: true });
    const [, page = ''] = await login.waitForStderr(PAGE);
    const { searchParams } = new URL(page);
    await knock(`${searchParams.get('redirect_uri')}?code=x&state=${searchParams.get('state')}${iss}`);
    expect(await login.done).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/not who it must be|iss/),
    });
  }
});

test('a machine logs in with its secret, and gets a new token when the old one has expired', async () => {
  const client = {
    client_id: 'ci',
    client_secret: 'a-secret-of-the-machine',
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    scope: 'mcp:read',
  };
  const rig = await rigWith({ clients: [client] });
  const { home, authorization } = rig;
  const env = { ...rig.env, SECRET: client.client_secret };
  const flags = ['--client-credentials', '--client-id', 'ci', '--client-secret-env'];
  expect(await run(['auth', 'login', 'work', ...flags, 'SECRE'], { home, env })).toMatchObject({ code: 2 });
  expect(await run(['auth', 'login', 'work', ...flags, 'SECRET'], { home, env })).toMatchObject({ code: 0 });
  expect(stored(home)).toMatchObject({
    grant: 'client_credentials',
    client: { client_id: 'ci', from: 'given' },
  });
  const { secrets, ...record } = stored(home);
  const past = new Date(Date.now() - 1000).toISOString();
  writeFileSync(authFile(home), JSON.stringify({ ...record, secrets, expires_at: past }));
  // Without the variable: what the login was made with is stored with it.
  expect(await run(['work', 'echo'], { home, env: rig.env })).toMatchObject({ code: 0 });
  expect(authorization.counts).toEqual({ client_credentials: 2 });
});

test('a machine logs in with its key, which is read and not stored', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const client = {
    client_id: 'ci',
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }] },
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    scope: 'mcp:read',
  };
  const { home, env } = await rigWith({ clients: [client] });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  writeFileSync(join(home, 'key.pem'), pem);
  const login = [
    'auth',
    'login',
    'work',
    '--client-credentials',
    '--client-id',
    'ci',
    '--private-key',
    'key.pem',
  ];
  expect(await run([...login, '--alg', 'RS256'], { home, env })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('does not go with RS256'),
  });
  expect(await run(login, { home, env })).toMatchObject({ code: 0 });
  expect(stored(home).client).toMatchObject({
    method: 'private_key_jwt',
    private_key: join(home, 'key.pem'),
  });
  expect(readFileSync(authFile(home), 'utf8')).not.toContain(pem.split('\n')[1]);
  expect(await run(['work', 'echo'], { home, env })).toMatchObject({ code: 0 });
});

test('a client that is registered already is used, also for the next login; another server does not get its secret', async () => {
  const client = {
    client_id: 'desk',
    client_secret: 'a-secret-of-the-desk',
    application_type: 'native',
    redirect_uris: ['http://127.0.0.1/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
  };
  const rig = await rigWith({ clients: [client], registration: false });
  const { home, env } = rig;
  const refused = await run(['auth', 'login', 'work'], { home, env });
  expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('--client-id ID') });
  const login = await run(['auth', 'login', 'work', '--client-id', 'desk', '--client-secret-env', 'S'], {
    home,
    env: { ...env, S: client.client_secret },
  });
  expect(login.code).toBe(0);
  await loggedIn(rig);
  expect(rig.authorization.counts).toEqual({ authorization_code: 2 });
  const moved = { ...stored(home), issuer: 'https://auth.example' };
  writeFileSync(authFile(home), JSON.stringify(moved));
  expect(await run(['auth', 'login', 'work'], { home, env })).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('another authorization server'),
  });
  expect(rig.authorization.counts['authorization_code']).toBe(2);
});

test('tokens of a vault come from stdin, and are refreshed where they say how', async () => {
  const rig = await rigWith();
  const { home, env, authorization } = rig;
  await loggedIn(rig);
  const { secrets, client, token_endpoint } = stored(home);
  await addInstance(home, ['--url', rig.server.url], 'vault');
  const login = (input: string) => run(['auth', 'login', 'vault', '--from-stdin'], { home, env, input });
  expect(await login(`${secrets.access_token}\n`)).toMatchObject({ code: 0 });
  expect(await run(['vault', 'echo'], { home, env })).toMatchObject({ code: 0 });
  expect(dataOf(await run(['--json', 'auth', 'status', 'vault'], { home, env }))).toMatchObject({
    grant: 'given',
    refreshable: false,
  });
  const whole = {
    ...secrets,
    client_id: client.client_id,
    token_endpoint,
    expires_at: '2020-01-01T00:00:00Z',
    resource: rig.server.url,
  };
  expect(await login(JSON.stringify(whole))).toMatchObject({ code: 0 });
  expect(await run(['vault', 'echo'], { home, env })).toMatchObject({ code: 0 });
  expect(authorization.counts['refresh_token']).toBe(1);
  for (const input of [
    '',
    '{"access_token": 5}',
    '{"access_token":"s3cret-token","refresh_token":"x"}',
    '{s3cret-token',
  ]) {
    const bad = await login(input);
    expect(bad).toMatchObject({ code: 2, stdout: '' });
    expect(bad.stderr).not.toContain('s3cret');
  }
});

test('a token is for the server of its login: an instance that points elsewhere by now does not send it', async () => {
  const rig = await rigWith();
  const { home, env } = rig;
  await loggedIn(rig);
  const other = await rigWith();
  expect(await run(['instances', 'add', 'work', other.server.url, '--force'], { home })).toMatchObject({
    code: 0,
  });
  expect(await run(['work', 'echo'], { home, env })).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('log in'),
  });
  expect(other.server.statuses).toEqual({ 401: expect.any(Number) });
  expect(await run(['auth', 'status', 'work'], { home, env })).toMatchObject({
    code: 4,
    stdout: expect.stringContaining('for another server'),
  });
});

test('credentials of the configuration win, and a login says that it is in their shadow', async () => {
  const rig = await rigWith();
  const { home, env, server } = rig;
  await loggedIn(rig);
  const { access_token: token } = stored(home).secrets;
  await addInstance(home, ['--url', server.url, '--header', 'Authorization: Bearer ${OWN}'], 'own');
  const login = await run(['auth', 'login', 'own'], { home, env: { ...env, OWN: 'x' } });
  expect(login).toMatchObject({ code: 0, stderr: expect.stringContaining('they win') });
  const refused = await run(['own', 'echo'], { home, env: { ...env, OWN: 'wrong-credentials' } });
  expect(refused).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('check the credentials that are configured'),
  });
  expect(await run(['own', 'echo'], { home, env: { ...env, OWN: token } })).toMatchObject({ code: 0 });
  expect(await run(['auth', 'token', 'own'], { home, env: { ...env, OWN: token } })).toMatchObject({
    code: 2,
  });
});

test('a login goes where its instance goes', async () => {
  const rig = await rigWith();
  const { home, env } = rig;
  await loggedIn(rig);
  expect(await run(['instances', 'rename', 'work', 'desk'], { home, env })).toMatchObject({ code: 0 });
  expect(await run(['desk', 'echo'], { home, env })).toMatchObject({ code: 0 });
  expect(await run(['instances', 'remove', 'desk'], { home, env })).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('its login is forgotten'),
  });
  expect(existsSync(authFile(home, 'desk'))).toBe(false);
});

test('a server without an instance is logged in to by its URL', async () => {
  const { home, env, server } = await rigWith();
  const before = await run(['--json', '--url', server.url, 'echo'], { home, env });
  expect(errorOf(before).hint).toMatch(new RegExp(`: mcp2cli --url ${server.url} auth login$`));
  expect(await run(['--url', server.url, 'auth', 'login'], { home, env })).toMatchObject({ code: 0 });
  expect(await run(['--url', server.url, 'echo'], { home, env })).toMatchObject({ code: 0 });
});

test('a server of the file of another program is logged in to there', async () => {
  const { home, env, server } = await rigWith();
  const file = join(home, 'their.json');
  writeFileSync(file, JSON.stringify({ mcpServers: { theirs: { type: 'http', url: server.url } } }));
  const before = await run(['--json', '--config', file, 'theirs', 'echo'], { home, env });
  const { hint = '' } = errorOf(before);
  expect(hint).toMatch(/: mcp2cli --config \S+ auth login theirs$/);
  const words = hint.slice(hint.indexOf('mcp2cli ') + 8).split(' ');
  expect(await run(words, { home, env })).toMatchObject({ code: 0 });
  expect(await run(['--config', file, 'theirs', 'echo'], { home, env })).toMatchObject({ code: 0 });
});

test('a server over HTTP+SSE gets the token, too, and a new one when it wants it', async () => {
  const sse = await everythingSse();
  atTestEnd(() => sse.close());
  const rig = await oauthRig(sse.url);
  const { home, env, authorization } = rig;
  await loggedIn(rig);
  expect(await run(['work', 'echo', '--message', 'hi'], { home, env })).toMatchObject({
    code: 0,
    stdout: 'Echo: hi\n',
  });
  await (await authorization.find(stored(home).secrets.access_token))?.destroy();
  expect(await run(['work', 'echo', '--message', 'hi'], { home, env })).toMatchObject({
    code: 0,
    stdout: 'Echo: hi\n',
  });
  expect(authorization.counts['refresh_token']).toBe(1);
});

test('doctor looks at a login, and what is wrong with it', async () => {
  const rig = await rigWith();
  const { home, env } = rig;
  await loggedIn(rig);
  const checks = async () =>
    dataOf<{ checks: { check: string; status: string; message: string }[] }>(
      await run(['--json', 'doctor', 'work', '--offline'], { home, env }),
    ).checks.filter(({ check }) => check === 'login');
  expect(await checks()).toMatchObject([
    { status: 'ok', message: expect.stringContaining(rig.authorization.issuer) },
  ]);
  chmodSync(authFile(home), 0o644);
  expect(await checks()).toMatchObject([
    { status: 'problem', message: expect.stringContaining('others can read') },
  ]);
  writeFileSync(authFile(home), '{');
  expect(await checks()).toMatchObject([
    { status: 'problem', message: expect.stringContaining('cannot be read') },
  ]);
});

test('a server that asks for no login, and one that is a command, have none', async () => {
  const home = freshDir('home');
  await addInstance(home, ['--url', (await demoServer()).url]);
  expect(await run(['auth', 'login', 'work'], { home, env: { BROWSER } })).toMatchObject({
    code: 5,
    stderr: expect.stringContaining('work asks for no login'),
  });
  await addInstance(home, ['--', 'node', 'x.js'], 'files');
  expect(await run(['auth', 'login', 'files'], { home })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('it has no login'),
  });
});

test.for([
  [['--client-credentials'], '--client-id'],
  [['--client-credentials', '--client-id', 'x'], '--client-secret-env'],
  [['--private-key', 'x'], '--client-credentials'],
  [['--client-secret-env', 'X'], '--client-id'],
  [['--from-stdin', '--scope', 'x'], '--from-stdin'],
  [['--callback-port', '70000'], 'not a port'],
  [['--client-metadata-url', 'http://example.com/x'], 'https://'],
] as const)('auth login %j is a mistake', async ([flags, said]) => {
  const home = freshDir('home');
  await addInstance(home, ['--url', 'http://127.0.0.1:9/mcp']);
  const env = { MCP2CLI_TOKEN_STORE: 'file' };
  expect(await run(['auth', 'login', 'work', ...flags], { home, env })).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining(said),
  });
});

test.skipIf(!ptyTool())(
  'on a terminal the person is asked, for a login and for more scopes, and the call goes on',
  async () => {
    const { home, env, server } = await rigWith();
    server.needs['write'] = 'mcp:write';
    const shell = startOnPty(['work', 'write'], { home, env });
    await shell.waitForStdout(/Log in to work now\? \[Y\/n\]/);
    shell.write('\r');
    await shell.waitForStdout(/Log in to work again, for the scope mcp:read mcp:write\?/);
    shell.write('y\r');
    expect(await shell.done).toMatchObject({ code: 0, stdout: expect.stringMatching(/"name":"write"/) });
  },
);

test.skipIf(!ptyTool())('who does not want to log in gets the error', async () => {
  const { home, env } = await rigWith();
  const shell = startOnPty(['work', 'echo'], { home, env });
  await shell.waitForStdout(/Log in to work now\?/);
  shell.write('n\r');
  expect(await shell.done).toMatchObject({
    code: 4,
    stdout: expect.stringContaining('mcp2cli auth login work'),
  });
});
