/** What is kept of a server's state is short, whatever makes it long: texts, numbers of many digits, many of either. */
import { expect, test } from 'vitest';
import { cutState, cutValue, isWithin, MESSAGE_LENGTH } from '../../src/lib/caps.ts';
import { parseJson, stringifyJson } from '../../src/lib/json/exact-json.ts';

const LENGTH = 10_000;
const DIGITS = '7'.repeat(1_000_000);
const read = (text: string) => parseJson(text) as Record<string, unknown>;
const cut = (text: string) => stringifyJson(cutState(read(text), LENGTH));

test('what is short is kept as it is', () => {
  const value = read('{"id":725653563933458432,"x":[1.10,{"e":1e400}]}');
  expect(cutState(value, LENGTH)).toBe(value);
});

test.each([`{"a":${DIGITS}}`, `[${DIGITS}]`, `{"a":[{"b":${DIGITS}}]}`])(
  'the digits of a number count: %#',
  (text) => {
    expect(isWithin(parseJson(text), DIGITS.length)).toBe(false);
    expect(isWithin(parseJson(text), DIGITS.length + 100)).toBe(true);
  },
);

test('a long number is cut as a text is, and the others stay exact', () => {
  const told = `"${DIGITS.slice(0, MESSAGE_LENGTH)}... (${DIGITS.length - MESSAGE_LENGTH} more characters)"`;
  expect(cut(`{"id":725653563933458432,"a":{"b":[1.10,${DIGITS}]},"z":1e400}`)).toBe(
    `{"id":725653563933458432,"a":{"b":[1.10,${told}]},"z":1e400,"truncated":true}`,
  );
});

test('what is too large with long numbers cut keeps its simple members', () => {
  const some = Array(20)
    .fill(`1${'0'.repeat(1_000)}1`)
    .join(',');
  expect(cut(`{"id":725653563933458432,"a":[${some}],"x":1.10}`)).toBe(
    '{"id":725653563933458432,"x":1.10,"truncated":true}',
  );
  const members = Array.from({ length: 20 }, (_, i) => `"n${i}":1${'0'.repeat(1_000)}1`).join(',');
  expect(cut(`{"x":1.10,${members}}`).length).toBeLessThan(LENGTH + 100);
  expect(cut(`{"x":1.10,${members}}`)).toContain('{"x":1.10,"n0":1000');
});

test('a list of long numbers is told by its length', () => {
  expect(cutValue(parseJson(`[1,${DIGITS}]`), LENGTH)).toEqual({ truncated: true, items: 2 });
});
