/** Compiled code that is kept: of what had run, for exactly the file that it was made of, and never damaged code, over which V8 ends the process. */
import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { decode, encode } from '../../src/lib/compiled/code-file.ts';
import { Loader } from '../../src/lib/compiled/loader.ts';
import { freshDir } from '../support/home.ts';

const native = createRequire(import.meta.url);

describe('the loader', () => {
  let dist: string;
  let path: string;
  beforeEach(() => {
    dist = freshDir();
    path = join(freshDir(), 'code');
    put('entry.cjs', `const { basename } = require('node:path'); exports.name = basename(__filename);`);
    put('more.cjs', `const entry = require('./entry.cjs'); module.exports = () => entry.name + ' and more';`);
  });
  const put = (name: string, text: string) => writeFileSync(join(dist, name), text);
  const loader = () => new Loader(dist, native, path);
  /** What a process does that loads `names`, and whether it wrote the file. */
  function process(...names: string[]) {
    const one = loader();
    const loaded = names.map((name) => one.load(name));
    const before = statSync(path, { throwIfNoEntry: false });
    // A time that no write has: whether it is another one afterwards says whether there was a write.
    if (before) utimesSync(path, 1, 1);
    one.keep();
    return { loaded, wrote: statSync(path).mtimeMs !== 1000 };
  }
  const more = (exports: unknown) => (exports as () => string)();

  it('loads files as Node does, each once', () => {
    const { loaded } = process('entry.cjs', 'more.cjs', 'entry.cjs');
    expect(loaded[0]).toEqual({ name: 'entry.cjs' });
    expect(loaded[2]).toBe(loaded[0]);
    expect(more(loaded[1])).toBe('entry.cjs and more');
  });

  it('says what Node says where a file is missing', () => {
    expect(() => loader().load('none.cjs')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });

  it('learns each way once, and forgets none', () => {
    expect(process('entry.cjs').wrote).toBe(true);
    expect(process('entry.cjs').wrote).toBe(false);
    expect(process('more.cjs').wrote).toBe(true);
    expect(process('more.cjs').wrote).toBe(false);
    expect(process('entry.cjs').wrote).toBe(false);
  });

  it('takes no code of another file, not of one with as many letters', () => {
    put('entry.cjs', 'exports.first = () => 1;');
    process('entry.cjs');
    put('entry.cjs', 'exports.first = () => 2;');
    const { loaded, wrote } = process('entry.cjs');
    expect((loaded[0] as { first: () => number }).first()).toBe(2);
    expect(wrote).toBe(true);
  });

  it.each([60, 70, 120, 140])('keeps the code of a file of %d kB as of any other', (kilobytes) => {
    const blanks = ' '.repeat(kilobytes * 1024);
    for (const value of ['first', 'other']) {
      put('large.cjs', `exports.value = () => '${value}';${blanks}`);
      for (const wrote of [true, false]) {
        const made = process('large.cjs');
        const { value: told } = made.loaded[0] as { value: () => string };
        expect([told(), made.wrote]).toEqual([value, wrote]);
      }
    }
  });

  it('takes no code that is damaged, and makes it anew', () => {
    process('more.cjs');
    const whole = readFileSync(path);
    for (let at = 0; at < whole.length; at += 61) {
      const damaged = Buffer.from(whole);
      damaged.writeUInt8(whole.readUInt8(at) ^ 0x41, at);
      writeFileSync(path, damaged);
      expect(more(process('more.cjs').loaded[0])).toBe('entry.cjs and more');
    }
    for (const length of [0, 1, 100, whole.length - 1]) {
      writeFileSync(path, whole.subarray(0, length));
      const { loaded, wrote } = process('more.cjs');
      expect([more(loaded[0]), wrote]).toEqual(['entry.cjs and more', true]);
    }
  });

  it('needs no place to keep code in', () => {
    const one = new Loader(dist, native, join(dist, 'entry.cjs', 'below a file'));
    expect(more(one.load('more.cjs'))).toBe('entry.cjs and more');
    one.keep();
    const none = new Loader(dist, native, undefined);
    none.load('more.cjs');
    none.keep();
  });
});

it('a file of compiled code is read as it was written', () => {
  const part = (text: string, code: string) => ({ text: Buffer.from(text), code: Buffer.from(code) });
  const parts = new Map([
    ['ä.cjs', part('twelve bytes', 'odd')],
    ['b.cjs', part('', '8 bytes.')],
  ]);
  expect(decode(Buffer.concat(encode({ ways: ['a', 'ö'], parts })))).toEqual({ ways: ['a', 'ö'], parts });
  expect(decode(Buffer.alloc(0))).toBeUndefined();
  expect(decode(Buffer.from('[]\n'))).toBeUndefined();
});
