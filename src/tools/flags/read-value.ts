import { isWhole, plainDigits } from '../../lib/json/decimal.ts';
import {
  isJsonNumber,
  joined,
  noteNumber,
  numberText,
  parseJson,
  stringifyJson,
} from '../../lib/json/exact-json.ts';
import { sameAt } from '../../lib/json/json.ts';
import { nearestNames } from '../../lib/text/nearest-names.ts';
import { matchesPattern } from '../checks/safe-pattern.ts';
import { typeOf } from '../schema/combine-shapes.ts';
import type { Shape, TextRule } from '../schema/shape.ts';

/** A number's text is noted at `value` (exact-json.ts): whoever puts the value elsewhere carries it along. */
export type WordResult = { value: unknown } | { problem: string };

/**
 * The value that a typed word stands for. Where a schema allows such text, the word is taken as it stands; any other shape is tried only when
 * the word is none of the allowed texts, or breaks their rules. `problem` says what was expected and never repeats the word of a secret.
 */
export function readWord(word: string, shapes: readonly Shape[], secret = false): WordResult {
  const exact = readExactly(word, shapes);
  if ('value' in exact) return exact;
  // Text that breaks a rule is still text: the check of the arguments says which.
  if (shapes.some((shape) => shape.type === 'string' && !shape.values)) return { value: word };
  const { problem: reason } = exact;
  const given = secret
    ? ''
    : ` (given ${quote(word)}${suggestValue(
        word,
        shapes.flatMap((shape) => shape.values ?? []),
      )})`;
  return { problem: `must be ${describeShapes(shapes)}${reason === '' ? '' : `: ${reason}`}${given}` };
}

/** The same where no shape fits but text that breaks its rules: that is a `problem` then. It holds only what is to be said beside the shapes. */
export function readExactly(word: string, shapes: readonly Shape[]): WordResult {
  const of = (...types: Shape['type'][]) => shapes.filter((shape) => types.includes(shape.type));
  for (const form of of('string'))
    if (form.values ? form.values.includes(word) : keepsRules(word, form.text)) return { value: word };
  if (of('null').length > 0 && word === 'null') return { value: null };
  if (of('boolean').length > 0 && (word === 'true' || word === 'false')) return { value: word === 'true' };

  let reason = '';
  const numeric = of('integer', 'number');
  if (numeric.length > 0) {
    const number = readNumber(
      word,
      numeric.every((shape) => shape.type === 'integer'),
    );
    if ('value' in number) {
      if (numeric.some(({ values }) => !values || values.some((_, i) => sameAt(values, i, number, 'value'))))
        return number;
    } else reason = number.problem;
  }
  if (of('array', 'object', 'any').length > 0) {
    const parsed = readJson(word);
    const type = parsed && typeOf(parsed.value);
    if (parsed && of('any').length > 0) return parsed;
    if (parsed && of('array', 'object').some((shape) => shape.type === type)) return parsed;
    // A schema without a type takes anything, so what is no JSON is text.
    if (of('any').length > 0) return { value: word };
  }
  return { problem: reason };
}

/** In doubt it does: text is text. */
function keepsRules(word: string, rules: readonly TextRule[] = []): boolean {
  return rules.every(({ min = 0, max = Number.POSITIVE_INFINITY, pattern }) => {
    const length = [...word].length;
    if (length < min || length > max) return false;
    return pattern === undefined || matchesPattern(pattern, word) !== false;
  });
}

/**
 * JSON's number syntax (RFC 8259, 6), and `.5`: no `+5`, `007`, `0x10`, `NaN`, no empty string. A number is sent as it was typed, an integer in
 * plain digits: many servers read `1e3` and `2.0` as no integers.
 */
export function readNumber(word: string, whole: boolean): WordResult {
  let text = word.replace(/^(-?)(?=\.)/, (minus) => `${minus}0`);
  if (!isJsonNumber(text)) return { problem: '' };
  if (whole) {
    if (!isWhole(text)) return { problem: '' };
    const digits = plainDigits(text);
    if (digits === undefined) return { problem: 'it is too large' };
    text = digits;
  }
  const result = { value: Number(text) };
  noteNumber(result, 'value', text);
  return result;
}

/** What the word is as JSON; a number with its text. */
function readJson(word: string): { value: unknown } | undefined {
  try {
    const parsed = { value: parseJson(word) };
    if (typeof parsed.value === 'number') noteNumber(parsed, 'value', word.trim());
    return parsed;
  } catch {
    return undefined;
  }
}

const NAMES: Record<Shape['type'], string> = {
  string: 'text',
  number: 'a number',
  integer: 'an integer',
  boolean: 'true or false',
  null: 'null',
  array: 'a JSON array',
  object: 'a JSON object',
  any: 'JSON',
};

/** `an integer, null or one of: low, high`. */
export function describeShapes(shapes: readonly Shape[]): string {
  const values = joined(shapes.map((shape) => (shape.type === 'null' ? [] : (shape.values ?? []))));
  const open = [
    ...new Set(shapes.filter((f) => !f.values || f.type === 'null').map((shape) => NAMES[shape.type])),
  ];
  if (values.length > 0) open.push(`one of: ${listValues(values)}`);
  return open.length > 1 ? `${open.slice(0, -1).join(', ')} or ${open.at(-1)}` : (open[0] ?? 'JSON');
}

/** Values as people would type them, the first 20 of a long list. */
export function listValues(values: readonly unknown[]): string {
  const shown = values.slice(0, 20).map((_, i) => plainAt(values, i));
  return values.length > 20 ? `${shown.join(', ')}, ... (${values.length} in all)` : shown.join(', ');
}

/** The value at a key as it would be typed: text without quotes, the rest as JSON. */
export function plainAt(holder: object, key: string | number): string {
  return cut(numberText(holder, key) ?? plain((holder as Record<string, unknown>)[key]));
}

/** The same for what is no number of somebody else's. */
export function plain(value: unknown): string {
  return typeof value === 'string' && value !== '' ? cut(value) : cut(stringifyJson(value) ?? 'nothing');
}

/** The value at a key for a message: short, text in quotes. */
export function quoteAt(holder: object, key: string | number): string {
  return cut(numberText(holder, key) ?? quote((holder as Record<string, unknown>)[key]));
}

/** The same for what is no number of somebody else's. */
export function quote(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return cut(JSON.stringify(value) ?? 'nothing');
}

function cut(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** `; did you mean low?` for text that is close to an allowed one. */
export function suggestValue(value: unknown, allowed: readonly unknown[]): string {
  if (typeof value !== 'string') return '';
  const near = nearestNames(
    value,
    allowed.filter((v) => typeof v === 'string'),
    1,
  );
  return near[0] === undefined ? '' : `; did you mean ${near[0]}?`;
}
