import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareDecimals, isWhole, plainDigits } from '../../src/lib/json/decimal.ts';
import {
  carryNumber,
  filtered,
  joined,
  keepTexts,
  markedCopy,
  merged,
  noteNumber,
  numberText,
  parseJson,
  stringifyJson,
  unmarkedText,
} from '../../src/lib/json/exact-json.ts';
import { decodeText } from '../../src/lib/text/text.ts';
import { jsonNumber } from '../support/json-number.ts';

test.each([
  '{"id":725653563933458432,"neg":-7108510333361982070,"f":0.1,"e":1e400,"dec":1.10}',
  '[18446744073709551615,[1.0,-0,0.0],{"a":1E5,"b":1e-400,"c":0.1000000000000000055511151231257827}]',
  '{"__proto__":1.0,"a":"1.0 and 99999999999999999999","b\\"":2.50}',
  '{"text":"ends in a slash \\\\","n":1.0}',
  '[0.0000001,123456789.123456789,-0.0000010,1e-7,1E+2]',
  '1.0',
  '-0',
])('comes out as it went in: %s', (text) => {
  expect(stringifyJson([parseJson(`[${text}]`)])).toBe(`[[${text.trim()}]]`);
});

test('values are the nearest numbers, and strings stay strings', () => {
  expect(parseJson('{"id":725653563933458432,"e":1e400,"t":"1.0"}')).toMatchObject({
    id: 725653563933458400,
    e: Infinity,
    t: '1.0',
  });
});

test('a number that was changed is written as it is now', () => {
  const value = parseJson('{"a":1.0,"b":2.0}') as Record<string, unknown>;
  value['a'] = 7;
  expect(stringifyJson(value)).toBe('{"a":7,"b":2.0}');
});

test('a spread takes the texts along', () => {
  const value = parseJson('{"a":9007199254740993}') as object;
  expect(stringifyJson({ ...value, b: 1 })).toBe('{"a":9007199254740993,"b":1}');
});

test('a typed number is sent as typed', () => {
  const value = { id: Number('725653563933458432'), list: [Number('1.0')] };
  noteNumber(value, 'id', '725653563933458432');
  noteNumber(value.list, 0, '1.0');
  expect(stringifyJson(value)).toBe('{"id":725653563933458432,"list":[1.0]}');
  expect(numberText(value, 'id')).toBe('725653563933458432');
  expect(numberText(value, 'toString')).toBeUndefined();
});

test('a number that replaces another one has its own text', () => {
  const value = parseJson('{"id":725653563933458432,"other":[725653563933458433]}') as {
    id: number;
    other: number[];
  };
  carryNumber(value.other, 0, value, 'id');
  expect(stringifyJson(value)).toBe('{"id":725653563933458433,"other":[725653563933458433]}');
  noteNumber(value, 'id', '725653563933458400');
  expect(stringifyJson(value)).toBe('{"id":725653563933458400,"other":[725653563933458433]}');
});

test('copies keep the texts, and what they change in theirs is not changed in the first', () => {
  const value = parseJson('[1.0,{"a":2.0},3.0]') as unknown[];
  const copy = keepTexts(value.slice(), value);
  noteNumber(copy, 0, '1.00');
  expect(stringifyJson([copy, value])).toBe('[[1.00,{"a":2.0},3.0],[1.0,{"a":2.0},3.0]]');
  expect(stringifyJson(filtered(value, (one) => typeof one === 'number'))).toBe('[1.0,3.0]');
  expect(stringifyJson(joined([[0], value, [], [4], value]))).toBe(
    '[0,1.0,{"a":2.0},3.0,4,1.0,{"a":2.0},3.0]',
  );
});

test('two objects in one have the texts of both, each number that of the object that it is from', () => {
  const [first, second] = ['{"a":1.0,"b":2.0,"c":3.0,"__proto__":4.0}', '{"b":2,"c":3.00,"d":5.0}'].map(
    (text) => parseJson(text) as object,
  ) as [object, object];
  expect(stringifyJson(merged(first, second))).toBe('{"a":1.0,"b":2,"c":3.00,"__proto__":4.0,"d":5.0}');
  expect(stringifyJson(merged({ b: 1, e: 6 }, second))).toBe('{"b":2,"e":6,"c":3.00,"d":5.0}');
  expect(stringifyJson([first, second])).toBe(
    '[{"a":1.0,"b":2.0,"c":3.0,"__proto__":4.0},{"b":2,"c":3.00,"d":5.0}]',
  );
});

test('what is noted at an object whose copy has its texts is not noted at the copy', () => {
  const value: Record<string, number> = {};
  for (const [name, text] of Object.entries({ a: '1.0', b: '2.0' })) {
    value[name] = Number(text);
    noteNumber(value, name, text);
  }
  const copy = { ...value };
  noteNumber(value, 'a', '1.00');
  noteNumber(value, 'b', '2');
  noteNumber(copy, 'c', '3.0');
  expect(stringifyJson([value, { ...copy, c: 3 }])).toBe('[{"a":1.00,"b":2},{"a":1.0,"b":2.0,"c":3.0}]');
});

