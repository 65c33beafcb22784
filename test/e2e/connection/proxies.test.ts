/** Proxies: of the environment, with credentials, down, refusing; and hosts that are reached without. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { authority } from '../../support/certificates.ts';
import { run, start } from '../../support/cli.ts';
import type { EnvChanges } from '../../support/env.ts';
import { fixtureServer } from '../../support/fixture-http.ts';
import { behindTls, forwardProxy } from '../../support/forward-proxy.ts';
import { freePort } from '../../support/free-port.ts';
import { errorOf, homeAt, homeWith } from '../../support/instance.ts';

const ECHO = { name: 'echo', inputSchema: { type: 'object', properties: { message: { type: 'string' } } } };
const CALL = ['work', 'echo', '--message', 'hi'];
const ANSWER = { code: 0, stdout: '{"name":"echo","args":{"message":"hi"}}\n', stderr: '' };

/** An instance whose server is known by a name that only a proxy can resolve. */
async function behindProxy() {
  const { url } = await fixtureServer([ECHO]);
  const named = url.replace('127.0.0.1', 'mcp.test');
  return { url, named, home: await homeAt(named), port: new URL(url).port };
}

/** The same over TLS, with the variable that makes its authority trusted. */
async function securely() {
  const ca = authority();
  const { url } = await fixtureServer([ECHO]);
  const named = await behindTls(url, ca.issue(['localhost']), 'localhost');
  const home = await homeAt(named);
  const file = join(home, 'ca.pem');
  writeFileSync(file, ca.cert);
  const trusted: EnvChanges = { NODE_EXTRA_CA_CERTS: file };
  return { named, home, ca, port: new URL(named).port, trusted };
}

it.each(['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'])(
  'plain HTTP goes through %s',
  async (name) => {
    const { named, home } = await behindProxy();
    const proxy = await forwardProxy();
    expect(await run(CALL, { home, env: { [name]: `http://${proxy.address}` } })).toMatchObject(ANSWER);
    expect(proxy.seen.map(({ line }) => line.split(' ')[1])).toEqual(proxy.seen.map(() => named));
    expect(proxy.seen[0]?.headers).toMatchObject({ host: new URL(named).host });
    // Connections are kept for the next request.
    expect(proxy.connections()).toBeLessThan(proxy.seen.length);
  },
);

it.each(['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'])(
  'HTTPS goes through a tunnel of %s',
  async (name) => {
    const { home, port, trusted } = await securely();
    const proxy = await forwardProxy();
    const env = { ...trusted, [name]: proxy.address };
    expect(await run(CALL, { home, env })).toMatchObject(ANSWER);
    expect(new Set(proxy.seen.map(({ line }) => line))).toEqual(new Set([`CONNECT localhost:${port}`]));
    // What the server is told stays between the two.
    expect(JSON.stringify(proxy.seen)).not.toMatch(/mcp-session|content-type/i);
  },
);

it('a proxy that is reached over TLS itself', async () => {
  const { home, ca, trusted, port } = await securely();
  const proxy = await forwardProxy({ tls: ca.issue(['localhost']), credentials: 'user:word' });
  const address = proxy.address.replace('127.0.0.1', 'user:word@localhost');
  expect(await run(CALL, { home, env: { ...trusted, HTTPS_PROXY: `https://${address}` } })).toMatchObject(
    ANSWER,
  );
  expect(new Set(proxy.seen.map(({ line }) => line))).toEqual(new Set([`CONNECT localhost:${port}`]));

  const plain = await behindProxy();
  const env = { ...trusted, HTTP_PROXY: `https://${address}` };
  expect(await run(CALL, { home: plain.home, env })).toMatchObject(ANSWER);
  expect(proxy.seen.at(-1)?.line.split(' ')[1]).toBe(plain.named);
});

