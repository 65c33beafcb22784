/**
 * How much work a check may be where it holds up everything else in the process. Schema and value both come from outside, and work is their
 * product, so both are weighed first; what is more goes to a thread of its own (check-apart.ts).
 */
import { isObject } from '../../lib/json/json.ts';
import { schemaWork } from './check-work.ts';

/** The longest schema that is compiled, in characters of JSON. The plain check compiles nothing, and has no such limit. */
export const LONGEST_SCHEMA = 256 * 1024;

/** Steps of the plain check that are taken in place: about 20 ms. */
export const STEPS_IN_PLACE = 100_000;

/** How many keywords ajv compiles in place: it takes about 0.1 ms for each. */
const KEYWORDS_IN_PLACE = 300;
/** Subschemas times parts of the value. */
const VISITS_IN_PLACE = 50_000;
/** Characters of patterns times characters of text. */
const MATCHING_IN_PLACE = 1_000_000;
/** Pairs of elements that `uniqueItems` compares, and values that are compared with those of an `enum`. */
const COMPARISONS_IN_PLACE = 200_000;
/** Violations times parts of the schema, of which a person is told in words. */
const TELLING_IN_PLACE = 100_000;
/** Parts of a schema or a value that are looked at for that. */
const PARTS_IN_PLACE = 20_000;

/** What a JSON value is made of, as far as it was looked at. */
export interface Weight {
  /** Values, the one itself included. */
  parts: number;
  /** Characters of texts and names. */
  text: number;
  depth: number;
}

/** Weighs a value, and stops where it has more parts, or text, than `most`. Does not recurse. */
export function weigh(value: unknown, most: number): Weight {
  const weight: Weight = { parts: 0, text: 0, depth: 0 };
  const rest: { value: unknown; depth: number }[] = [{ value, depth: 1 }];
  for (let next = rest.pop(); next && weight.parts <= most && weight.text <= most; next = rest.pop()) {
    const { value: one, depth } = next;
    weight.parts += 1;
    if (depth > weight.depth) weight.depth = depth;
    if (typeof one === 'string') weight.text += one.length;
    else if (Array.isArray(one)) {
      if (one.length > most) weight.parts += one.length;
      else for (const item of one) rest.push({ value: item, depth: depth + 1 });
    } else if (isObject(one))
      for (const name in one) {
        weight.text += name.length;
        if (weight.text > most || rest.length > most) return { ...weight, parts: weight.parts + rest.length };
        rest.push({ value: one[name], depth: depth + 1 });
      }
  }
  return { ...weight, parts: weight.parts + rest.length };
}

/** Whether a schema is longer than what is compiled. The texts in it count, too: the limit is on the JSON. */
export function isTooLong(schema: unknown): boolean {
  const { parts, text } = weigh(schema, LONGEST_SCHEMA);
  // Quotation marks, colons, commas and brackets.
  return parts * 3 + text > LONGEST_SCHEMA;
}

/** Whether compiling a schema with ajv and checking the value is a matter of some milliseconds, whatever they are. */
export function isQuickToCompile(schema: unknown, value: unknown): boolean {
  const shape = formOf(schema);
  if (shape === undefined) return false;
  const { parts, text, depth } = weigh(value, VISITS_IN_PLACE);
  const { visits, turns } = schemaWork(schema);
  // A schema that refers to itself more than once doubles its work with each level of the value.
  const repeated = turns > 1 ? turns ** depth : 1;
  return (
    visits * parts * repeated <= VISITS_IN_PLACE &&
    shape.patterns * text <= MATCHING_IN_PLACE &&
    shape.listed * parts <= COMPARISONS_IN_PLACE &&
    (!shape.unique || parts * parts <= COMPARISONS_IN_PLACE)
  );
}

/** Whether violations can be put into words in some milliseconds. */
export function isQuickToTell(violations: number, schema: unknown, value: unknown): boolean {
  if (violations === 0) return true;
  const { parts } = weigh(schema, PARTS_IN_PLACE);
  const given = weigh(value, PARTS_IN_PLACE);
  return parts <= PARTS_IN_PLACE && given.parts <= PARTS_IN_PLACE && parts * violations <= TELLING_IN_PLACE;
}

interface SchemaForm {
  /** Characters of all patterns, those that repeat by number counted as often. */
  patterns: number;
  /** Parts of the values in `enum` and `const`. */
  listed: number;
  unique: boolean;
}

/** Keywords that are words about a schema, and cost nothing. */
const WORDS = new Set(['title', 'description', 'default', 'examples', '$comment', '$schema', 'format']);

/** What tells of the work behind a schema; undefined for one of many keywords. */
function formOf(schema: unknown): SchemaForm | undefined {
  const shape: SchemaForm = { patterns: 0, listed: 0, unique: false };
  let keywords = 0;
  const rest: unknown[] = [schema];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    for (const [name, child] of Object.entries(next)) {
      if (WORDS.has(name)) continue;
      if (++keywords > KEYWORDS_IN_PLACE) return undefined;
      if (name === 'uniqueItems') shape.unique = true;
      if (name === 'pattern' && typeof child === 'string') shape.patterns += patternWork(child);
      if (name === 'patternProperties' && isObject(child))
        for (const pattern in child) shape.patterns += patternWork(pattern);
      if (name === 'enum' || name === 'const') shape.listed += weigh(child, COMPARISONS_IN_PLACE).parts;
      else rest.push(child);
    }
  }
  return shape;
}

/** A pattern's length, times what its counted repetitions (`{100}`) make of it. */
function patternWork(pattern: string): number {
  let work = pattern.length;
  for (const [, least, most] of pattern.matchAll(/\{(\d{1,9})(?:,(\d{0,9}))?\}/g))
    work *= Math.max(1, Number(least), Number(most ?? 0));
  return work;
}
