import { compareDecimals, decimalKey } from '../../lib/json/decimal.ts';
import { filtered, joined, numberText } from '../../lib/json/exact-json.ts';
import { isObject, sameJson } from '../../lib/json/json.ts';
import type { Shape, ShapeType } from './shape.ts';

const MOST_FORMS = 32;
/** Nothing is known: anything may come. */
export const ANY: readonly Shape[] = [{ type: 'any' }];

export function typeOf(value: unknown): ShapeType {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  if (typeof value === 'string' || typeof value === 'boolean') return typeof value as ShapeType;
  return 'object';
}

/** Whether a listed value is of the type. */
export function fits(type: ShapeType, value: unknown): boolean {
  const actual = typeOf(value);
  return type === 'any' || type === actual || (type === 'number' && actual === 'integer');
}

/** Alternatives side by side. */
export function union(all: readonly Shape[]): readonly Shape[] {
  const result: Shape[] = [];
  for (const shape of all) {
    const same = result.find((other) => other.type === shape.type && isBare(other) && isBare(shape));
    if (same?.values && shape.values) {
      const held = new Set(same.values.map(scalarAt));
      const more = shape.values;
      same.values = joined([same.values, filtered(more, (value, i) => !held.has(scalarAt(value, i, more)))]);
    } else if (same && !shape.values) delete same.values;
    else if (!same && result.length < MOST_FORMS) result.push({ ...shape });
  }
  return result.length > 0 ? result : ANY;
}

function isBare(shape: Shape): boolean {
  return !shape.items && !shape.text;
}

/** What both allow; where that is nothing, anything: the server is the judge of a contradiction. */
export function intersect(a: readonly Shape[], b: readonly Shape[]): readonly Shape[] {
  if (a === ANY) return b;
  if (b === ANY) return a;
  if (isGuess(a) !== isGuess(b)) return isGuess(a) ? informed(b, a) : informed(a, b);
  const result: Shape[] = [];
  for (const one of a) {
    for (const other of b) {
      const type = narrower(one.type, other.type);
      if (!type || result.length >= MOST_FORMS) continue;
      const shape = { ...merged(one, other), type };
      if (shape.values) {
        shape.values = filtered(shape.values, (value) => fits(type, value));
        if (shape.values.length === 0) continue;
      }
      result.push(shape);
    }
  }
  return result.length > 0 ? union(result) : ANY;
}

function isGuess(shapes: readonly Shape[]): boolean {
  return shapes.every((shape) => shape.guessed);
}

/** Keywords for one type narrow the values of that type, and leave all others alone. */
function informed(said: readonly Shape[], guess: readonly Shape[]): readonly Shape[] {
  return said.map((shape) => {
    const about = guess.find(({ type }) => narrower(shape.type, type) === shape.type);
    return about && shape.type !== 'any' ? merged(shape, about) : shape;
  });
}

/** All that both say; the type is the first one's. */
function merged(one: Shape, other: Shape): Shape {
  const shape: Shape = { type: one.type };
  const values = commonValues(one.values, other.values);
  if (values) shape.values = values;
  if (one.items || other.items) shape.items = [...(one.items ?? []), ...(other.items ?? [])];
  const places = Math.max(one.places?.length ?? 0, other.places?.length ?? 0);
  const at = (of: Shape, place: number) => of.places?.[place] ?? of.rest ?? of.items ?? [];
  if (places > 0)
    shape.places = Array.from({ length: places }, (_, place) => [...at(one, place), ...at(other, place)]);
  if (places > 0) shape.rest = [...(one.rest ?? one.items ?? []), ...(other.rest ?? other.items ?? [])];
  if (one.guessed && other.guessed) shape.guessed = true;
  if (one.text || other.text) shape.text = [...(one.text ?? []), ...(other.text ?? [])];
  return shape;
}

function narrower(a: ShapeType, b: ShapeType): ShapeType | undefined {
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