it.each([
  ['plain HTTP', behindProxy, 'HTTP_PROXY'],
  ['a tunnel', securely, 'HTTPS_PROXY'],
])('credentials of a proxy for %s: percent-decoded, and in no output', async (_, at, name) => {
  const made = await at();
  const { home } = made;
  const trusted = 'trusted' in made ? made.trusted : {};
  const proxy = await forwardProxy({ credentials: 'us er:p@ss%:word' });
  const good = `http://us%20er:p%40ss%25%3Aword@${proxy.address}`;
  const passed = await run([...CALL, '--verbose'], { home, env: { ...trusted, [name]: good } });
  expect(passed).toMatchObject({ code: 0, stdout: ANSWER.stdout });
  expect(passed.stderr).not.toMatch(/p@ss|p%40|cEBzcy|word/);

  for (const [given, message] of [
    [`http://${proxy.address}`, `the proxy ${proxy.address} requires authentication (HTTP 407)`],
    [
      `http://user:sesame@${proxy.address}`,
      `the proxy ${proxy.address} refuses the credentials in its URL (HTTP 407)`,
    ],
  ] as const) {
    const refused = await run([...CALL, '--json', '--verbose'], { home, env: { ...trusted, [name]: given } });
    expect(refused).toMatchObject({ code: 4, stdout: '' });
    expect(errorOf(refused)).toMatchObject({ code: 'auth', message, exit_code: 4 });
    expect(errorOf(refused).hint).toContain(`${name} names it`);
    expect(refused.stderr).not.toContain('sesame');
  }
});

it.each([
  ['plain HTTP', 'http://mcp.test:1/mcp', 'HTTP_PROXY'],
  ['a tunnel', 'https://mcp.test:1/mcp', 'HTTPS_PROXY'],
])('a proxy for %s that is down is named, without its password', async (_, url, name) => {
  const home = await homeAt(url);
  const address = `127.0.0.1:${await freePort()}`;
  const env = { [name]: `http://user:sesame@${address}` };
  const failed = await run([...CALL, '--json', '--verbose'], { home, env });
  expect(failed).toMatchObject({ code: 3, stdout: '' });
  expect(errorOf(failed)).toMatchObject({
    code: 'unreachable',
    message: `the proxy ${address} cannot be reached: connect ECONNREFUSED ${address}`,
    hint: expect.stringContaining(`${name} names it`),
  });
  expect(failed.stderr).not.toContain('sesame');
  const listed = await run(['work', 'jobs', 'list', '--json'], { home, env });
  expect(listed).toMatchObject({ code: 0 });
  expect(listed.stdout).not.toContain('sesame');
});

it('a tunnel that the proxy refuses', async () => {
  const { home, port } = await securely();
  const proxy = await forwardProxy({ status: 403 });
  const refused = await run([...CALL, '--json'], { home, env: { HTTPS_PROXY: proxy.address } });
  expect(refused).toMatchObject({ code: 3, stdout: '' });
  expect(errorOf(refused).message).toBe(
    `the proxy ${proxy.address} does not connect to localhost:${port}: it answered HTTP 403`,
  );
});

it('a proxy that says nothing keeps no command beyond a signal', async () => {
  const { home } = await securely();
  const proxy = await forwardProxy({ silent: true });
  const call = start([...CALL, '--verbose'], { home, env: { HTTPS_PROXY: proxy.address } });
  await proxy.asked;
  call.signal('SIGINT');
  expect(await call.done).toMatchObject({ code: 130, stdout: '' });
});

it.each([
  ['socks5://127.0.0.1:1080', /^HTTP_PROXY: socks5:\/\/ proxies are not supported$/],
  ['ftp://user:sesame@127.0.0.1', /^HTTP_PROXY: ftp:\/\/ proxies are not supported$/],
  ['http://user:se/same@127.0.0.1', /^HTTP_PROXY: not the URL of a proxy$/],
])('%s is refused, and sends nothing', async (value, message) => {
  const { home } = await behindProxy();
  const refused = await run([...CALL, '--json'], { home, env: { HTTP_PROXY: value } });
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(errorOf(refused).message).toMatch(message);
  expect(refused.stderr).not.toMatch(/sesame|se\/same/);
});

it.each([['*'], ['other.test, 127.0.0.1'], ['127.0.0.0/8'], ['127.0.0.1:PORT other.test']])(
  'NO_PROXY=%s reaches a loopback server without the proxy',
  async (list) => {
    const { url } = await fixtureServer([ECHO]);
    const home = await homeAt(url);
    const env = { HTTP_PROXY: 'http://127.0.0.1:9', NO_PROXY: list.replace('PORT', new URL(url).port) };
    expect(await run(CALL, { home, env })).toMatchObject(ANSWER);
  },
);

it.each(['example.com', '127.0.0.1:1', '10.0.0.0/8', ''])(
  'NO_PROXY=%s takes a loopback server not out',
  async (list) => {
    const { url } = await fixtureServer([ECHO]);
    const home = await homeAt(url);
    const proxy = await forwardProxy();
    const env = { HTTP_PROXY: proxy.address, NO_PROXY: list };
    expect(await run(CALL, { home, env })).toMatchObject(ANSWER);
    expect(proxy.seen[0]?.line).toBe(`POST ${url}`);
  },
);

