import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readBounded } from '../../src/lib/disk/bounded-read.ts';
import { freshDir } from '../support/home.ts';

function bounded(text: string): string {
  const path = join(freshDir(), 'file.json');
  writeFileSync(path, text);
  return readBounded(path);
}

it.each([
  '{}',
  ' { "a" : 1 , "b":[1,{"c":"}],\\"\\\\"}], "d":null,"e":{"f":{}} }\n',
  '{"":"","ü\\u00e4":"\\ud83d\\ude00","n":-1.5e300,"t":true}',
])('what is short is as it was: %s', (text) => {
  expect(JSON.parse(bounded(text))).toEqual(JSON.parse(text));
});

it('long texts are cut between characters and escapes, wherever they are', () => {
  for (const unit of ['x', 'ä', '😀', '\n', '"', '\\', '\\"', '\u0007', 'f'])
    for (const before of ['', 'a', 'ab', 'abc', 'abcd', 'abcde']) {
      const text = before + unit.repeat(200_000);
      const record = { first: text, more: { deep: [text, 1] }, last: 'end' };
      const read = JSON.parse(bounded(JSON.stringify(record)));
      expect(read.last).toBe('end');
      for (const one of [read.first, read.more.deep[0]]) {
        const [, kept = '', left] = /^(.*)\.\.\. \((\d+) more bytes\)$/s.exec(one) ?? [];
        expect(text.startsWith(kept), unit).toBe(true);
        expect(kept.length).toBeGreaterThan(1_000);
        expect(Buffer.byteLength(JSON.stringify(kept)) - 2 + Number(left)).toBe(
          Buffer.byteLength(JSON.stringify(text)) - 2,
        );
      }
      expect(read.more.deep[1]).toBe(1);
    }
});

it('a member that is large without long texts is left out, and says so', () => {
  const many = Array.from({ length: 50_000 }, (_, i) => ({ i }));
  const read = JSON.parse(
    bounded(
      JSON.stringify({ a: 1, remote: { many }, list: many, error: { code: 'x', message: 'y', many }, z: 2 }),
    ),
  );
  expect(read).toEqual({
    a: 1,
    remote: { truncated: true },
    list: [],
    error: { code: 'truncated', message: 'it is too large to be listed', truncated: true },
    z: 2,
  });
});

it('what is damaged stays so', () => {
  const whole = JSON.stringify({ a: 'x'.repeat(100_000), b: { c: [1] } });
  for (let end = 0; end < whole.length; end += end < 20 || end > 100_000 ? 1 : 9_999)
    expect(() => JSON.parse(bounded(whole.slice(0, end)))).toThrow(SyntaxError);
});
