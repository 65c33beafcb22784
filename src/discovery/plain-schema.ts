import { isObject, type JsonObject, own, sameJson } from '../json.ts';
import { typeOf } from './combine-forms.ts';
import { listOf, readSchema } from './schema-reader.ts';
import type { Check, Violation } from './violation.ts';

/**
 * The check for plain schemas, which most tools have. It says exactly what ajv says (a test compares them on random schemas), and
 * saves loading ajv, which takes longer than everything else in a call. Any keyword that is not listed here is left to ajv.
 */
export function plainCheck(root: unknown): Check | undefined {
  const rules = {
    root,
    left: MOST_SCHEMAS,
    oldRefs: /draft-0[3-7]/.test(String(isObject(root) && root['$schema'])),
  };
  if (!isPlain(root, rules, 0)) return undefined;
  const run: Run = { root, hasDefault: defaultFinder(root) };
  return (value) => {
    const found: Violation[] = [];
    check(run, root, value, [], found);
    return found;
  };
}

interface Rules {
  root: unknown;
  left: number;
  /** Up to draft-07, keywords beside `$ref` mean nothing. */
  oldRefs: boolean;
}

/** A schema that refers to itself runs into these and is left to ajv. */
const MOST_SCHEMAS = 2_000;
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

function isPlain(schema: unknown, rules: Rules, depth: number): boolean {
  if (schema === true) return true;
  if (!isObject(schema) || depth > DEEPEST || rules.left-- <= 0) return false;
  const keywords = Object.keys(schema).filter((keyword) => !ANNOTATIONS.has(keyword));
  for (const keyword of keywords) if (!SHAPES.get(keyword)?.(schema[keyword])) return false;
  const plain = (inner: unknown) => isPlain(inner, rules, depth + 1);
  if (schema['$ref'] !== undefined) {
    if (rules.oldRefs && keywords.length > 1) return false;
    if (!plain(target(rules.root, schema['$ref']))) return false;
  }
  if (isObject(schema['properties']) && !Object.values(schema['properties']).every(plain)) return false;
  if (schema['items'] !== undefined && !plain(schema['items'])) return false;
  return [...listOf(schema['anyOf']), ...listOf(schema['allOf'])].every(plain);
}

function target(root: unknown, reference: unknown): unknown {
  const [, place, name] = String(reference).split('/');
  const definitions = isObject(root) ? own(root, place ?? '') : undefined;
  return isObject(definitions) ? own(definitions, name ?? '') : undefined;
}

/** Whether the server fills a property in by itself. Looked up for missing properties only. */
export function defaultFinder(root: unknown): (property: unknown) => boolean {
  const reader = readSchema(root);
  return (property) =>
    reader.parts(property).some(({ schema, certain }) => certain && Object.hasOwn(schema, 'default'));
}

/** What stays the same during one check. */
interface Run {
  root: unknown;
  hasDefault: (property: unknown) => boolean;
}

/** A schema, a value, and where their violations go. */
interface Spot {
  schema: JsonObject;
  path: readonly string[];
  found: Violation[];
}

function check(run: Run, schema: unknown, value: unknown, path: readonly string[], found: Violation[]): void {
  if (!isObject(schema)) return;
  const spot: Spot = { schema, path, found };
  const { type } = schema;
  if (type !== undefined && !listOrOne(type).some((t) => isOfType(t, value))) fail(spot, 'type', { type });
  if (schema['$ref'] !== undefined) check(run, target(run.root, schema['$ref']), value, path, found);
  const only = schema['const'];
  if (Object.hasOwn(schema, 'const') && !sameJson(value, only)) fail(spot, 'const', { allowedValue: only });
  const allowed = schema['enum'];
  if (Array.isArray(allowed) && !allowed.some((one) => sameJson(one, value)))
    fail(spot, 'enum', { allowedValues: allowed });
  for (const part of listOf(schema['allOf'])) check(run, part, value, path, found);
  checkAnyOf(run, spot, value);
  if (typeof value === 'number') checkNumber(spot, value);
  // Lengths are in characters (code points), not in UTF-16 units: JSON Schema 2020-12, validation 6.3.
  else if (typeof value === 'string') checkLength(spot, 'Length', [...value].length);
  else if (Array.isArray(value)) {
    checkLength(spot, 'Items', value.length);
    for (const [i, item] of value.entries()) check(run, schema['items'], item, [...path, String(i)], found);
  } else if (isObject(value)) checkObject(run, spot, value);
}

function fail({ schema, path, found }: Spot, keyword: string, params: Violation['params']): void {
  found.push({ keyword, path, params, schema });
}

function checkAnyOf(run: Run, spot: Spot, value: unknown): void {
  const branches = listOf(spot.schema['anyOf']);
  if (branches.length === 0) return;
  const failed: Violation[] = [];
  for (const branch of branches) {
    const before = failed.length;
    check(run, branch, value, spot.path, failed);
    if (failed.length === before) return;
  }
  spot.found.push(...failed);
  fail(spot, 'anyOf', {});
}

function checkNumber(spot: Spot, value: number): void {
  limit('minimum', '>=', (at) => value >= at);
  limit('maximum', '<=', (at) => value <= at);
  limit('exclusiveMinimum', '>', (at) => value > at);
  limit('exclusiveMaximum', '<', (at) => value < at);

  function limit(keyword: string, comparison: string, holds: (at: number) => boolean): void {
    const at = spot.schema[keyword];
    if (typeof at === 'number' && !holds(at)) fail(spot, keyword, { comparison, limit: at });
  }
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
  for (const name of listOf(schema['required']) as string[])
    if (!Object.hasOwn(object, name) && !run.hasDefault(own(properties, name)))
      fail(spot, 'required', { missingProperty: name });
  if (schema['additionalProperties'] === false)
    for (const name of Object.keys(object))
      if (!Object.hasOwn(properties, name)) fail(spot, 'additionalProperties', { additionalProperty: name });
  for (const [name, property] of Object.entries(properties))
    if (Object.hasOwn(object, name)) check(run, property, object[name], [...path, name], found);
}

function listOrOne(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}

function isOfType(type: unknown, value: unknown): boolean {
  if (typeof value === 'number' && !Number.isFinite(value)) return false;
  const actual = typeOf(value);
  return type === actual || (type === 'number' && actual === 'integer');
}
