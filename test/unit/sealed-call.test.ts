import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openCall, sealCall, storeKey } from '../../src/jobs/store/redis/sealed-call.ts';
import { parseJson, stringifyJson } from '../../src/lib/json/exact-json.ts';
import type { JsonObject } from '../../src/lib/json/json.ts';

const KEY = randomBytes(32);
const CALL = { tool: 'login', arguments: { user: 'lovelace', password: 'hunter2' } };

const keyOf = (text: string) => storeKey(text);

test.for([
  ['base64', KEY.toString('base64')],
  ['base64 without its end', KEY.toString('base64').replace('=', '')],
  ['base64url', KEY.toString('base64url')],
  ['hexadecimal', KEY.toString('hex')],
  ['hexadecimal in capitals', KEY.toString('hex').toUpperCase()],
  ['the line of a file', `${KEY.toString('base64')}\n`],
] as const)('a key as %s', ([, text]) => {
  expect(keyOf(text)).toEqual(KEY);
});

test('the command of the hint makes a key', () => {
  expect(keyOf(execFileSync('openssl', ['rand', '-base64', '32'], { encoding: 'utf8' }))).toHaveLength(32);
});

test.for([undefined, '', ' \n'])('no key in %j', (text) => {
  expect(storeKey(text)).toBeUndefined();
});

test.for([
  ['a password', 'correct horse battery staple'],
  ['too short', randomBytes(31).toString('base64')],
  ['too long', randomBytes(33).toString('base64')],
  ['half of a hexadecimal one', KEY.toString('hex').slice(1)],
  ['a comma in it', `${KEY.toString('hex').slice(0, 60)},${KEY.toString('hex').slice(61)}`],
] as const)('a key of another form is refused, and not shown: %s', ([, text]) => {
  expect(() => keyOf(text)).toThrow(
    expect.objectContaining({
      exitCode: 78,
      code: 'store_key_invalid',
      message: 'MCP2CLI_STORE_KEY is no key: 32 bytes, as base64 or in hexadecimal',
      hint: expect.not.stringContaining(text),
    }),
  );
});

test.for([
  ['sealed', KEY],
  ['plain', undefined],
] as const)('what is sealed comes out as it went in, numbers of any size too: %s', ([, key]) => {
  const property = fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (call) => {
    const text = stringifyJson(call);
    expect(stringifyJson(openCall(sealCall(parseJson(text) as JsonObject, key), key))).toBe(text);
  });
  fc.assert(property);
  const exact = '{"n":12345678901234567890.50,"é\\u0000":[-0,1e400]}';
  const sealed = sealCall(parseJson(exact) as JsonObject, key);
  expect(stringifyJson(openCall(sealed, key))).toBe(stringifyJson(parseJson(exact)));
});

test('what is sealed shows nothing of the call, and is another text each time', () => {
  const [one, two] = [sealCall(CALL, KEY), sealCall(CALL, KEY)];
  expect(one).not.toBe(two);
  const { sealed } = JSON.parse(one) as { sealed: string };
  for (const word of ['hunter2', 'lovelace', 'login', 'password'])
    for (const text of [one, Buffer.from(sealed, 'base64').toString('latin1')])
      expect(text).not.toContain(word);
});

test('a plain call is opened by a worker with a key, too', () => {
  expect(openCall(sealCall(CALL), KEY)).toEqual(CALL);
});

test('without the key nothing is sent, and the message names the variable', () => {
  expect(() => openCall(sealCall(CALL, KEY))).toThrow(
    expect.objectContaining({
      code: 'store_key_missing',
      message: 'the arguments are sealed, and the worker has no MCP2CLI_STORE_KEY: the call was not sent',
    }),
  );
});

test('with another key neither', () => {
  expect(() => openCall(sealCall(CALL, KEY), randomBytes(32))).toThrow(
    expect.objectContaining({
      code: 'store_key_wrong',
      message: expect.stringContaining('sealed with another MCP2CLI_STORE_KEY'),
    }),
  );
});

test('a single changed bit is found, wherever it is', () => {
  const { sealed } = JSON.parse(sealCall(CALL, KEY)) as { sealed: string };
  const bytes = Buffer.from(sealed, 'base64');
  for (let at = 0; at < bytes.length * 8; at++) {
    const changed = Buffer.from(bytes);
    changed[at >> 3] = (changed[at >> 3] ?? 0) ^ (1 << (at & 7));
    const text = JSON.stringify({ sealed: changed.toString('base64') });
    expect(() => openCall(text, KEY)).toThrow(expect.objectContaining({ code: 'store_key_wrong' }));
  }
});

test.for(['', '{', 'null', '[]', '"hunter2"', '{}', '{"plain":"hunter2"}', '{"sealed":7}', '{"hunter2'])(
  'what is no call is damaged, and not quoted: %s',
  (text) => {
    expect(() => openCall(text, KEY)).toThrow(
      expect.objectContaining({
        code: 'call_damaged',
        message: expect.not.stringContaining('hunter2'),
      }),
    );
  },
);

test('a text that ends too early is not opened', () => {
  for (const sealed of ['', 'AA==', Buffer.alloc(28).toString('base64')])
    expect(() => openCall(JSON.stringify({ sealed }), KEY)).toThrow(
      expect.objectContaining({ code: 'store_key_wrong' }),
    );
});
