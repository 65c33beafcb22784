/** The parts of logins that decide something by themselves. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPasted } from '../../src/cli/commands/auth/pasted.ts';
import { loginHint } from '../../src/cli/output/login-hint.ts';
import { bearerChallenge, unitedScopes } from '../../src/mcp/auth/challenge.ts';
import { pageHtml } from '../../src/mcp/auth/login/callback-page.ts';
import { type AuthRecord, isFor, isFresh, readAuth } from '../../src/mcp/auth/record.ts';
import { seal, unseal } from '../../src/mcp/auth/sealing.ts';
import { hasCredentials } from '../../src/mcp/auth/token-source.ts';
import { expiryOf } from '../../src/mcp/auth/usable-token.ts';
import { scrubberWith } from '../../src/mcp/connection/scrub.ts';
import { freshDir } from '../support/home.ts';

const RECORD: AuthRecord = {
  schema_version: 1,
  id: 'abc',
  url: 'https://host.example/mcp',
  resource: null,
  issuer: 'https://auth.example',
  token_endpoint: 'https://auth.example/token',
  revocation_endpoint: null,
  grant: 'authorization_code',
  client: { client_id: 'c', method: 'none', from: 'registered' },
  account: null,
  scope: 'a b',
  obtained_at: '2026-01-01T00:00:00.000Z',
  expires_at: '2026-01-01T01:00:00.000Z',
  store: 'file',
  secrets: { access_token: 'the-access-token' },
};

test.for([
  ['Bearer', {}],
  ['Bearer scope="a b", error=insufficient_scope', { scope: 'a b', error: 'insufficient_scope' }],
  [
    'Basic realm="x", Bearer resource_metadata="https://h/.well-known/x", scope=a',
    { resourceMetadata: 'https://h/.well-known/x', scope: 'a' },
  ],
  ['bearer error_description="say \\"hi\\"", scope=""', { scope: undefined }],
  ['DPoP scope="x"', { scope: 'x' }],
] as const)('the challenge in %j', ([header, expected]) => {
  expect(bearerChallenge(header)).toMatchObject(expected);
});

test.for([undefined, '', 'Basic realm="Bearer of news"', 'Negotiate'])(
  'no challenge of ours in %j',
  (header) => {
    expect(bearerChallenge(header)).toBeUndefined();
  },
);

test('scopes are united in their order, each once', () => {
  expect(unitedScopes('a b', 'b c', null, undefined)).toBe('a b c');
  expect(unitedScopes('', null)).toBeUndefined();
});

test.for([
  ['https://host.example/mcp', true],
  ['https://host.example/mcp/', true],
  ['https://host.example/mcp/tenant?x=1', true],
  ['https://host.example/mcp-other', false],
  ['https://host.example/', false],
  ['http://host.example/mcp', false],
  ['https://host.example:8443/mcp', false],
  ['https://host.example.evil.example/mcp', false],
] as const)('a token for /mcp is sent to %s: %j', ([url, sent]) => {
  expect(isFor(RECORD, url)).toBe(sent);
});

test('a token for a resource is sent to what lies below it', () => {
  const record = { ...RECORD, resource: 'https://host.example/' };
  expect(isFor(record, 'https://host.example/other')).toBe(true);
  expect(isFor({ ...RECORD, resource: 'no URL' }, 'https://host.example/other')).toBe(false);
});

test('a token is good until a minute before its time, and one without a time until it is refused', () => {
  const at = (time: string) => isFresh(RECORD, new Date(time));
  expect(at('2026-01-01T00:58:59.000Z')).toBe(true);
  expect(at('2026-01-01T00:59:00.000Z')).toBe(false);
  expect(isFresh(RECORD, new Date('2026-01-01T00:59:59.000Z'), 0)).toBe(true);
  expect(isFresh({ ...RECORD, expires_at: null }, new Date())).toBe(true);
  // What is no time is none that can be relied on.
  expect(isFresh({ ...RECORD, expires_at: 'soon' }, new Date())).toBe(true);
});

test('the time of expiry, whatever seconds the server names', () => {
  const now = new Date('2026-01-01T00:00:00.000Z');
  expect(expiryOf(3600, now)).toBe('2026-01-01T01:00:00.000Z');
  expect(expiryOf(undefined, now)).toBeNull();
  expect(expiryOf(Number.NaN, now)).toBeNull();
  expect(expiryOf(1e300, now)).toBe('+275760-09-13T00:00:00.000Z');
});

test.for([
  ['{', 'damaged_login'],
  ['[]', 'damaged_login'],
  ['{"schema_version":1}', 'damaged_login'],
  ['{"schema_version":2}', 'newer_login'],
  [JSON.stringify({ ...RECORD, secrets: undefined }), 'damaged_login'],
  [JSON.stringify({ ...RECORD, store: 'keyring' }), 'damaged_login'],
] as const)('a file with %s is refused with its path', ([text, code]) => {
  const path = join(freshDir(), 'auth.json');
  writeFileSync(path, text);
  expect(() => readAuth(path)).toThrow(expect.objectContaining({ code, exitCode: 78, details: { path } }));
});

test('what is sealed opens with its key, for its login, unchanged', () => {
  const key = randomBytes(32);
  const secrets = { access_token: 'a'.repeat(5_000), refresh_token: 'r' };
  const record = { ...RECORD, sealed: seal(RECORD, secrets, key) };
  expect(unseal(record, key)).toEqual(secrets);
  expect(seal(RECORD, secrets, key)).not.toBe(record.sealed);
  const cut = (text: string) => Buffer.from(text, 'base64url').subarray(0, -1).toString('base64url');
  for (const [bad, by] of [
    [record, randomBytes(32)],
    [{ ...record, id: 'other' }, key],
    [{ ...record, url: 'https://evil.example/mcp' }, key],
    [{ ...record, sealed: cut(record.sealed) }, key],
    [{ ...record, sealed: '' }, key],
  ] as const)
    expect(() => unseal(bad, by)).toThrow(/does not fit the key/);
});

const EXPECTED = { state: 'the-state', promisesIssuer: false };

test.for([
  'http://127.0.0.1:1234/callback?code=abcd&state=the-state',
  '  127.0.0.1:1234/callback?code=abcd&state=the-state#x ',
  'code=abcd&state=the-state',
  '?code=abcd&state=the-state',
  'abcd',
])('%j has a code in it', (line) => {
  expect(Object.fromEntries(readPasted(line, EXPECTED) as URLSearchParams)).toMatchObject({
    code: 'abcd',
    state: 'the-state',
  });
});

test.for([
  ['http://127.0.0.1/callback?code=abcd&state=other', /another login/],
  ['http://127.0.0.1/callback?code=abcd', /another login/],
  ['http://127.0.0.1/callback?state=the-state', /no code/],
  ['what is this', /not the address/],
  ['a', /not the address/],
] as const)('%j is not taken', ([line, why]) => {
  expect(readPasted(line, EXPECTED)).toMatch(why);
});

test('the code alone is not enough where the server says who it is', () => {
  expect(readPasted('abcd', { ...EXPECTED, promisesIssuer: true })).toMatch(/whole address/);
});

test('the page escapes whatever it shows', () => {
  const html = pageHtml({ title: `<b>"'&`, text: ['<script>x</script>'] });
  expect(html).toContain('&lt;b&gt;&quot;&#39;&amp;');
  expect(html).toContain('<p>&lt;script&gt;x&lt;/script&gt;</p>');
});

test('credentials of a configuration', () => {
  const target = (headers: Record<string, string>, url = 'https://h/mcp') => ({
    kind: 'http' as const,
    url,
    headers,
  });
  expect(hasCredentials(target({ AUTHORIZATION: 'x' }))).toBe(true);
  expect(hasCredentials(target({}, 'https://ann:x@h/mcp'))).toBe(true);
  expect(hasCredentials(target({ 'X-Key': 'x' }))).toBe(false);
});

test('the hint of a login names scopes for a step up alone', () => {
  const typed = (flags: string[]) => ['mcp2cli auth login work', ...flags].join(' ');
  expect(loginHint({ scope: 'a' }, typed)).toMatch(/: mcp2cli auth login work$/);
  expect(loginHint({ again: true, stepUp: true, scope: 'a b' }, typed)).toBe(
    "log in again: mcp2cli auth login work --scope 'a b'",
  );
});

test('secrets that come later are taken out from then on', () => {
  const later = new Set<string>();
  const scrub = scrubberWith(later, ['first-secret']);
  expect(scrub('first-secret second-secret')).toBe('*** second-secret');
  later.add('second-secret');
  expect(scrub('first-secret second-secret')).toBe('*** ***');
});
