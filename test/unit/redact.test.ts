import { describe, expect, it } from 'vitest';
import { redactSecrets } from '../../src/tools/schema/redact.ts';

const secret = { type: 'string', format: 'password' };
const schema = {
  type: 'object',
  $defs: { credentials: { properties: { token: { writeOnly: true }, user: { type: 'string' } } } },
  properties: {
    name: { type: 'string' },
    password: secret,
    login: { $ref: '#/$defs/credentials' },
    maybe: { anyOf: [secret, { type: 'null' }] },
    either: { oneOf: [{ properties: { pin: secret } }, { properties: { pin: { type: 'integer' } } }] },
    keys: { type: 'array', items: secret },
    logins: { type: 'array', items: { $ref: '#/$defs/credentials' } },
    pair: { prefixItems: [{ type: 'string' }, secret] },
    headers: { additionalProperties: secret, properties: { plain: { type: 'string' } } },
    byPattern: { patternProperties: { '^s': secret } },
    whole: { type: 'object', writeOnly: true, properties: { a: {} } },
    tree: { $ref: '#' },
  },
};

describe('redactSecrets', () => {
  it('replaces secrets wherever they are', () => {
    const args = {
      name: 'n',
      password: 's',
      login: { token: 's', user: 'u', unknown: 1 },
      maybe: 's',
      either: { pin: 's' },
      keys: ['s', 's'],
      logins: [{ token: 's', user: 'u' }],
      pair: ['p', 's'],
      headers: { plain: 'p', auth: 's' },
      byPattern: { secret: 's' },
      whole: { a: 's' },
      tree: { tree: { password: 's' } },
      unknown: { password: 'not marked' },
    };
    const before = JSON.stringify(args);
    const hidden = '[redacted]';
    expect(redactSecrets(args, schema)).toEqual({
      name: 'n',
      password: hidden,
      login: { token: hidden, user: 'u', unknown: 1 },
      maybe: hidden,
      either: { pin: hidden },
      keys: [hidden, hidden],
      logins: [{ token: hidden, user: 'u' }],
      pair: ['p', hidden],
      headers: { plain: 'p', auth: hidden },
      byPattern: { secret: hidden },
      whole: hidden,
      tree: { tree: { password: hidden } },
      unknown: { password: 'not marked' },
    });
    expect(JSON.stringify(args)).toBe(before);
  });

  it('has nothing to do without a schema', () => {
    expect(redactSecrets({ a: 1 }, undefined)).toEqual({ a: 1 });
    expect(redactSecrets({ a: 1 }, true)).toEqual({ a: 1 });
  });

  it('keeps dangerous names as data', () => {
    const args = JSON.parse('{"__proto__":{"a":1},"constructor":"c"}');
    expect(JSON.stringify(redactSecrets(args, { properties: { a: secret } }))).toBe(JSON.stringify(args));
    const marked = JSON.parse('{"properties":{"__proto__":{"format":"password"}}}');
    expect(JSON.stringify(redactSecrets(args, marked))).toBe('{"__proto__":"[redacted]","constructor":"c"}');
  });

  it('does not tire: the last of very many is redacted as the first', () => {
    const args = { keys: Array.from({ length: 100_000 }, () => 's') };
    const { keys } = redactSecrets(args, schema);
    expect(keys.every((key) => key === '[redacted]')).toBe(true);
  });
});
