import { isObject, type JsonObject, own } from '../../lib/json/json.ts';
import { kebabCase } from '../../lib/text/kebab-case.ts';
import { matchesPattern } from '../checks/safe-pattern.ts';
import { combine, type Part, type SchemaReader } from '../schema/reader.ts';
import type { ShapeType } from '../schema/shape.ts';
import type { ShapesOf } from '../schema/shapes.ts';
import type { ToolFlag } from './flag.ts';
import { elementSchema, makeFlag } from './make-flag.ts';

/** Places in arrays as they are typed: `0`, `12`; nobody types ten thousand elements by their numbers. */
const INDEX = /^(?:0|[1-9]\d{0,3})$/;
/** Names with more dots than this are no flags. */
const DEEPEST = 400;

/**
 * Gives flags their `inside`. What is found there is a flag like any other, made when it is asked for; the same name gives the same flag, so
 * that repeating it is seen.
 */
export function insideFlags(reader: SchemaReader, shapesOf: ShapesOf) {
  const made = new Map<string, ToolFlag>();

  function attach(flag: ToolFlag, schema: unknown): void {
    const types = new Set<ShapeType>(flag.shapes.map((shape) => shape.type));
    const inObject = types.has('object') || types.has('any');
    if (!inObject && !types.has('array')) return;
    flag.inside = {
      find: (rest) => (flag.path.length > DEEPEST ? undefined : find(flag, schema, rest, types)),
      names: () => names(flag, schema, inObject),
      takesKeys: () => inObject && takesKeys(reader, schema),
    };
  }

  function find(flag: ToolFlag, schema: unknown, rest: string, types: ReadonlySet<ShapeType>) {
    const dot = rest.indexOf('.');
    const first = dot < 0 ? rest : rest.slice(0, dot);
    const tail = dot < 0 ? undefined : rest.slice(dot + 1);
    if (types.has('array') && INDEX.test(first)) {
      const at = Number(first);
      return go(flag, at, first, elementSchema(flag.shapes, at), tail);
    }
    if (!types.has('object') && !types.has('any')) return undefined;
    return named(flag, schema, rest) ?? free(flag, schema, rest, first, tail);
  }

  /** A property that the schema names; its own name may have dots. */
  function named(flag: ToolFlag, schema: unknown, rest: string): ToolFlag | undefined {
    const properties = reader.properties(schema).filter(({ name }) => name !== '');
    for (const shape of [(name: string) => name, kebabCase]) {
      const fits = properties.filter(
        ({ name }) => rest === shape(name) || rest.startsWith(`${shape(name)}.`),
      );
      // The longest that leads somewhere; two that look the same in kebab case are told apart by their exact names alone.
      for (const one of fits.sort((a, b) => b.name.length - a.name.length)) {
        const typed = shape(one.name);
        if (typed === '' || fits.some((other) => other !== one && shape(other.name) === typed)) continue;
        const tail = rest === typed ? undefined : rest.slice(typed.length + 1);
        const found = go(flag, one.name, kebabOf(one.name, properties), one.schema, tail);
        if (found) return found;
      }
    }
    return undefined;
  }

  /** A key that the schema allows without naming it. Where its value cannot be an object, dots belong to the key. */
  function free(flag: ToolFlag, schema: unknown, rest: string, first: string, tail: string | undefined) {
    const value = first === '' ? undefined : keySchema(reader, schema, first);
    const found = value === undefined ? undefined : go(flag, first, first, value, tail);
    if (found || tail === undefined || rest.endsWith('.')) return found;
    const whole = keySchema(reader, schema, rest);
    return whole === undefined ? undefined : go(flag, rest, rest, whole, undefined);
  }

  /** One step inside, and the rest of the way from there. */
  function go(
    outer: ToolFlag,
    step: string | number,
    typed: string,
    schema: unknown,
    tail: string | undefined,
  ): ToolFlag | undefined {
    const path = [...outer.path, step];
    const key = JSON.stringify(path);
    let flag = made.get(key);
    if (!flag) {
      const parts = reader.parts(schema);
      flag = makeFlag({ path, schema, parts, required: false, parentMustType: false }, shapesOf);
      flag.name = `${outer.name}.${typed}`;
      attach(flag, schema);
      made.set(key, flag);
    }
    return tail === undefined ? flag : flag.inside?.find(tail);
  }

  function names(flag: ToolFlag, schema: unknown, inObject: boolean): string[] {
    const known = inObject ? propertyNames(schema) : [];
    if (!flag.shapes.some((shape) => shape.type === 'array')) return known;
    return [...known, '0', ...propertyNames(elementSchema(flag.shapes, 0)).map((name) => `0.${name}`)];
  }

  function propertyNames(schema: unknown): string[] {
    const properties = reader.properties(schema).filter(({ name }) => name !== '');
    return properties.map(({ name }) => kebabOf(name, properties));
  }

  return { attach };
}

/** What to type for a property: its kebab form, or its own name where several have that. */
function kebabOf(name: string, properties: readonly { name: string }[]): string {
  const kebab = kebabCase(name);
  const shared = properties.some((other) => other.name !== name && kebabCase(other.name) === kebab);
  return kebab === '' || shared ? name : kebab;
}

/** The schema of a key that is not among the properties (JSON Schema 2020-12, core 10.3.2 and 11.3); undefined where there may be none. */
function keySchema(reader: SchemaReader, schema: unknown, key: string): unknown {
  const certain: unknown[] = [];
  const perhaps: unknown[] = [];
  let named = false;
  let closed = false;
  let open = false;
  for (const part of reader.parts(schema)) {
    const matched = patternSchemas(part.schema, key);
    (part.certain ? certain : perhaps).push(...matched.surely);
    perhaps.push(...matched.maybe);
    named ||= isObject(part.schema['properties']) && Object.keys(part.schema['properties']).length > 0;
    if (matched.surely.length > 0) continue;
    for (const keyword of ['additionalProperties', 'unevaluatedProperties']) {
      const rest = part.schema[keyword];
      if (isObject(rest)) (part.certain ? certain : perhaps).push(rest);
      open ||= rest === true;
      closed ||= rest === false;
    }
  }
  if (certain.length + perhaps.length > 0) return combine(certain, perhaps);
  // Nearly every schema leaves this open without meaning to: where there are names, another one is a slip of the fingers.
  return open || !(named || closed) ? true : undefined;
}

/** Keys of some kind, whichever: what patterns ask of them is in the descriptions. */
function takesKeys(reader: SchemaReader, schema: unknown): boolean {
  const hasPatterns = ({ schema: { patternProperties } }: Part) =>
    isObject(patternProperties) && Object.keys(patternProperties).length > 0;
  return reader.parts(schema).some(hasPatterns) || keySchema(reader, schema, 'KEY') !== undefined;
}

function patternSchemas(schema: JsonObject, key: string): { surely: unknown[]; maybe: unknown[] } {
  const patterns = own(schema, 'patternProperties');
  const surely: unknown[] = [];
  const maybe: unknown[] = [];
  for (const [pattern, value] of Object.entries(isObject(patterns) ? patterns : {})) {
    const matches = matchesPattern(pattern, key);
    if (matches === true) surely.push(value);
    else if (matches === undefined) maybe.push(value);
  }
  return { surely, maybe };
}