test('many numbers are noted one by one in no time', () => {
  const value: Record<number, number> = {};
  for (let i = 0; i < 100_000; i++) {
    value[i] = i;
    noteNumber(value, i, `${i}.0`);
  }
  expect(numberText(value, 99_999)).toBe('99999.0');
});

test('who writes JSON otherwise keeps the texts by marks', () => {
  const text = '{"a":[1.0,{"b":725653563933458432}],"c":1,"d":"1.0"}';
  const value = parseJson(text) as object;
  const copy = markedCopy(value);
  expect(copy).toMatchObject({ a: [expect.any(String), { b: expect.any(String) }], c: 1, d: '1.0' });
  expect(unmarkedText(JSON.stringify(copy))).toBe(text);
});

test.each([
  ['1', '1.0', 0],
  ['0', '-0.0e9', 0],
  ['100', '1E2', 0],
  ['9223372036854775807', '9223372036854775808', -1],
  ['-9223372036854775807', '-9223372036854775808', 1],
  ['1e400', '1e401', -1],
  ['1e-400', '0', 1],
  ['-1', '1', -1],
  ['0.1', '0.10000000000000000001', -1],
])('%s against %s: %i', (a, b, order) => {
  expect(Math.sign(compareDecimals(a, b))).toBe(order);
  expect(Math.sign(compareDecimals(b, a))).toBe(order === 0 ? 0 : -order);
});

test('decimals are ordered as whole numbers of any length are, at any scale', () => {
  fc.assert(
    fc.property(fc.bigInt(), fc.bigInt(), fc.integer({ min: -40, max: 40 }), (a, b, scale) => {
      const order = compareDecimals(`${a}e${scale}`, `${b}0e${scale - 1}`);
      expect(Math.sign(order)).toBe(a < b ? -1 : a > b ? 1 : 0);
      expect(plainDigits(`${a}0.00`)).toBe(String(a * 10n));
      expect(isWhole(`${a}e-1`)).toBe(a % 10n === 0n);
    }),
  );
});

test.each(['{1e400:1}', '{12345678901234567890:1}', '[01.0]', '[1.0.0]', '[1.0', '["1.0]', '1.0 1.0', '[-]'])(
  'refuses what JSON.parse refuses: %s',
  (text) => {
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    expect(() => parseJson(text)).toThrow(SyntaxError);
  },
);

test('agrees with JSON.parse on any JSON, and writes what it read', () => {
  const number = fc.oneof(
    fc.double().map((n) => JSON.stringify(n)),
    fc.bigInt().map(String),
    fc.constantFrom('1.0', '-0', '1e400', '-1E-7', '0.10', '1e+2'),
    jsonNumber,
  );
  const { json } = fc.letrec<{ json: string }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 4 },
      number,
      fc.string({ unit: 'binary' }).map((s) => JSON.stringify(s)),
      fc.array(tie('json'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
      fc
        .uniqueArray(
          fc.string().filter((k) => !/^\d+$/.test(k)),
          { maxLength: 4 },
        )
        .chain((keys) =>
          fc.tuple(...keys.map(() => tie('json'))).map((values) => {
            const members = keys.map((key, i) => `${JSON.stringify(key)}:${values[i]}`);
            return `{${members.join(',')}}`;
          }),
        ),
    ),
  }));
  fc.assert(
    fc.property(json, (text) => {
      const wrapped = `[${text}]`;
      const value = parseJson(wrapped);
      expect(JSON.stringify(value)).toBe(JSON.stringify(JSON.parse(wrapped)));
      expect(stringifyJson(value)).toBe(wrapped);
    }),
  );
});

test('text of 32 MiB with escapes and one long number takes no stack', () => {
  const text = `{"s":"${'\\n'.repeat(16 << 20)}","n":1.0}`;
  expect(stringifyJson(parseJson(text))).toBe(text);
});

test.each([
  ['UTF-8', Buffer.from('\ufeff{"a":"ä"}', 'utf8')],
  ['UTF-16, little end first', Buffer.from('\ufeff{"a":"ä"}', 'utf16le')],
  ['UTF-16, big end first', Buffer.from('\ufeff{"a":"ä"}', 'utf16le').swap16()],
  ['no mark', Buffer.from('{"a":"ä"}', 'utf8')],
])('a byte order mark is dropped: %s', (_, bytes) => {
  expect(decodeText(bytes)).toBe('{"a":"ä"}');
});

test('one byte order mark only is dropped', () => {
  expect(decodeText(Buffer.from('\ufeff\ufeffa'))).toBe('\ufeffa');
});
