import { own } from '../json.ts';
import type { JsonSchema } from './catalogue.ts';
import { type Form, type FormsOf, type FormType, formsReader } from './schema-forms.ts';
import { listOf, type Part, readSchema, type SchemaReader } from './schema-reader.ts';
import { kebabCase } from './tool-names.ts';

export type FlagKind = 'string' | 'number' | 'integer' | 'boolean' | 'enum' | 'array' | 'object' | 'json';

/** A flag of a tool: one property of its inputSchema, or of an object inside it. */
export interface ToolFlag {
  /** What to type, without dashes: the kebab form, dotted for nested ones; the exact name where several share the kebab form. */
  name: string;
  kebab: string;
  /** The property names as the server writes them, joined by dots. Always accepted as the flag's name, too. */
  exact: string;
  /** Where the value goes in the arguments. */
  path: readonly string[];
  kind: FlagKind;
  /** Every shape that a value may have; `kind` is the summary. */
  forms: readonly Form[];
  /** Of an array: the shapes and kind of an element. */
  items?: readonly Form[];
  itemKind?: FlagKind;
  /** The allowed values, of any type; of an array: of its elements. */
  values?: readonly unknown[];
  nullable: boolean;
  /** Listed in `required` of its own object. */
  required: boolean;
  /** A call without it cannot be right: required, without default, and so are the objects around it. */
  mustType: boolean;
  default?: unknown;
  const?: unknown;
  title?: string;
  description?: string;
  format?: string;
  examples?: readonly unknown[];
  /** `format: password` or `writeOnly: true`. Its value is never shown or stored. */
  secret: boolean;
  /** An object whose properties have flags of their own. */
  hasNested: boolean;
}

/** Nested flags past these go without a flag of their own; the JSON of the whole object still reaches them. */
const MOST_FLAGS = 1_000;
const DEEPEST = 6;

interface Level {
  schema: unknown;
  path: readonly string[];
  mustType: boolean;
  /** Definitions around it: one inside itself (a tree) gets no flags a second time. */
  around: ReadonlySet<unknown>;
}

/**
 * The flags of a tool, the tool's own properties first, in the schema's order, then those of nested objects. What cannot be
 * understood is left to `--args` and to JSON. Never throws and never hangs, whatever the schema is.
 */
export function toolFlags(inputSchema: JsonSchema | undefined): ToolFlag[] {
  const reader = readSchema(inputSchema);
  const formsOf = formsReader(reader);
  const flags: ToolFlag[] = [];
  const levels: Level[] = [{ schema: inputSchema, path: [], mustType: true, around: new Set() }];
  for (const level of levels) {
    for (const property of reader.properties(level.schema)) {
      const path = [...level.path, property.name];
      if (property.name === '' || (path.length > 1 && flags.length >= MOST_FLAGS)) continue;
      const parts = reader.parts(property.schema);
      const flag = makeFlag(path, property.required, level.mustType, formsOf, property.schema, parts);
      flags.push(flag);
      const around = new Set([...level.around, ...parts.map((part) => part.schema)]);
      const goesDeeper =
        flag.forms.some((form) => form.type === 'object') &&
        path.length < DEEPEST &&
        !parts.some((part) => level.around.has(part.schema)) &&
        hasProperties(reader, property.schema);
      if (!goesDeeper) continue;
      flag.hasNested = true;
      levels.push({ schema: property.schema, path, mustType: flag.mustType, around });
    }
  }
  return withNames(flags);
}

function hasProperties(reader: SchemaReader, schema: unknown): boolean {
  return reader.properties(schema).some((property) => property.name !== '');
}

function makeFlag(
  path: readonly string[],
  required: boolean,
  parentMustType: boolean,
  formsOf: FormsOf,
  schema: unknown,
  parts: readonly Part[],
): ToolFlag {
  const forms = formsOf(schema);
  const kind = kindOf(forms);
  const exact = path.join('.');
  const flag: ToolFlag = {
    name: exact,
    kebab: kebabCase(exact),
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
    const schemas = forms.flatMap((form) => (form.type === 'array' ? [form.items ?? []] : []));
    flag.items = formsOf(
      schemas.length === 1 ? { allOf: schemas[0] } : { anyOf: schemas.map((allOf) => ({ allOf })) },
    );
    flag.itemKind = kindOf(flag.items);
    valued = flag.items;
  }
  const values = closedValues(valued);
  if (values) flag.values = values;
  annotate(flag, parts);
  flag.mustType = required && parentMustType && flag.default === undefined;
  return flag;
}

function annotate(flag: ToolFlag, parts: readonly Part[]): void {
  for (const { schema, certain } of parts) {
    const format = own(schema, 'format');
    if (typeof format === 'string') flag.format ??= format;
    // A default or a description inside one of several alternatives is not about the property.
    if (!certain) continue;
    for (const key of ['default', 'const'] as const)
      if (flag[key] === undefined && Object.hasOwn(schema, key)) flag[key] = schema[key];
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
  return [...new Set(shapes.flatMap((form) => form.values ?? []))];
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

/** The kebab form is a flag's name unless it is empty or belongs to several. */
function withNames(flags: ToolFlag[]): ToolFlag[] {
  const count = new Map<string, number>();
  for (const { kebab } of flags) count.set(kebab, (count.get(kebab) ?? 0) + 1);
  for (const flag of flags) if (flag.kebab !== '' && count.get(flag.kebab) === 1) flag.name = flag.kebab;
  return flags;
}

export type FlagMatch = { flag: ToolFlag } | { ambiguous: ToolFlag[] } | undefined;

/** A function that finds a flag by what was typed without dashes: the exact name first, then the kebab form. */
export function flagFinder(flags: readonly ToolFlag[]): (name: string) => FlagMatch {
  const byExact = new Map<string, ToolFlag>();
  const byKebab = new Map<string, ToolFlag[]>();
  for (const flag of flags) {
    if (!byExact.has(flag.exact)) byExact.set(flag.exact, flag);
    const same = byKebab.get(flag.kebab);
    if (same) same.push(flag);
    else byKebab.set(flag.kebab, [flag]);
  }
  return (name) => {
    const exact = byExact.get(name);
    if (exact) return { flag: exact };
    const same = name === '' ? undefined : byKebab.get(name);
    if (!same?.[0]) return undefined;
    return same.length === 1 ? { flag: same[0] } : { ambiguous: same };
  };
}
