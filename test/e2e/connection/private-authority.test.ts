/** Servers over TLS whose certificate is not simply trusted: what is wrong in plain words, and an authority of one's own. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { authority, type Certificate, selfSigned } from '../../support/certificates.ts';
import { run } from '../../support/cli.ts';
import { fixtureServer } from '../../support/fixture-http.ts';
import { behindTls, forwardProxy } from '../../support/forward-proxy.ts';
import { errorOf, homeAt } from '../../support/instance.ts';

const ECHO = { name: 'echo', inputSchema: { type: 'object', properties: { message: { type: 'string' } } } };
const CALL = ['work', 'echo', '--message', 'hi'];
const ANSWER = { code: 0, stdout: '{"name":"echo","args":{"message":"hi"}}\n', stderr: '' };

async function served(certificate: Certificate) {
  const { url } = await fixtureServer([ECHO]);
  const secure = await behindTls(url, certificate, 'localhost');
  return { plain: url, url: secure, home: await homeAt(secure) };
}

async function withAuthority() {
  const ca = authority();
  const at = await served(ca.issue(['localhost']));
  const file = join(at.home, 'ca.pem');
  writeFileSync(file, ca.cert);
  const set = (...words: string[]) => run(['instances', 'set', 'work', ...words], { home: at.home });
  return { ...at, ca, file, set };
}

it.each<[string, () => Certificate, RegExp, RegExp]>([
  [
    'an authority that nobody knows',
    () => authority().issue(['localhost']),
    /of an authority that is not known here \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)/,
    /mcp2cli instances set work ca FILE\.pem, or NODE_EXTRA_CA_CERTS=FILE\.pem/,
  ],
  [
    'such an authority in the chain',
    () => {
      const ca = authority();
      const { cert, key } = ca.issue(['localhost']);
      return { cert: cert + ca.cert, key };
    },
    /of an authority that is not trusted here \(SELF_SIGNED_CERT_IN_CHAIN\)/,
    /instances set work ca/,
  ],
  [
    'a certificate that vouches for itself',
    () => selfSigned(['localhost']),
    /signed by itself, and not trusted here \(DEPTH_ZERO_SELF_SIGNED_CERT\)/,
    /instances set work ca/,
  ],
])('%s', async (_, certificate, message, hint) => {
  const { home } = await served(certificate());
  const failed = await run([...CALL, '--json'], { home });
  expect(failed).toMatchObject({ code: 3, stdout: '' });
  expect(errorOf(failed)).toMatchObject({ code: 'unreachable', message: expect.stringMatching(message) });
  expect(errorOf(failed).message).toMatch(/^cannot reach work: its certificate /);
  expect(errorOf(failed).hint).toMatch(hint);
});

describe('with the authority trusted', () => {
  it.each<[string, (ca: ReturnType<typeof authority>) => Certificate, RegExp, RegExp]>([
    ['has expired', (ca) => ca.issue(['localhost'], -2), /has expired \(CERT_HAS_EXPIRED\)/, /clock/],
    [
      'is for another host',
      (ca) => ca.issue(['mcp.test', 'other.test']),
      /is for another host \(it is for DNS:mcp\.test, DNS:other\.test\) \(ERR_TLS_CERT_ALTNAME_INVALID\)/,
      /use the host name/,
    ],
  ])('a certificate that %s', async (_, issue, message, hint) => {
    const ca = authority();
    const { home } = await served(issue(ca));
    const file = join(home, 'ca.pem');
    writeFileSync(file, ca.cert);
    expect(await run(['instances', 'set', 'work', 'ca', file], { home })).toMatchObject({ code: 0 });
    const failed = await run([...CALL, '--json'], { home });
    expect(failed).toMatchObject({ code: 3, stdout: '' });
    expect(errorOf(failed)).toMatchObject({
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });

  it('NODE_EXTRA_CA_CERTS', async () => {
    const { home, file } = await withAuthority();
    expect(await run(CALL, { home, env: { NODE_EXTRA_CA_CERTS: file } })).toMatchObject(ANSWER);
  });

  it('the setting ca: relative to where it is typed, with variables, beside NODE_EXTRA_CA_CERTS', async () => {
    const { home, file, set } = await withAuthority();
    expect(await set('ca', 'ca.pem')).toMatchObject({ code: 0, stdout: `work: ca is ${file}\n` });
    expect(await run(CALL, { home })).toMatchObject(ANSWER);
    expect(await run(['instances', 'show', 'work'], { home })).toMatchObject({
      stdout: expect.stringContaining(`\nca: ${file}\n`),
    });
    expect(await set('ca', '${WHERE}/ca.pem')).toMatchObject({ code: 0 });
    expect(await run(CALL, { home, env: { WHERE: home } })).toMatchObject(ANSWER);
    expect(await run(CALL, { home })).toMatchObject({ code: 2, stderr: expect.stringContaining('WHERE') });

    // Another authority in the setting takes none away.
    const other = join(home, 'other.pem');
    writeFileSync(other, `one more:\n${authority('Other').cert}${authority('Third').cert}`);
    expect(await set('ca', other)).toMatchObject({ code: 0 });
    expect(await run(CALL, { home })).toMatchObject({ code: 3 });
    expect(await run(CALL, { home, env: { NODE_EXTRA_CA_CERTS: file } })).toMatchObject(ANSWER);
  });

  it('a job, a keeper and an examination know it, too', async () => {
    const { home, file, set } = await withAuthority();
    expect(await set('ca', file)).toMatchObject({ code: 0 });
    expect(await set('keepAlive', 'true')).toMatchObject({ code: 0 });
    expect(await run(CALL, { home })).toMatchObject({ code: 0, stdout: ANSWER.stdout });
    expect(await run(['keeper', 'status', 'work'], { home })).toMatchObject({ code: 0 });
    expect(await run([...CALL, '--background'], { home })).toMatchObject({ code: 0 });
    expect(await run(['doctor', 'work'], { home })).toMatchObject({ code: 0 });
    await run(['keeper', 'stop', 'work', '--force'], { home });
  });

  it('a proxy over TLS with a certificate of it', async () => {
    const { home, ca, file, set, url } = await withAuthority();
    const proxy = await forwardProxy({ tls: ca.issue(['localhost']) });
    const env = { HTTPS_PROXY: `https://${proxy.address.replace('127.0.0.1', 'localhost')}` };
    const failed = await run([...CALL, '--json'], { home, env });
    expect(failed.code).toBe(3);
    expect(errorOf(failed).message).toMatch(
      /^the proxy localhost:\d+ cannot be reached: its certificate is of an authority/,
    );
    expect(await set('ca', file)).toMatchObject({ code: 0 });
    expect(await run(CALL, { home, env })).toMatchObject(ANSWER);
    expect(proxy.seen[0]?.line).toBe(`CONNECT ${new URL(url).host}`);
  });
});

it('a URL that should be http://', async () => {
  const { url } = await fixtureServer([ECHO]);
  const home = await homeAt(url.replace('http:', 'https:'));
  const failed = await run([...CALL, '--json'], { home });
  expect(failed).toMatchObject({ code: 3, stdout: '' });
  expect(errorOf(failed)).toMatchObject({
    message: expect.stringMatching(/^cannot reach work: it does not speak TLS.* \((EPROTO|ERR_SSL_\w+)\)$/),
    hint: 'is its URL http:// and not https://?',
  });
});

it.each<[string, (home: string) => string, RegExp]>([
  ['that is not there', (home) => join(home, 'none.pem'), /ca: no such file: .*none\.pem$/],
  ['that is empty', (home) => written(home, ''), /ca: no certificate in it: .*ca\.pem$/],
  ['that is a folder', (home) => folder(home), /ca: it is a folder: .*folder$/],
  ['with a key in it', (home) => written(home, authority().key), /ca: no certificate in it: .*ca\.pem$/],
  [
    'with a certificate that is damaged',
    (home) => written(home, authority().cert.replace(/\n.{20}/, '\nAAAA')),
    /ca: certificate 1 in it is damaged: .*ca\.pem$/,
  ],
])('a file of certificates %s is one clear error', async (_, made, message) => {
  const home = await homeAt('https://127.0.0.1:9/mcp');
  const path = made(home);
  const set = await run(['instances', 'set', 'work', 'ca', path, '--json'], { home });
  expect(set).toMatchObject({ code: 2, stdout: '' });
  expect(errorOf(set).message).toMatch(message);
  // As somebody writes it by hand.
  const config = JSON.parse(readFileSync(join(home, 'config.json'), 'utf8'));
  config.mcpServers.work.ca = path;
  writeFileSync(join(home, 'config.json'), JSON.stringify(config));
  const used = await run([...CALL, '--json'], { home });
  expect(used).toMatchObject({ code: 78, stdout: '' });
  expect(errorOf(used).message).toMatch(message);
  expect(errorOf(used).message).toMatch(/^instance work /);
  expect(await run(['instances', 'list'], { home })).toMatchObject({ code: 0, stderr: '' });
});

function written(home: string, text: string): string {
  const path = join(home, 'ca.pem');
  writeFileSync(path, text);
  return path;
}

function folder(home: string): string {
  const path = join(home, 'folder');
  mkdirSync(path);
  return path;
}
