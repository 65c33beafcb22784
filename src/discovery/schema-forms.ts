import { isObject, type JsonObject, sameJson } from '../json.ts';
import { listOf, type SchemaReader } from './schema-reader.ts';

export type FormType = 'string' | 'number' | 'integer' | 'boolean' | 'null' | 'array' | 'object' | 'any';

/** One of the shapes that a value may have. `values` closes the list of what is allowed (enum, const). */
export interface Form {
  type: FormType;
  values?: readonly unknown[];
  /** Schemas that an array's elements have to satisfy, all of them. */
  items?: readonly unknown[];
}

const TYPES = new Set<unknown>(['string', 'number', 'integer', 'boolean', 'null', 'array', 'object']);
const MOST_FORMS = 32;
const DEEPEST = 64;
const ANY: readonly Form[] = [{ type: 'any' }];

/** Keywords that only mean something for one type, for schemas that leave `type` out. */
const HINTS: readonly (readonly [FormType, readonly string[]])[] = [
  ['object', ['properties', 'required', 'additionalProperties', 'patternProperties', 'propertyNames']],
  ['array', ['items', 'prefixItems', 'contains', 'minItems', 'maxItems', 'uniqueItems']],
  ['string', ['pattern', 'minLength', 'maxLength', 'format', 'contentEncoding']],
  ['number', ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf']],
];

export type FormsOf = (schema: unknown) => readonly Form[];

/**
 * The shapes that a schema allows, alternatives (type lists, anyOf, oneOf) side by side, conjunctions (allOf, $ref) intersected.
 * A schema that contradicts itself, refers to itself in place or is too deep gives `any`: the server is the judge then.
 */
export function formsReader(reader: SchemaReader): FormsOf {
  const known = new Map<unknown, readonly Form[]>();
  let depth = 0;

  function forms(schema: unknown): readonly Form[] {
    if (!isObject(schema)) return ANY;
    const before = known.get(schema);
    if (before) return before;
    if (depth >= DEEPEST) return ANY;
    // The answer for whoever asks again while this one is being worked out: a reference to itself says nothing.
    known.set(schema, ANY);
    depth++;
    const result = compute(schema);
    depth--;
    known.set(schema, result);
    return result;
  }

  function compute(schema: JsonObject): readonly Form[] {
    let result = ownForms(schema);
    const reference = schema['$ref'] ?? schema['$dynamicRef'];
    if (typeof reference === 'string') result = intersect(result, forms(reader.resolve(reference)));
    for (const part of listOf(schema['allOf']).slice(0, 256)) result = intersect(result, forms(part));
    for (const branches of [listOf(schema['anyOf']), listOf(schema['oneOf'])])
      if (branches.length > 0) result = intersect(result, union(branches.slice(0, 256).flatMap(forms)));
    return result;
  }

  return forms;
}

/** What the schema itself says, without the schemas that it refers to. */
function ownForms(schema: JsonObject): readonly Form[] {
  const { type } = schema;
  let types = (Array.isArray(type) ? type : [type]).filter((t): t is FormType => TYPES.has(t));
  let values = allowedValues(schema);
  if (types.length > 0 && schema['nullable'] === true) {
    // OpenAPI's way to say it.
    types.push('null');
    if (values) values = [...values, null];
  }
  if (types.length === 0) types = values ? [...new Set(values.map(typeOf))] : hintedTypes(schema);
  const result: Form[] = [];
  for (const t of new Set(types)) {
    const form: Form = { type: t };
    if (values) {
      form.values = values.filter((value) => fits(t, value));
      if (form.values.length === 0) continue;
    }
    if (t === 'array') form.items = itemSchemas(schema);
    result.push(form);
  }
  return result.length > 0 ? result : ANY;
}

function allowedValues(schema: JsonObject): unknown[] | undefined {
  const listed = Array.isArray(schema['enum']) ? schema['enum'] : undefined;
  if (!Object.hasOwn(schema, 'const')) return listed;
  return [schema['const']];
}

function hintedTypes(schema: JsonObject): FormType[] {
  const hint = HINTS.find(([, keywords]) => keywords.some((keyword) => Object.hasOwn(schema, keyword)));
  return [hint ? hint[0] : 'any'];
}

function itemSchemas(schema: JsonObject): unknown[] {
  const { items } = schema;
  const tuple = [...listOf(schema['prefixItems']), ...listOf(items)];
  if (tuple.length > 0) {
    const rest = Array.isArray(items) ? schema['additionalItems'] : items;
    return [{ anyOf: isObject(rest) ? [...tuple, rest] : tuple }];
  }
  return isObject(items) ? [items] : [];
}

export function typeOf(value: unknown): FormType {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  if (typeof value === 'string' || typeof value === 'boolean') return typeof value as FormType;
  return 'object';
}

function fits(type: FormType, value: unknown): boolean {
  const actual = typeOf(value);
  return type === 'any' || type === actual || (type === 'number' && actual === 'integer');
}

function union(all: readonly Form[]): readonly Form[] {
  const result: Form[] = [];
  for (const form of all) {
    const same = result.find((other) => other.type === form.type && !other.items && !form.items);
    if (same?.values && form.values) {
      const held = new Set(same.values);
      same.values = [...same.values, ...form.values.filter((value) => !held.has(value))];
    } else if (same && !form.values) delete same.values;
    else if (!same && result.length < MOST_FORMS) result.push({ ...form });
  }
  return result.length > 0 ? result : ANY;
}

function intersect(a: readonly Form[], b: readonly Form[]): readonly Form[] {
  if (a === ANY) return b;
  if (b === ANY) return a;
  const result: Form[] = [];
  for (const one of a) {
    for (const other of b) {
      const type = narrower(one.type, other.type);
      if (!type || result.length >= MOST_FORMS) continue;
      const form: Form = { type };
      const values = commonValues(one.values, other.values);
      if (values) {
        form.values = values.filter((value) => fits(type, value));
        if (form.values.length === 0) continue;
      }
      const items = [...(one.items ?? []), ...(other.items ?? [])];
      if (type === 'array') form.items = items;
      result.push(form);
    }
  }
  return result.length > 0 ? union(result) : ANY;
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
  const scalars = new Set(b);
  return a.filter(
    (value) => scalars.has(value) || (isObject(value) && b.some((other) => sameJson(value, other))),
  );
}
