import { carryNumber } from '../../lib/json/exact-json.ts';
import { own } from '../../lib/json/json.ts';
import { kebabCase } from '../../lib/text/kebab-case.ts';
import { distinct } from '../schema/combine-shapes.ts';
import { listOf, type Part } from '../schema/reader.ts';
import type { Shape, ShapeType } from '../schema/shape.ts';
import type { ShapesOf } from '../schema/shapes.ts';
import type { FlagKind, ToolFlag } from './flag.ts';

/** What a flag is made from. */
export interface FlagSource {
  path: readonly (string | number)[];
  schema: unknown;
  /** All that applies to the value. */
  parts: readonly Part[];
  required: boolean;
  parentMustType: boolean;
}

/** The flag of a property or of an element, as its schema describes it. */
export function makeFlag(source: FlagSource, shapesOf: ShapesOf): ToolFlag {
  const { path, schema, parts, required, parentMustType } = source;
  const shapes = shapesOf(schema);
  const kind = kindOf(shapes);
  const exact = path.join('.');
  const flag: ToolFlag = {
    name: exact,
    // A name without any letter stays as it is: `-.args` is not `args`.
    kebab: path.length === 1 ? kebabCase(exact) : path.map((step) => kebabCase(`${step}`) || step).join('.'),
    exact,
    path,
    kind,
    shapes,
    nullable: shapes.some((shape) => shape.type === 'null'),
    required,
    mustBeGiven: false,
    secret: parts.some(({ schema: s }) => isSecret(s)),
    hasNested: false,
  };
  let valued = shapes;
  if (kind === 'array') {
    flag.items = shapesOf(elementSchema(shapes));
    flag.itemKind = kindOf(flag.items);
    const places = placeCount(shapes);
    // One more for what follows.
    if (places > 0)
      flag.places = Array.from({ length: places + 1 }, (_, place) => shapesOf(elementSchema(shapes, place)));
    valued = flag.items;
  }
  const values = closedValues(valued);
  if (values) flag.values = values;
  annotate(flag, parts);
  flag.mustBeGiven = required && parentMustType && flag.default === undefined;
  return flag;
}

/** A schema for the elements of an array of one of these shapes, or for the one at a place. */
export function elementSchema(shapes: readonly Shape[], place?: number): unknown {
  const schemas = shapes.flatMap((shape) => {
    if (shape.type !== 'array') return [];
    return [(place === undefined ? undefined : (shape.places?.[place] ?? shape.rest)) ?? shape.items ?? []];
  });
  if (schemas.length === 1) return { allOf: schemas[0] };
  return { anyOf: schemas.map((allOf) => ({ allOf })) };
}

/** Tuples may say something about as many places; no person types more. */
const MOST_PLACES = 64;

function placeCount(shapes: readonly Shape[]): number {
  return Math.min(Math.max(0, ...shapes.map((shape) => shape.places?.length ?? 0)), MOST_PLACES);
}

function annotate(flag: ToolFlag, parts: readonly Part[]): void {
  for (const { schema, certain } of parts) {
    const format = own(schema, 'format');
    if (typeof format === 'string') flag.format ??= format;
    // A default or a description inside one of several alternatives is not about the property.
    if (!certain) continue;
    for (const key of ['default', 'const'] as const)
      if (flag[key] === undefined && Object.hasOwn(schema, key)) {
        flag[key] = schema[key];
        carryNumber(schema, key, flag);
      }
    for (const key of ['title', 'description'] as const) {
      const text = own(schema, key);
      if (typeof text === 'string' && text !== '') flag[key] ??= text;
    }
    const examples = listOf(own(schema, 'examples'));
    if (examples.length > 0) flag.examples ??= examples;
  }
}

/** JSON Schema 2020-12, validation 9.4 (`writeOnly`) and OpenAPI's `format: password`. */
export function isSecret(schema: { readonly [keyword: string]: unknown }): boolean {
  return own(schema, 'format') === 'password' || own(schema, 'writeOnly') === true;
}

/** The allowed values when there is a list for every shape, without null; undefined when anything else is allowed as well. */
export function closedValues(shapes: readonly Shape[]): unknown[] | undefined {
  const nonNull = shapes.filter((shape) => shape.type !== 'null');
  if (nonNull.length === 0 || nonNull.some((shape) => !shape.values)) return undefined;
  return distinct(nonNull.map((shape) => shape.values ?? []));
}

export function kindOf(shapes: readonly Shape[]): FlagKind {
  const nonNull = shapes.filter((shape) => shape.type !== 'null');
  const types = new Set<ShapeType>(nonNull.map((shape) => shape.type));
  const only = (...allowed: ShapeType[]) =>
    types.size > 0 && [...types].every((type) => allowed.includes(type));
  if (only('boolean')) return 'boolean';
  if (types.has('array')) return 'array';
  if (closedValues(shapes)) return 'enum';
  if (only('integer')) return 'integer';
  if (only('integer', 'number')) return 'number';
  if (only('object')) return 'object';
  // Text is taken as text wherever that is allowed, whatever else is.
  if (nonNull.some((shape) => shape.type === 'string' && !shape.values)) return 'string';
  return 'json';
}
