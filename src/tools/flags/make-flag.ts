import { carryNumber } from '../../lib/exact-json.ts';
import { own } from '../../lib/json.ts';
import { kebabCase } from '../../lib/kebab-case.ts';
import { distinct } from '../schema/combine-shapes.ts';
import { listOf, type Part } from '../schema/reader.ts';
import type { Form, FormType } from '../schema/shape.ts';
import type { FormsOf } from '../schema/shapes.ts';
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
export function makeFlag(source: FlagSource, formsOf: FormsOf): ToolFlag {
  const { path, schema, parts, required, parentMustType } = source;
  const forms = formsOf(schema);
  const kind = kindOf(forms);
  const exact = path.join('.');
  const flag: ToolFlag = {
    name: exact,
    // A name without any letter stays as it is: `-.args` is not `args`.
    kebab: path.length === 1 ? kebabCase(exact) : path.map((step) => kebabCase(`${step}`) || step).join('.'),
    exact,
    path,
    kind,
    forms,
    nullable: forms.some((form) => form.type === 'null'),
    required,
    mustType: false,
    secret: parts.some(({ schema: s }) => isSecret(s)),
    hasNested: false,
  };
  let valued = forms;
  if (kind === 'array') {
    flag.items = formsOf(elementSchema(forms));
    flag.itemKind = kindOf(flag.items);
    const places = placeCount(forms);
    // One more for what follows.
    if (places > 0)
      flag.places = Array.from({ length: places + 1 }, (_, place) => formsOf(elementSchema(forms, place)));
    valued = flag.items;
  }
  const values = closedValues(valued);
  if (values) flag.values = values;
  annotate(flag, parts);
  flag.mustType = required && parentMustType && flag.default === undefined;
  return flag;
}

/** A schema for the elements of an array of one of these shapes, or for the one at a place. */
export function elementSchema(forms: readonly Form[], place?: number): unknown {
  const schemas = forms.flatMap((form) => {
    if (form.type !== 'array') return [];
    return [(place === undefined ? undefined : (form.places?.[place] ?? form.rest)) ?? form.items ?? []];
  });
  if (schemas.length === 1) return { allOf: schemas[0] };
  return { anyOf: schemas.map((allOf) => ({ allOf })) };
}

/** Tuples may say something about as many places; no person types more. */
const MOST_PLACES = 64;

function placeCount(forms: readonly Form[]): number {
  return Math.min(Math.max(0, ...forms.map((form) => form.places?.length ?? 0)), MOST_PLACES);
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
export function closedValues(forms: readonly Form[]): unknown[] | undefined {
  const shapes = forms.filter((form) => form.type !== 'null');
  if (shapes.length === 0 || shapes.some((form) => !form.values)) return undefined;
  return distinct(shapes.map((form) => form.values ?? []));
}

export function kindOf(forms: readonly Form[]): FlagKind {
  const shapes = forms.filter((form) => form.type !== 'null');
  const types = new Set<FormType>(shapes.map((form) => form.type));
  const only = (...allowed: FormType[]) =>
    types.size > 0 && [...types].every((type) => allowed.includes(type));
  if (only('boolean')) return 'boolean';
  if (types.has('array')) return 'array';
  if (closedValues(forms)) return 'enum';
  if (only('integer')) return 'integer';
  if (only('integer', 'number')) return 'number';
  if (only('object')) return 'object';
  // Text is taken as text wherever that is allowed, whatever else is.
  if (shapes.some((form) => form.type === 'string' && !form.values)) return 'string';
  return 'json';
}
