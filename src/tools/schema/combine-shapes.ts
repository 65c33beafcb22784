import { compareDecimals, decimalKey } from '../../lib/decimal.ts';
import { filtered, joined, numberText } from '../../lib/exact-json.ts';
import { isObject, sameJson } from '../../lib/json.ts';
import type { Form, FormType } from './shape.ts';

const MOST_FORMS = 32;
/** Nothing is known: anything may come. */
export const ANY: readonly Form[] = [{ type: 'any' }];

export function typeOf(value: unknown): FormType {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  if (typeof value === 'string' || typeof value === 'boolean') return typeof value as FormType;
  return 'object';
}

/** Whether a listed value is of the type. */
export function fits(type: FormType, value: unknown): boolean {
  const actual = typeOf(value);
  return type === 'any' || type === actual || (type === 'number' && actual === 'integer');
}

/** Alternatives side by side. */
export function union(all: readonly Form[]): readonly Form[] {
  const result: Form[] = [];
  for (const form of all) {
    const same = result.find((other) => other.type === form.type && isBare(other) && isBare(form));
    if (same?.values && form.values) {
      const held = new Set(same.values.map(scalarAt));
      const more = form.values;
      same.values = joined([same.values, filtered(more, (value, i) => !held.has(scalarAt(value, i, more)))]);
    } else if (same && !form.values) delete same.values;
    else if (!same && result.length < MOST_FORMS) result.push({ ...form });
  }
  return result.length > 0 ? result : ANY;
}

function isBare(form: Form): boolean {
  return !form.items && !form.text;
}

/** What both allow; where that is nothing, anything: the server is the judge of a contradiction. */
export function intersect(a: readonly Form[], b: readonly Form[]): readonly Form[] {
  if (a === ANY) return b;
  if (b === ANY) return a;
  if (isGuess(a) !== isGuess(b)) return isGuess(a) ? informed(b, a) : informed(a, b);
  const result: Form[] = [];
  for (const one of a) {
    for (const other of b) {
      const type = narrower(one.type, other.type);
      if (!type || result.length >= MOST_FORMS) continue;
      const form = { ...merged(one, other), type };
      if (form.values) {
        form.values = filtered(form.values, (value) => fits(type, value));
        if (form.values.length === 0) continue;
      }
      result.push(form);
    }
  }
  return result.length > 0 ? union(result) : ANY;
}

function isGuess(forms: readonly Form[]): boolean {
  return forms.every((form) => form.guessed);
}

/** Keywords for one type narrow the values of that type, and leave all others alone. */
function informed(said: readonly Form[], guess: readonly Form[]): readonly Form[] {
  return said.map((form) => {
    const about = guess.find(({ type }) => narrower(form.type, type) === form.type);
    return about && form.type !== 'any' ? merged(form, about) : form;
  });
}

/** All that both say; the type is the first one's. */
function merged(one: Form, other: Form): Form {
  const form: Form = { type: one.type };
  const values = commonValues(one.values, other.values);
  if (values) form.values = values;
  if (one.items || other.items) form.items = [...(one.items ?? []), ...(other.items ?? [])];
  const places = Math.max(one.places?.length ?? 0, other.places?.length ?? 0);
  const at = (of: Form, place: number) => of.places?.[place] ?? of.rest ?? of.items ?? [];
  if (places > 0)
    form.places = Array.from({ length: places }, (_, place) => [...at(one, place), ...at(other, place)]);
  if (places > 0) form.rest = [...(one.rest ?? one.items ?? []), ...(other.rest ?? other.items ?? [])];
  if (one.guessed && other.guessed) form.guessed = true;
  if (one.text || other.text) form.text = [...(one.text ?? []), ...(other.text ?? [])];
  return form;
}

function narrower(a: FormType, b: FormType): FormType | undefined {
  if (a === b || b === 'any') return a;
  if (a === 'any') return b;
  const both = new Set([a, b]);
  return both.has('integer') && both.has('number') ? 'integer' : undefined;
}

function commonValues(
  a: readonly unknown[] | undefined,
  b: readonly unknown[] | undefined,
): readonly unknown[] | undefined {
  if (!a || !b) return a ?? b;
  const scalars = new Set(b.map(scalarAt));
  return filtered(
    a,
    (value, i) =>
      scalars.has(scalarAt(value, i, a)) || (isObject(value) && b.some((other) => sameJson(value, other))),
  );
}

/** All values of the lists, each scalar once. */
export function distinct(lists: readonly (readonly unknown[])[]): unknown[] {
  const all = joined(lists);
  const seen = new Set<unknown>();
  return filtered(all, (value, i) => seen.size < seen.add(scalarAt(value, i, all)).size);
}

/** Something that equal scalars of lists have in common: a number that a double cannot hold is told from its neighbours. */
function scalarAt(value: unknown, at: number, list: readonly unknown[]): unknown {
  const text = typeof value === 'number' ? numberText(list, at) : undefined;
  if (text === undefined || compareDecimals(text, String(value)) === 0) return value;
  return `\uE000${decimalKey(text)}`;
}
