import { compareDecimals, isWhole } from '../../lib/json/decimal.ts';
import { numberText } from '../../lib/json/exact-json.ts';
import { isObject, type JsonObject, own, sameAt } from '../../lib/json/json.ts';
import { typeOf } from '../schema/combine-shapes.ts';
import { listOf, readSchema } from '../schema/reader.ts';
import { weigh } from './check-budget.ts';
import { MOST_VIOLATIONS, type Violation } from './violation.ts';

/** Checks a value; undefined when that takes more than so many steps (default: no limit). */
export type PlainCheck = (value: unknown, steps?: number) => Violation[] | undefined;

const TOO_MANY_STEPS = Symbol('too many steps');
const ENOUGH = Symbol('enough violations');

/**
 * The check for plain schemas, which most tools have. It says exactly what ajv says (a test compares them on random schemas), and
 * saves loading ajv, which takes longer than everything else in a call. Any keyword that is not listed here is left to ajv.
 */
export function plainCheck(root: unknown): PlainCheck | undefined {
  if (!isObject(root)) return makeCheck(root);
  if (!made.has(root)) made.set(root, makeCheck(root));
  return made.get(root);
}

/** By the schema: `--each` makes thousands of calls of one tool. */
const made = new WeakMap<object, PlainCheck | undefined>();

function makeCheck(root: unknown): PlainCheck | undefined {
  const rules: Rules = {
    root,
    known: new Map(),
    oldRefs: /draft-0[3-7]/.test(String(isObject(root) && root['$schema'])),
  };
  const size = plainSize(root, rules, 0);
  if (size === undefined || size.schemas > MOST_SCHEMAS || size.height > DEEPEST) return undefined;
  const hasDefault = defaultFinder(root);
  return (value, steps = Number.POSITIVE_INFINITY) => {
    const found: Violation[] = [];
    try {
      check({ root, hasDefault, left: steps, all: found }, root, { holder: [value], key: 0 }, [], found);
    } catch (error) {
      if (error === TOO_MANY_STEPS) return undefined;
      if (error !== ENOUGH) throw error;
    }
    return found.slice(0, MOST_VIOLATIONS);
  };
}

interface Rules {
  root: unknown;
  /** What was looked at before; undefined for what is not plain, or refers to itself. */
  known: Map<unknown, Size | undefined>;
  /** Up to draft-07, keywords beside `$ref` mean nothing. */
  oldRefs: boolean;
}

/** Subschemas, each reference counted with all that is behind it, and how deep they go. */
interface Size {
  schemas: number;
  height: number;
}

/** Larger ones are left to ajv, which counts them again and says so. */
const MOST_SCHEMAS = 50_000;
const DEEPEST = 32;