describe('a proxy of an instance', () => {
  const set = (home: string, ...words: string[]) => run(['instances', 'set', 'work', ...words], { home });

  it('wins over the environment, with variables in it; none goes without', async () => {
    const { home, named } = await behindProxy();
    const proxy = await forwardProxy({ credentials: 'user:sesame' });
    const env = { HTTP_PROXY: 'http://127.0.0.1:9', NO_PROXY: '*', WORD: 'sesame' };
    const given = `http://user:\${WORD}@${proxy.address}`;
    expect(await set(home, 'proxy', given)).toMatchObject({
      code: 0,
      stdout: `work: proxy is http://[redacted]@${proxy.address}\n`,
    });
    expect(await run(CALL, { home, env })).toMatchObject(ANSWER);
    expect(proxy.seen[0]?.line).toBe(`POST ${named}`);
    expect(await run(CALL, { home, env: { ...env, WORD: undefined } })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('environment variable WORD is not set (needed by instance work proxy)'),
    });

    const direct = await homeAt((await fixtureServer([ECHO])).url);
    for (const word of ['none', 'direct']) {
      expect(await set(direct, 'proxy', word)).toMatchObject({ code: 0, stdout: `work: proxy is ${word}\n` });
      expect(await run(CALL, { home: direct, env: { HTTP_PROXY: 'http://127.0.0.1:9' } })).toMatchObject(
        ANSWER,
      );
    }
  });

  it('serves keepers and jobs; another one is another keeper', async () => {
    const { home } = await behindProxy();
    const [first, second] = [await forwardProxy(), await forwardProxy()];
    await set(home, 'keepAlive', 'true');
    for (const proxy of [first, second]) {
      await set(home, 'proxy', proxy.address);
      expect(await run(CALL, { home })).toMatchObject({ code: 0, stdout: ANSWER.stdout });
      expect(proxy.seen.length).toBeGreaterThan(0);
    }
    expect(await run([...CALL, '--background', '--quiet'], { home })).toMatchObject({ code: 0 });
    await run(['keeper', 'stop', 'work', '--force'], { home });
  });

  it('its credentials are in no output', async () => {
    const { home } = await behindProxy();
    const address = `127.0.0.1:${await freePort()}`;
    const outputs = [await set(home, 'proxy', `http://user:sesame@${address}`)];
    for (const words of [
      ['instances', 'list', '--json'],
      ['instances', 'show', 'work'],
      ['instances', 'show', 'work', '--json'],
      ['instances', 'set', 'work', 'detach', 'true', '--json'],
      ['doctor', 'work'],
      ['doctor', 'work', '--json'],
      [...CALL, '--verbose'],
      [...CALL, '--background', '--json'],
      ['work', 'jobs', 'list', '--json'],
    ])
      outputs.push(await run(words, { home }));
    for (const { stdout, stderr } of outputs) expect(stdout + stderr).not.toMatch(/sesame|dXNlcjpzZXNhbWU/);
    expect(outputs[1]?.stdout).toContain(`http://[redacted]@${address}`);
    const failed = await run([...CALL, '--json'], { home });
    expect(failed.code).toBe(3);
    expect(errorOf(failed)).toMatchObject({
      message: `the proxy ${address} cannot be reached: connect ECONNREFUSED ${address}`,
      hint: 'instance work proxy names it; to go without: mcp2cli instances set work proxy none',
    });
  });

  it.each([
    [['socks5://user:sesame@127.0.0.1:1'], 'proxy: socks5:// proxies are not supported'],
    [['http://'], 'proxy: not the URL of a proxy'],
    [['a', 'b'], 'proxy must be the URL of a proxy, or none (given a b)'],
  ])('%j is refused where it is set', async (words, message) => {
    const { home } = await behindProxy();
    const refused = await run(['instances', 'set', 'work', 'proxy', ...words, '--json'], { home });
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(errorOf(refused).message).toBe(message);
    expect(refused.stderr).not.toContain('sesame');
  });

  it('is nothing for a server that is a command', async () => {
    const home = await homeWith(['--', 'npx']);
    const refused = await set(home, 'proxy', 'none');
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('work is not a server over HTTP'),
    });
  });
});
