import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Target } from '../../src/config/target/target.ts';
import { RpcError } from '../../src/errors.ts';
import { parseJson, stringifyJson } from '../../src/lib/json/exact-json.ts';
import { scrubberOf, scrubError, scrubValue, secretsOf } from '../../src/mcp/connection/scrub.ts';

const http = (url: string, headers: Record<string, string> = {}, filled = {}): Target => ({
  kind: 'http',
  url,
  headers,
  filled,
});

/** Every text in a JSON value: strings, names, numbers as they are written. */
function texts(value: unknown): string[] {
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([name, one]) => [
      ...(Array.isArray(value) ? [] : [name]),
      ...texts(one),
    ]);
  return [typeof value === 'string' ? value : String(value)];
}

/** How servers write what they repeat. */
const WRITTEN: Record<string, (secret: string) => string> = {
  'as it stands': (secret) => secret,
  'as JSON': (secret) => JSON.stringify(secret),
  'as JSON in JSON': (secret) => JSON.stringify(JSON.stringify(secret)),
  'percent-encoded': encodeURIComponent,
  'percent-encoded twice': (secret) => encodeURIComponent(encodeURIComponent(secret)),
  'of a form': (secret) => new URLSearchParams({ a: secret }).toString(),
  'with entities': (secret) => secret.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`),
  'in base64': (secret) => Buffer.from(secret).toString('base64'),
  'in base64 for URLs': (secret) => Buffer.from(secret).toString('base64url'),
  'in hexadecimal': (secret) => Buffer.from(secret).toString('hex'),
};

/** What a header may have in it; well-formed, as everything is that can be sent. */
const secret = fc
  .string({ unit: 'binary', minLength: 8, maxLength: 40 })
  .filter((text) => !text.includes('*'));
const printable = fc
  .string({ unit: 'grapheme-ascii', minLength: 8, maxLength: 40 })
  .filter((text) => !text.includes('*'));

describe('a scrubber', () => {
  it('leaves no secret in any text, whatever stands around it', () => {
    fc.assert(
      fc.property(fc.oneof(secret, printable), fc.string(), fc.string(), (one, before, after) => {
        const scrub = scrubberOf([one]);
        for (const [how, write] of Object.entries(WRITTEN)) {
          const clean = scrub(before + write(one) + after);
          expect(clean, how).not.toContain(write(one));
          expect(clean, how).not.toContain(one);
          expect(clean, how).toContain('***');
        }
      }),
      { numRuns: 200 },
    );
  });

  it('finds a secret in the middle of base64', () => {
    fc.assert(
      fc.property(
        printable,
        fc.string({ maxLength: 5 }),
        fc.string({ maxLength: 5 }),
        (one, before, after) => {
          const text = Buffer.from(before + one + after).toString('base64');
          const left = Buffer.from(scrubberOf([one])(text).replaceAll('*', ''), 'base64').toString('latin1');
          expect(left).not.toContain(one);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('leaves no secret in any JSON value: strings, names, numbers', () => {
    const digits = fc.stringMatching(/^[1-9][0-9]{7,18}$/);
    fc.assert(
      fc.property(fc.oneof(digits, printable), fc.jsonValue({ maxDepth: 4 }), (one, rest) => {
        const number = /^\d+$/.test(one) ? one : '17';
        const around = JSON.stringify(rest);
        const text = `{"rest":${around},"number":${number},"list":[${number},{"n":-${number}}],${JSON.stringify(one)}:1,"text":${JSON.stringify(`<${one}>`)},"json":${JSON.stringify(JSON.stringify({ a: one }))}}`;
        const clean = scrubValue(parseJson(text), scrubberOf([one]));
        expect(texts(JSON.parse(stringifyJson(clean) ?? '')).filter((found) => found.includes(one))).toEqual(
          [],
        );
      }),
      { numRuns: 300 },
    );
  });

  it('changes nothing else, and keeps the digits of numbers', () => {
    const value = parseJson('{"id":725653563933458432,"list":[1e400],"__proto__":{"a":1.10}}') as object;
    expect(scrubValue(value, scrubberOf(['hunter2-0f3c9d']))).toBe(value);
    const told = parseJson(
      '{"id":725653563933458432,"list":[1e400,"hunter2-0f3c9d"],"__proto__":{"a":1.10}}',
    );
    expect(stringifyJson(scrubValue(told, scrubberOf(['hunter2-0f3c9d'])))).toBe(
      '{"id":725653563933458432,"list":[1e400,"***"],"__proto__":{"a":1.10}}',
    );
  });

  it('keeps both of two names that become the same', () => {
    const scrub = scrubberOf(['hunter2-0f3c9d', 'another-secret']);
    expect(scrubValue({ 'hunter2-0f3c9d': 1, 'another-secret': 2, '***': 3 }, scrub)).toEqual({
      '****': 1,
      '*****': 2,
      '***': 3,
    });
  });

  it('takes no time for a text made to take it', () => {
    const scrub = scrubberOf(['\\"\\"&<secret>"%20 ', '"quoted-secret"']);
    const begun = performance.now();
    for (const piece of ['\\', '%25', '&#0', '"', ' ', '\\u005c']) scrub(piece.repeat(200_000));
    expect(performance.now() - begun).toBeLessThan(20_000);
  });
});

describe('the secrets of a target', () => {
  const scrubbed = (target: Target, text: string) => scrubberOf(secretsOf(target))(text);

  it('are what its headers hold: credentials, cookies, parameters', () => {
    const target = http('https://host/mcp', {
      Authorization: 'Bearer token-0f3c9d',
      Cookie: 'session=cookie-0f3c9d; theme=dark',
      'X-Auth': 'Digest username="me", response="digest-0f3c9d"',
    });
    expect(scrubbed(target, 'token-0f3c9d cookie-0f3c9d digest-0f3c9d dark me')).toBe('*** *** *** dark me');
    const basic = http('https://host/mcp', {
      Authorization: `Basic ${Buffer.from('me:password-0f3c9d').toString('base64')}`,
    });
    expect(scrubbed(basic, 'no password-0f3c9d for me:password-0f3c9d')).toBe('no *** for ***');
  });

  it('are the variables in its URL, but not in the name of its host', () => {
    const filled = { HOST: 'api.example.com', KEY: 'a key&0f3c9d', PASS: 'p@ss-0f3c9d' };
    const url = 'https://me:p%40ss-0f3c9d@api.example.com/mcp?key=a%20key%260f3c9d';
    expect(scrubbed(http(url, {}, filled), `${url} a key&0f3c9d a+key%260f3c9d p@ss-0f3c9d`)).toBe(
      'https://me:***@api.example.com/mcp?key=*** *** *** ***',
    );
    expect(scrubbed(http(url, {}, { URL: url }), `a key&0f3c9d at api.example.com`)).toBe(
      '*** at api.example.com',
    );
  });

  it('are the variables that a server over stdio gets, but not the places of this machine', () => {
    const target: Target = {
      kind: 'stdio',
      command: 'x',
      args: [],
      env: {},
      filled: { HOME: '/home/somebody', API_KEY: 'key-0f3c9d' },
    };
    expect(scrubbed(target, 'key-0f3c9d is not in /home/somebody')).toBe('*** is not in /home/somebody');
  });

  it('are in no error, nor in what caused it', () => {
    const cause = Object.assign(new Error('got token-0f3c9d'), { data: { text: '{"got":"token-0f3c9d"}' } });
    const error = new RpcError(1, 'no token-0f3c9d', { data: { got: ['token-0f3c9d'] } }, { cause });
    const { message, stack, details, data } = scrubError(error, scrubberOf(['token-0f3c9d']));
    expect(
      JSON.stringify([message, stack, details, data, cause.message, cause.stack, cause.data]),
    ).not.toContain('0f3c9d');
    expect(details).toEqual({ rpc_code: 1, data: { got: ['***'] } });
  });
});
