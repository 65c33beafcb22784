import { describe, expect, it } from 'vitest';
import { readAddress } from '../../src/config/settings/store-address.ts';

describe('the address of a store', () => {
  it('says where it is, and has defaults for the rest', () => {
    expect(readAddress('redis://host', 'x')).toEqual({
      host: 'host',
      port: 6379,
      tls: false,
      username: undefined,
      password: undefined,
      db: 0,
      prefix: 'mcp:jobs:',
      name: '',
      ttlMs: 30 * 86_400_000,
      resultBytes: 16_000_000,
      waitAof: false,
      keyText: undefined,
      shown: 'redis://host/0',
    });
    expect(readAddress('rediss://app:p%40ss@[::1]:6380/3?prefix=team:&ttl=0&name=work', 'x')).toMatchObject({
      host: '::1',
      port: 6380,
      tls: true,
      username: 'app',
      password: 'p@ss',
      db: 3,
      prefix: 'team:',
      name: 'work',
      ttlMs: undefined,
      shown: 'rediss://[::1]:6380/3',
    });
  });

  it.each([
    ['host:6379', 'redis://'],
    ['http://host', 'redis://'],
    ['nonsense', 'not the address'],
    ['redis:///0', 'which host'],
    ['redis://host/jobs', 'number of a database'],
    ['redis://host?colour=red', 'colour'],
    ['redis://host?prefix={a}', 'braces'],
    ['redis://host?ttl=soon', 'ttl is a duration'],
  ])('%s is refused, and what is wrong with it named', (text, says) => {
    expect(() => readAddress(text, 'instance work: store')).toThrow(says);
    expect(() => readAddress(text, 'instance work: store')).toThrow('instance work: store');
  });

  it('does not tell its password', () => {
    expect(() => readAddress('redis://app:hunter2@host/x', 'store')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2'), exitCode: 78 }),
    );
  });
});
