/** How a person types arguments, by what the documentation says: values to command lines, independently of the program. */
import { isObject, type JsonObject, setOwn } from '../../../src/lib/json/json.ts';
import type { Schema } from './random-schema.ts';

export interface Typed {
  words: string[];
  /** What no flag can say, and goes into `--args`. */
  rest: JsonObject;
}

/** Words that give the arguments; `choose(n)` picks one of n ways wherever there are several. */
export function typeArguments(schema: Schema, args: JsonObject, choose: (count: number) => number): Typed {
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const names = Object.keys(properties);
  const words: string[] = [];
  const rest: JsonObject = {};
  for (const [name, value] of Object.entries(args)) {
    // `=` would end the flag's name, and dots would make it ambiguous with what lies inside of another.
    const typable = name !== '' && !name.includes('=') && Object.hasOwn(properties, name);
    const ways = typable ? waysOf(name, properties[name], value, names) : [];
    const way = ways[choose(Math.max(1, ways.length))];
    if (way) words.push(...way);
    else setOwn(rest, name, value);
  }
  return { words, rest };
}

const WORD = (name: string, word: string) => [[`--${name}`, word], [`--${name}=${word}`]];

/** All shapes that a schema's values may have, as far as a reader of the documentation has to know them. */
function shapesOf(schema: unknown): Schema[] {
  if (!isObject(schema)) return [{}];
  for (const keyword of ['anyOf', 'oneOf'])
    if (Array.isArray(schema[keyword])) return schema[keyword].flatMap(shapesOf);
  if (Array.isArray(schema['allOf'])) return shapesOf(schema['allOf'][0]);
  if (Array.isArray(schema['enum'])) return schema['enum'].map((value) => ({ const: value }));
  const { type } = schema;
  return Array.isArray(type) ? type.map((one) => ({ ...schema, type: one })) : [schema];
}

const isAny = (shape: Schema) => shape['type'] === undefined && !Object.hasOwn(shape, 'const');

/** Whether the word is taken as text, whatever else it could be. */
function takesAsText(shapes: Schema[], word: string): boolean {
  const length = [...word].length;
  return shapes.some((shape) =>
    Object.hasOwn(shape, 'const')
      ? shape['const'] === word
      : shape['type'] === 'string' &&
        length >= ((shape['minLength'] as number | undefined) ?? 0) &&
        length <= ((shape['maxLength'] as number | undefined) ?? Number.POSITIVE_INFINITY),
  );
}

/** Every way to type the value behind a flag; none where only `--args` will do. */
function waysOf(name: string, schema: unknown, value: unknown, siblings: readonly string[]): string[][] {
  const shapes = shapesOf(schema);
  const ways: string[][] = [];
  const hasAny = shapes.some(isAny);
  const hasArray = shapes.some((shape) => shape['type'] === 'array' || Array.isArray(shape['const']));
  if (!hasArray && !Array.isArray(value)) {
    const word =
      typeof value === 'string' && (takesAsText(shapes, value) || !hasAny) ? value : JSON.stringify(value);
    const isText = typeof value === 'string' && word === value;
    if (isText || !takesAsText(shapes, word)) ways.push(...WORD(name, word));
    if (
      typeof value === 'boolean' &&
      shapes.every((shape) => isBooleanShape(shape) || isNullShape(shape)) &&
      shapes.some(isBooleanShape)
    ) {
      const negated = `no-${name}`;
      if (value) ways.push([`--${name}`, 'true']);
      else if (!siblings.includes(negated)) ways.push([`--${negated}`]);
    }
  }
  const [list] = shapes.filter((shape) => shape['type'] === 'array');
  if (Array.isArray(value) && list && shapes.every((shape) => shape === list || isNullShape(shape)))
    ways.push(...listWays(name, list, value));
  if (isObject(value) && Object.keys(value).length > 0) ways.push(...insideWays(name, shapes, value));
  return ways;
}

function isBooleanShape(shape: Schema): boolean {
  return shape['type'] === 'boolean' || typeof shape['const'] === 'boolean';
}

function isNullShape(shape: Schema): boolean {
  return shape['type'] === 'null' || shape['const'] === null;
}

function listWays(name: string, list: Schema, value: readonly unknown[]): string[][] {
  const ways: string[][] = [];
  const tuple = Array.isArray(list['prefixItems']) ? list['prefixItems'] : undefined;
  const elementOf = (i: number) => (tuple ? tuple[i] : list['items']);
  const texts = shapesOf(elementOf(0)).some((shape) => shape['type'] === 'string');
  const lists = shapesOf(elementOf(0)).some((shape) => shape['type'] === 'array');
  // Of lists of lists, a list of anything else is one element.
  const several = value.length > 0 && value.every(Array.isArray);
  if (tuple ? tuple.length > 1 : !texts && (!lists || several))
    ways.push(...WORD(name, JSON.stringify(value)));
  if (value.length === 0) return ways;
  // By index, each element in one of its own ways.
  const byIndex = value.map((element, i) => waysOf(`${name}.${i}`, elementOf(i), element, []));
  if (byIndex.every((one) => one.length > 0)) {
    ways.push(byIndex.flatMap((one) => one[0] ?? []));
    ways.push(byIndex.reverse().flatMap((one) => one.at(-1) ?? []));
  }
  // Repeated: text as it is.
  if (
    !tuple &&
    value.every((element) => typeof element === 'string' && takesAsText(shapesOf(list['items']), element))
  )
    if (texts) ways.push(value.flatMap((element) => [`--${name}`, String(element)]));
  return ways;
}

/** Property by property, key by key. */
function insideWays(name: string, shapes: Schema[], value: JsonObject): string[][] {
  const [shape, ...others] = shapes.filter((one) => !isNullShape(one));
  if (shape?.['type'] !== 'object' || others.length > 0) return [];
  const properties = isObject(shape['properties']) ? shape['properties'] : {};
  const patterns = isObject(shape['patternProperties']) ? Object.values(shape['patternProperties']) : [];
  const free =
    patterns[0] ?? (isObject(shape['additionalProperties']) ? shape['additionalProperties'] : undefined);
  const words: string[][] = [];
  const names = Object.keys(properties);
  for (const [key, inner] of Object.entries(value)) {
    if (key === '' || /[=.]/.test(key) || names.some((other) => other.includes('.'))) return [];
    const schema = Object.hasOwn(properties, key) ? properties[key] : free;
    const ways = schema === undefined ? [] : waysOf(`${name}.${key}`, schema, inner, []);
    const [way] = ways;
    if (!way) return [];
    words.push(way);
  }
  return [words.flat()];
}
