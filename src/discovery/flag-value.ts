import { typeOf } from './combine-forms.ts';
import { DIGITS_LOST, losesDigits } from './exact-json.ts';
import { matchesPattern } from './plain-pattern.ts';
import type { Form, TextRule } from './schema-forms.ts';
import { nearestNames } from './suggest.ts';

export type WordResult = { value: unknown } | { problem: string };

/** JSON's number syntax (RFC 8259, 6), and `.5`: no `+5`, `007`, `0x10`, `NaN`, no empty string. */
const NUMBER = /^-?(?:(?:0|[1-9]\d*)(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const WHOLE = /^-?\d+$/;

/**
 * The value that a typed word stands for. Where a schema allows such text, the word is taken as it stands; any other shape is tried only when
 * the word is none of the allowed texts, or breaks their rules. `problem` says what was expected and never repeats the word of a secret.
 */
export function readWord(word: string, forms: readonly Form[], secret = false): WordResult {
  const exact = readExactly(word, forms);
  if ('value' in exact) return exact;
  // Text that breaks a rule is still text: the check of the arguments says which.
  if (forms.some((form) => form.type === 'string' && !form.values)) return { value: word };
  const { problem: reason } = exact;
  const given = secret
    ? ''
    : ` (given ${quote(word)}${suggestValue(
        word,
        forms.flatMap((form) => form.values ?? []),
      )})`;
  return { problem: `must be ${describeForms(forms)}${reason === '' ? '' : `: ${reason}`}${given}` };
}

/** The same where no shape fits but text that breaks its rules: that is a `problem` then. It holds only what is to be said beside the shapes. */
export function readExactly(word: string, forms: readonly Form[]): WordResult {
  const of = (...types: Form['type'][]) => forms.filter((form) => types.includes(form.type));
  for (const form of of('string'))
    if (form.values ? form.values.includes(word) : keepsRules(word, form.text)) return { value: word };
  if (of('null').length > 0 && word === 'null') return { value: null };
  if (of('boolean').length > 0 && (word === 'true' || word === 'false')) return { value: word === 'true' };

  let reason = '';
  const numeric = of('integer', 'number');
  if (numeric.length > 0) {
    const number = readNumber(word, numeric);
    if ('value' in number) {
      if (numeric.some((form) => !form.values || form.values.includes(number.value))) return number;
    } else reason = number.problem;
  }
  if (of('array', 'object', 'any').length > 0) {
    const parsed = readJson(word);
    const type = parsed && typeOf(parsed.value);
    const isHolder = type === 'array' || type === 'object';
    if (parsed && isHolder && !parsed.exact) return { problem: DIGITS_LOST };
    if (parsed && of('any').length > 0) return parsed.exact ? { value: parsed.value } : { value: word };
    if (parsed && of('array', 'object').some((form) => form.type === type)) return { value: parsed.value };
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

function readNumber(word: string, forms: readonly Form[]): WordResult {
  if (!NUMBER.test(word)) return { problem: '' };
  const value = Number(word);
  if (!Number.isFinite(value)) return { problem: 'it is too large' };
  const wholeOnly = forms.every((form) => form.type === 'integer');
  if (wholeOnly && !Number.isInteger(value)) return { problem: '' };
  // Sent as JSON numbers, these would arrive rounded, in --args as well: a wrong id is worse than an error.
  if (wholeOnly ? !Number.isSafeInteger(value) : !isExact(word, value))
    return { problem: `beyond ±${Number.MAX_SAFE_INTEGER} it would not arrive exactly` };
  return { value: Object.is(value, -0) ? 0 : value };
}

function isExact(word: string, value: number): boolean {
  return !WHOLE.test(word) || BigInt(word) === BigInt(value);
}

/** `exact` is false where a JSON number cannot hold a whole number of it. */
function readJson(word: string): { value: unknown; exact: boolean } | undefined {
  try {
    const value: unknown = JSON.parse(word);
    return {
      value,
      exact: !(typeof value === 'number' && !Number.isFinite(value)) && !losesDigits(word),
    };
  } catch {
    return undefined;
  }
}

const NAMES: Record<Form['type'], string> = {
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
export function describeForms(forms: readonly Form[]): string {
  const values = forms.flatMap((form) => (form.type === 'null' ? [] : (form.values ?? [])));
  const open = [
    ...new Set(forms.filter((f) => !f.values || f.type === 'null').map((form) => NAMES[form.type])),
  ];
  if (values.length > 0) open.push(`one of: ${listValues(values)}`);
  return open.length > 1 ? `${open.slice(0, -1).join(', ')} or ${open.at(-1)}` : (open[0] ?? 'JSON');
}

/** Values as people would type them, the first 20 of a long list. */
export function listValues(values: readonly unknown[]): string {
  const shown = values.slice(0, 20).map(plain);
  return values.length > 20 ? `${shown.join(', ')}, ... (${values.length} in all)` : shown.join(', ');
}

/** As it would be typed: text without quotes, the rest as JSON. */
export function plain(value: unknown): string {
  return typeof value === 'string' && value !== '' ? cut(value) : cut(JSON.stringify(value) ?? 'nothing');
}

/** A value for a message: short, text in quotes. */
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
