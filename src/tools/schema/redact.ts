import { keepTexts } from '../../lib/json/exact-json.ts';
import { isObject, type JsonObject, own, setOwn } from '../../lib/json/json.ts';
import { isSecret } from '../flags/make-flag.ts';
import type { JsonSchema } from '../tool.ts';
import { listOf, readSchema, type SchemaReader } from './reader.ts';

const REDACTED = '[redacted]';

const DEEPEST = 400;

/**
 * A copy of the arguments in which every value that the schema marks as secret (`format: password`, `writeOnly: true`), at any depth
 * and in any alternative, is replaced by `[redacted]`. In doubt it redacts: what one alternative calls secret is secret.
 */
export function redactSecrets<T>(args: T, inputSchema: JsonSchema | undefined): T {
  if (!isObject(inputSchema) || !mayHaveSecrets(inputSchema)) return args;
  // An incomplete answer would leak, so there is no budget: the work is bounded by the arguments, which are the user's own.
  return redact(args, [inputSchema], readSchema(inputSchema, Number.POSITIVE_INFINITY), 0) as T;
}

/** By the schema: `--each` makes thousands of calls of one tool. */
const marked = new WeakMap<object, boolean>();

/** Whether anything at all in a schema has a mark of a secret. Most have none. Does not recurse: a server may nest as deep as it likes. */
function mayHaveSecrets(schema: JsonObject): boolean {
  const before = marked.get(schema);
  if (before !== undefined) return before;
  const seen = new Set<unknown>();
  const rest: unknown[] = [schema];
  let found = false;
  while (rest.length > 0 && !found) {
    const next = rest.pop();
    if (typeof next !== 'object' || next === null || seen.has(next)) continue;
    seen.add(next);
    found = isObject(next) && isSecret(next);
    for (const inner of Object.values(next)) rest.push(inner);
  }
  marked.set(schema, found);
  return found;
}

/** Where in stored arguments something was redacted. */
export function redactedPlaces(stored: unknown, path: readonly string[] = []): string[][] {
  if (stored === REDACTED) return [[...path]];
  if (typeof stored !== 'object' || stored === null) return [];
  return Object.entries(stored).flatMap(([key, inner]) => redactedPlaces(inner, [...path, key]));
}

/** Arguments without the properties at these places; an array with one of them goes as a whole. */
export function withoutPlaces(args: JsonObject, places: readonly (readonly string[])[]): JsonObject {
  const copy: JsonObject = {};
  for (const [key, inner] of Object.entries(args)) {
    const inside = places.filter(([first]) => first === key).map((path) => path.slice(1));
    if (inside.length === 0) setOwn(copy, key, inner);
    else if (isObject(inner) && inside.every((path) => path.length > 0))
      setOwn(copy, key, withoutPlaces(inner, inside));
  }
  return keepTexts(copy, args);
}

/** Where in the arguments secrets are, by the same rule: property names and array indexes, joined by dots. */
export function secretPlaces(args: unknown, inputSchema: JsonSchema | undefined): string[] {
  const places: string[] = [];
  const compare = (value: unknown, shown: unknown, path: readonly string[]): void => {
    if (Object.is(value, shown)) return;
    if (typeof value !== 'object' || value === null || typeof shown !== 'object' || shown === null)
      places.push(path.join('.'));
    else
      for (const [key, inner] of Object.entries(value))
        compare(inner, own(shown as JsonObject, key), [...path, key]);
  };
  compare(args, redactSecrets(args, inputSchema), []);
  return places;
}

function redact(value: unknown, schemas: readonly unknown[], reader: SchemaReader, depth: number): unknown {
  const parts = reader
    .parts({ allOf: schemas })
    .slice(1)
    .map((part) => part.schema);
  if (value !== undefined && parts.some(isSecret)) return REDACTED;
  if (typeof value !== 'object' || value === null || parts.length === 0) return value;
  if (depth >= DEEPEST) return REDACTED;
  if (Array.isArray(value))
    return keepTexts(
      value.map((item, i) =>
        redact(
          item,
          parts.flatMap((part) => elementSchemas(part, i)),
          reader,
          depth + 1,
        ),
      ),
      value,
    );
  const copy: JsonObject = {};
  for (const [key, inner] of Object.entries(value))
    setOwn(
      copy,
      key,
      redact(
        inner,
        parts.flatMap((part) => propertySchemas(part, key)),
        reader,
        depth + 1,
      ),
    );
  return keepTexts(copy, value);
}

function elementSchemas(part: JsonObject, index: number): unknown[] {
  const tuple = [...listOf(part['prefixItems']), ...listOf(part['items'])];
  const rest = [part['items'], part['additionalItems'], part['unevaluatedItems'], part['contains']];
  return [tuple[index], ...rest].filter(isObject);
}

function propertySchemas(part: JsonObject, key: string): unknown[] {
  const named = isObject(part['properties']) ? own(part['properties'], key) : undefined;
  // Whether a key matches a pattern is not worth a regular expression from a stranger: every pattern counts.
  const patterns = isObject(part['patternProperties']) ? Object.values(part['patternProperties']) : [];
  if (named !== undefined) return [named, ...patterns].filter(isObject);
  return [...patterns, part['additionalProperties'], part['unevaluatedProperties']].filter(isObject);
}
