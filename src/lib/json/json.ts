/** JSON values, without being fooled by names like `__proto__`: every key is data. */
import { compareDecimals } from './decimal.ts';
import { numberText, stringifyJson } from './exact-json.ts';

export type JsonObject = { [key: string]: unknown };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An own property, never an inherited one. */
export function own(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** A JSON value as text: a string as it stands. Unlike `String` it never throws, and says what is in an object. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (stringifyJson(value) ?? '');
}

/** The same for the value at a key, a number with its text. */
export function textAt(holder: object, key: string | number): string {
  return numberText(holder, key) ?? textOf((holder as JsonObject)[key]);
}

/** Sets an own property even where assignment would call a setter (`__proto__`). */
export function setOwn(object: JsonObject, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

/**
 * Equality of JSON values: objects without regard to the order of keys (JSON Schema 2020-12, core 4.2.2), numbers by their exact values as far as
 * they stand in an object or array.
 */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((_, i) => sameAt(a, i, b, i));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameAt(a, key, b, key))
  );
}

/** The same for what stands at two places. */
export function sameAt(a: object, aKey: string | number, b: object, bKey: string | number): boolean {
  const one = (a as JsonObject)[aKey];
  const other = (b as JsonObject)[bKey];
  if (!sameJson(one, other)) return false;
  if (typeof one !== 'number') return true;
  const text = numberText(a, aKey);
  const otherText = numberText(b, bKey);
  return text === otherText || compareDecimals(text ?? String(one), otherText ?? String(one)) === 0;
}

/** True when arrays and objects are nested deeper than `limit`. Does not recurse, so no input can overflow the stack. */
export function deeperThan(value: unknown, limit: number): boolean {
  let level = [value].filter(isNested);
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > limit) return true;
    const below: object[] = [];
    for (const one of level) for (const child of Object.values(one)) if (isNested(child)) below.push(child);
    level = below;
  }
  return false;
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
