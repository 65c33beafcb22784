/** Numbers as JSON writes them (RFC 8259, section 6), compared as decimals: exactly, whatever their length. */

interface Decimal {
  sign: -1 | 0 | 1;
  /** Without zeros at either end. */
  digits: string;
  /** How many of the digits stand before the point; negative for zeros behind it. */
  point: number;
}

/** Longer ones are no numbers that anybody means, and none that a double could hold. */
const MOST_DIGITS = 309;

/** The last long one: it may be compared with many. */
let last: { text: string; number: Decimal | undefined } | undefined;

function read(text: string): Decimal | undefined {
  if (text.length < 1_000) return readNew(text);
  if (last?.text !== text) last = { text, number: readNew(text) };
  return last.number;
}

function readNew(text: string): Decimal | undefined {
  const [, minus, whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  if (whole === '') return undefined;
  const all = whole + fraction;
  const first = all.search(/[1-9]/);
  if (first < 0) return { sign: 0, digits: '', point: 0 };
  let end = all.length;
  while (all[end - 1] === '0') end -= 1;
  return {
    sign: minus === '-' ? -1 : 1,
    digits: all.slice(first, end),
    point: whole.length - first + Number(exponent),
  };
}

/** Less than, equal to or greater than 0, as the first is; NaN where one is no number. */
export function compareDecimals(a: string, b: string): number {
  const one = read(a);
  const other = read(b);
  if (!one || !other) return Number.NaN;
  if (one.sign !== other.sign) return one.sign - other.sign;
  if (one.point !== other.point) return one.point < other.point ? -one.sign : one.sign;
  if (one.digits === other.digits) return 0;
  return one.digits < other.digits ? -one.sign : one.sign;
}

/** Whether it has nothing behind the point: `1e3` and `2.0` have not. */
export function isWhole(text: string): boolean {
  const number = read(text);
  return number !== undefined && number.point >= number.digits.length;
}

/** A whole number in plain digits: `1000` for `1e3`. Undefined for one of more digits than a double can have. */
export function plainDigits(text: string): string | undefined {
  const number = read(text);
  if (!number || number.point > MOST_DIGITS) return undefined;
  if (number.sign === 0) return '0';
  return `${number.sign < 0 ? '-' : ''}${number.digits.padEnd(number.point, '0')}`;
}

/** One text for all that are equal. */
export function decimalKey(text: string): string {
  const number = read(text);
  return number ? `${number.sign}:${number.digits}:${number.point}` : text;
}
