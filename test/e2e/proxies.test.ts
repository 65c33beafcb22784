/** Proxies: of the environment, with credentials, down, refusing; and hosts that are reached without. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { authority } from '../support/certificates.ts';
import { run, start } from '../support/cli.ts';
import type { EnvChanges } from '../support/env.ts';
import { fixtureServer } from '../support/fixture-http.ts';
import { behindTls, forwardProxy } from '../support/forward-proxy.ts';
import { errorOf, homeAt } from '../support/instance.ts';
import { freePort } from '../support/servers.ts';

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
