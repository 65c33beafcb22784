import { mkdirSync, openSync, readFileSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ioFailure, triedBy } from '../../src/lib/disk/io-failure.ts';
import { freshDir } from '../support/home.ts';

/** What a real system call fails with. */
function failureOf(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
}

it.each([
  ['read', (none: string) => readFileSync(none)],
  ['read', (none: string) => openSync(none, 'r')],
  ['create', (none: string) => mkdirSync(join(none, 'x'))],
  ['remove', (none: string) => rmdirSync(none)],
  ['move', (none: string) => renameSync(none, `${none}2`)],
])('an error of the system tells what was tried: %s', (tried, work) => {
  expect(triedBy(failureOf(() => work(join(freshDir(), 'none'))))).toBe(tried);
});

it.each([
  ['write', 'ENOSPC', 'write'],
  ['fsync', 'EIO', 'write'],
  // A file is made by opening it.
  ['open', 'ENOSPC', 'write'],
  ['open', 'EROFS', 'write'],
  ['open', 'EDQUOT', 'write'],
  ['open', 'EMFILE', 'read'],
  ['mkdir', 'ENOSPC', 'create'],
])('%s with %s was to %s', (syscall, code, tried) => {
  const error = Object.assign(new Error(`${code}: ...`), { code, syscall });
  expect(triedBy(error)).toBe(tried);
  expect(ioFailure(error, triedBy(error), '/a/file').message).toMatch(`cannot ${tried} /a/file: `);
});