const TYPES = new Set<unknown>(['string', 'number', 'integer', 'boolean', 'null', 'array', 'object']);
const ANNOTATIONS = new Set(
  'title description default examples format deprecated readOnly writeOnly $comment $schema $defs definitions'.split(
    ' ',
  ),
);
const isNumber = (value: unknown) => typeof value === 'number' && Number.isFinite(value);
/** The keywords and what they must look like; ajv refuses schemas where they do not. */
const SHAPES = new Map<string, (value: unknown) => boolean>([
  ['type', (v) => TYPES.has(v) || (Array.isArray(v) && v.length > 0 && v.every((t) => TYPES.has(t)))],
  ['enum', (v) => Array.isArray(v) && v.length > 0],
  ['const', () => true],
  ['minimum', isNumber],
  ['maximum', isNumber],
  ['exclusiveMinimum', isNumber],
  ['exclusiveMaximum', isNumber],
  ['minLength', isNumber],
  ['maxLength', isNumber],
  ['minItems', isNumber],
  ['maxItems', isNumber],
  [
    'required',
    (v) => Array.isArray(v) && v.every((name) => typeof name === 'string') && new Set(v).size === v.length,
  ],
  ['additionalProperties', (v) => typeof v === 'boolean' || isEmpty(v)],
  ['properties', (v) => isObject(v) && !Object.hasOwn(v, '__proto__')],
  ['items', (v) => v === true || isObject(v)],
  ['anyOf', (v) => Array.isArray(v) && v.length > 0],
  ['allOf', (v) => Array.isArray(v) && v.length > 0],
  ['$ref', (v) => typeof v === 'string' && /^#\/(\$defs|definitions)\/[\w.-]+$/.test(v)],
]);

function isEmpty(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length === 0;
}

/** The size of a schema that has only keywords from the list; undefined for any other, and for one that refers to itself. */
function plainSize(schema: unknown, rules: Rules, depth: number): Size | undefined {
  if (schema === true) return { schemas: 1, height: 1 };
  if (!isObject(schema) || depth > DEEPEST) return undefined;
  if (rules.known.has(schema)) return rules.known.get(schema);
  rules.known.set(schema, undefined);
  const keywords = Object.keys(schema).filter((keyword) => !ANNOTATIONS.has(keyword));
  for (const keyword of keywords) if (!SHAPES.get(keyword)?.(schema[keyword])) return undefined;
  const inner: unknown[] = [];
  if (schema['$ref'] !== undefined) {
    if (rules.oldRefs && keywords.length > 1) return undefined;
    inner.push(target(rules.root, schema['$ref']));
  }
  for (const one of Object.values(isObject(schema['properties']) ? schema['properties'] : {}))
    inner.push(one);
  if (schema['items'] !== undefined) inner.push(schema['items']);
  for (const keyword of ['anyOf', 'allOf']) for (const one of listOf(schema[keyword])) inner.push(one);
  const size = { schemas: 1, height: 1 };
  for (const one of inner) {
    const part = plainSize(one, rules, depth + 1);
    if (part === undefined) return undefined;
    size.schemas = Math.min(size.schemas + part.schemas, MOST_SCHEMAS + 1);
    size.height = Math.max(size.height, part.height + 1);
  }
  rules.known.set(schema, size);
  return size;
}

function target(root: unknown, reference: unknown): unknown {
  const [, place, name] = String(reference).split('/');
  const definitions = isObject(root) ? own(root, place ?? '') : undefined;
  return isObject(definitions) ? own(definitions, name ?? '') : undefined;
}

/** Whether the server fills a property in by itself. Looked up for missing properties only. */
export function defaultFinder(root: unknown): (property: unknown) => boolean {
  const reader = readSchema(root);
  const known = new Map<unknown, boolean>();
  return (property) => {
    let has = known.get(property);
    if (has === undefined) {
      has = reader.parts(property).some(({ schema, certain }) => certain && Object.hasOwn(schema, 'default'));
      known.set(property, has);
    }
    return has;
  };
}

/** What stays the same during one check. */
interface Run {
  root: unknown;
  hasDefault: (property: unknown) => boolean;
  /** Steps that may still be taken. */
  left: number;
  /** What was found in all. */
  all: readonly Violation[];
}

/** Digits of a number's text that are looked at in a step. */
const DIGITS_A_STEP = 64;

function spend(run: Run, steps: number): void {
  run.left -= steps;
  if (run.left < 0) throw TOO_MANY_STEPS;
}

/** Where a value stands: beside a number lies its text. */
interface Place {
  holder: object;
  key: string | number;
}

/** A schema, a value, and where their violations go. */
interface Spot {
  schema: JsonObject;
  path: readonly string[];
  found: Violation[];
}

function check(run: Run, schema: unknown, at: Place, path: readonly string[], found: Violation[]): void {
  if (!isObject(schema)) return;
  if (run.all.length >= MOST_VIOLATIONS) throw ENOUGH;
  spend(run, 1 + path.length / 8);
  const { holder, key } = at;
  const value = (holder as JsonObject)[key];
  const text = numberText(holder, key);
  if (text !== undefined) spend(run, text.length / DIGITS_A_STEP);
  const spot: Spot = { schema, path, found };
  const { type } = schema;
  if (type !== undefined && !listOrOne(type).some((t) => isOfType(t, at))) fail(spot, 'type', { type });
  if (schema['$ref'] !== undefined) check(run, target(run.root, schema['$ref']), at, path, found);
  if (Object.hasOwn(schema, 'const')) {
    compare(run, schema['const'], value);
    if (!sameAt(holder, key, schema, 'const')) fail(spot, 'const', { allowedValue: schema['const'] });
  }
  const allowed = schema['enum'];
  if (Array.isArray(allowed)) {
    compare(run, allowed, value);
    spend(run, ((text?.length ?? 0) * allowed.length) / DIGITS_A_STEP);
    if (!allowed.some((_, i) => sameAt(allowed, i, holder, key)))
      fail(spot, 'enum', { allowedValues: allowed });
  }
  for (const part of listOf(schema['allOf'])) check(run, part, at, path, found);
  checkAnyOf(run, spot, at);
  if (typeof value === 'number') checkNumber(spot, text ?? value);
  // Lengths are in characters (code points), not in UTF-16 units: JSON Schema 2020-12, validation 6.3.
  else if (typeof value === 'string') checkText(spot, value);
  else if (Array.isArray(value)) {
    checkLength(spot, 'Items', value.length);
    for (const i of value.keys())
      check(run, schema['items'], { holder: value, key: i }, [...path, String(i)], found);
  } else if (isObject(value)) checkObject(run, spot, value);
}

/** What comparing with listed values costs: one look each, but for arrays and objects, which are compared to their ends. */
function compare(run: Run, listed: unknown, value: unknown): void {
  const whole = typeof value === 'object' && value !== null;
  spend(run, whole ? weigh(listed, run.left).parts : Array.isArray(listed) ? listed.length / 8 : 1);
}

function fail({ schema, path, found }: Spot, keyword: string, params: Violation['params']): void {
  found.push({ keyword, path, params, schema });
}

function checkAnyOf(run: Run, spot: Spot, at: Place): void {
  const branches = listOf(spot.schema['anyOf']);
  if (branches.length === 0) return;
  const failed: Violation[] = [];
  for (const branch of branches) {
    const before = failed.length;
    check(run, branch, at, spot.path, failed);
    if (failed.length === before) return;
  }
  spot.found.push(...failed);
  fail(spot, 'anyOf', {});
}

/** A number that a double cannot hold comes as its text; where a limit is one, it has a text, too. */
function checkNumber(spot: Spot, value: number | string): void {
  const { schema } = spot;
  limit('minimum', '>=', (order) => order >= 0);
  limit('maximum', '<=', (order) => order <= 0);
  limit('exclusiveMinimum', '>', (order) => order > 0);
  limit('exclusiveMaximum', '<', (order) => order < 0);

  function limit(keyword: string, comparison: string, holds: (order: number) => boolean): void {
    const at = schema[keyword];
    if (typeof at !== 'number') return;
    const text = numberText(schema, keyword);
    const isText = typeof value === 'string' || text !== undefined;
    const order = isText ? compareDecimals(String(value), text ?? String(at)) : Math.sign(value - at);
    if (!holds(order)) fail(spot, keyword, { comparison, limit: at });
  }
}

/** Counts characters only where it has to: there are at least half as many as UTF-16 units, and at most as many. */
function checkText(spot: Spot, text: string): void {
  const { minLength, maxLength } = spot.schema;
  const units = text.length;
  const isLong = typeof maxLength === 'number' && units > maxLength;
  if (isLong || (typeof minLength === 'number' && units / 2 < minLength))
    checkLength(spot, 'Length', codePoints(text));
}

function codePoints(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    count += 1;
    if ((text.codePointAt(at) ?? 0) > 0xffff) at += 1;
  }
  return count;
}

