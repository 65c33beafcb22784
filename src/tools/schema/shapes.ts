import { carryNumber, filtered, joined } from '../../lib/json/exact-json.ts';
import { isObject, type JsonObject } from '../../lib/json/json.ts';
import { ANY, fits, intersect, typeOf, union } from './combine-shapes.ts';
import { listOf, type SchemaReader } from './reader.ts';
import type { Shape, ShapeType, TextRule } from './shape.ts';

const TYPES = new Set<unknown>(['string', 'number', 'integer', 'boolean', 'null', 'array', 'object']);
const DEEPEST = 64;

/** Keywords that only mean something for one type, for schemas that leave `type` out. */
const HINTS: readonly (readonly [ShapeType, readonly string[]])[] = [
  ['object', ['properties', 'required', 'additionalProperties', 'patternProperties', 'propertyNames']],
  ['array', ['items', 'prefixItems', 'contains', 'minItems', 'maxItems', 'uniqueItems']],
  ['string', ['pattern', 'minLength', 'maxLength', 'format', 'contentEncoding']],
  ['number', ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf']],
];

export type ShapesOf = (schema: unknown) => readonly Shape[];

/**
 * The shapes that a schema allows, alternatives (type lists, anyOf, oneOf) side by side, conjunctions (allOf, $ref) intersected.
 * A schema that contradicts itself, refers to itself in place or is too deep gives `any`: the server is the judge then.
 */
export function shapesReader(reader: SchemaReader): ShapesOf {
  const known = new Map<unknown, readonly Shape[]>();
  let depth = 0;

  function shapes(schema: unknown): readonly Shape[] {
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

  function compute(schema: JsonObject): readonly Shape[] {
    const said = ownForms(schema);
    let result = said ?? ANY;
    const reference = schema['$ref'] ?? schema['$dynamicRef'];
    if (typeof reference === 'string') result = intersect(result, shapes(reader.resolve(reference)));
    for (const part of listOf(schema['allOf']).slice(0, 256)) result = intersect(result, shapes(part));
    for (const branches of [listOf(schema['anyOf']), listOf(schema['oneOf'])])
      if (branches.length > 0) result = intersect(result, union(branches.slice(0, 256).flatMap(shapes)));
    return said ? result : intersect(result, guessed(schema));
  }

  return shapes;
}

/** What the schema itself says, without the schemas that it refers to; undefined when it says nothing of types and values. */
function ownForms(schema: JsonObject): readonly Shape[] | undefined {
  const { type } = schema;
  let types = (Array.isArray(type) ? type : [type]).filter((t): t is ShapeType => TYPES.has(t));
  let values = allowedValues(schema);
  if (types.length > 0 && schema['nullable'] === true) {
    // OpenAPI's way to say it.
    types.push('null');
    if (values) values = joined([values, [null]]);
  }
  if (types.length === 0) {
    if (!values) return undefined;
    types = [...new Set(values.map(typeOf))];
  }
  const result: Shape[] = [];
  for (const t of new Set(types)) {
    const shape: Shape = { type: t, ...details(t, schema) };
    if (values) {
      shape.values = filtered(values, (value) => fits(t, value));
      if (shape.values.length === 0) continue;
    }
    result.push(shape);
  }
  return result.length > 0 ? result : ANY;
}

/** What a schema says about the inside of arrays and text. */
function details(type: ShapeType, schema: JsonObject): Partial<Shape> {
  if (type === 'array') return arrayDetails(schema);
  const rule = type === 'string' ? textRule(schema) : undefined;
  return rule ? { text: [rule] } : {};
}

/** The type of a schema that names none, by keywords that only one type knows. */
function guessed(schema: JsonObject): readonly Shape[] {
  const hint = HINTS.find(([, keywords]) => keywords.some((keyword) => Object.hasOwn(schema, keyword)));
  return hint ? [{ type: hint[0], ...details(hint[0], schema), guessed: true }] : ANY;
}

function textRule({ minLength, maxLength, pattern }: JsonObject): TextRule | undefined {
  const rule: TextRule = {};
  if (typeof minLength === 'number') rule.min = minLength;
  if (typeof maxLength === 'number') rule.max = maxLength;
  if (typeof pattern === 'string') rule.pattern = pattern;
  return Object.keys(rule).length > 0 ? rule : undefined;
}

function allowedValues(schema: JsonObject): unknown[] | undefined {
  const listed = Array.isArray(schema['enum']) ? schema['enum'] : undefined;
  if (!Object.hasOwn(schema, 'const')) return listed;
  const only = [schema['const']];
  carryNumber(schema, 'const', only, 0);
  return only;
}

function arrayDetails(schema: JsonObject): Pick<Shape, 'items' | 'places' | 'rest'> {
  const { items } = schema;
  // Before 2020-12 a tuple was a list in `items`.
  const tuple = [...listOf(schema['prefixItems']), ...listOf(items)];
  if (tuple.length === 0) return { items: isObject(items) ? [items] : [] };
  const rest = Array.isArray(items) ? schema['additionalItems'] : items;
  return {
    items: [{ anyOf: isObject(rest) ? [...tuple, rest] : tuple }],
    places: tuple.map((place) => [place]),
    rest: isObject(rest) ? [rest] : [],
  };
}