function checkLength(spot: Spot, what: 'Length' | 'Items', length: number): void {
  const most = spot.schema[`max${what}`];
  if (typeof most === 'number' && length > most) fail(spot, `max${what}`, { limit: most });
  const least = spot.schema[`min${what}`];
  if (typeof least === 'number' && length < least) fail(spot, `min${what}`, { limit: least });
}

function checkObject(run: Run, spot: Spot, object: JsonObject): void {
  const { schema, path, found } = spot;
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const required = listOf(schema['required']) as string[];
  const names = Object.keys(properties);
  spend(run, (required.length + names.length) / 8);
  for (const name of required)
    if (!Object.hasOwn(object, name) && !run.hasDefault(own(properties, name)))
      fail(spot, 'required', { missingProperty: name });
  if (schema['additionalProperties'] === false) {
    const given = Object.keys(object);
    spend(run, given.length / 8);
    for (const name of given)
      if (!Object.hasOwn(properties, name)) fail(spot, 'additionalProperties', { additionalProperty: name });
  }
  for (const name of names)
    if (Object.hasOwn(object, name))
      check(run, properties[name], { holder: object, key: name }, [...path, name], found);
}

function listOrOne(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}

function isOfType(type: unknown, { holder, key }: Place): boolean {
  const value = (holder as JsonObject)[key];
  const text = typeof value === 'number' ? numberText(holder, key) : undefined;
  if (text !== undefined) return type === 'number' || (type === 'integer' && isWhole(text));
  if (typeof value === 'number' && !Number.isFinite(value)) return false;
  const actual = typeOf(value);
  return type === actual || (type === 'number' && actual === 'integer');
}
