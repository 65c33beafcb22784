/**
 * `x-mcp-header` (MCP 2026-07-28, basic/transports/streamable-http, "Custom Headers from Tool Parameters"): a server marks properties of a tool's
 * inputSchema, and a client repeats their values in `Mcp-Param-*` headers, so that what stands before the server can read them. No I/O here.
 */
import { plainDigits } from '../../lib/json/decimal.ts';
import { numberText } from '../../lib/json/exact-json.ts';
import { isObject, type JsonObject, own } from '../../lib/json/json.ts';

const MARK = 'x-mcp-header';

/** What all such headers begin with. */
export const PARAM_HEADER = 'Mcp-Param-';

/** RFC 9110, 5.6.2: what a header's name may be made of. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

const MARKABLE = new Set<unknown>(['string', 'integer', 'boolean']);

/** Keywords with one schema, or a list of them. */
const SCHEMAS = [
  'items',
  'prefixItems',
  'additionalItems',
  'contains',
  'additionalProperties',
  'unevaluatedProperties',
  'unevaluatedItems',
  'propertyNames',
  'oneOf',
  'anyOf',
  'allOf',
  'not',
  'if',
  'then',
  'else',
];
/** Keywords with schemas by name. */
const SCHEMAS_BY_NAME = ['patternProperties', 'dependentSchemas', 'dependencies', '$defs', 'definitions'];

/** A property whose value is repeated. */
export interface HeaderMark {
  /** `Mcp-Param-Region` */
  header: string;
  /** The names of the properties that lead to it. */
  path: readonly string[];
}

export interface HeaderMarks {
  marks: HeaderMark[];
  /** Why the marks break the rules: a client over HTTP has to leave such a tool out. */
  problem?: string;
}

interface Place {
  schema: unknown;
  path: readonly string[];
  /** Only `properties` lead here. */
  direct: boolean;
}

/** By the schema: `--each` makes thousands of calls of one tool. */
const known = new WeakMap<object, HeaderMarks>();

/** The marks in a tool's inputSchema; none in one that is no object. */
export function headerMarks(inputSchema: unknown): HeaderMarks {
  if (!isObject(inputSchema)) return { marks: [] };
  const before = known.get(inputSchema);
  if (before) return before;
  const found = findMarks(inputSchema);
  known.set(inputSchema, found);
  return found;
}

/** Does not recurse: a server may nest as deep as it likes. */
function findMarks(inputSchema: JsonObject): HeaderMarks {
  const marks: HeaderMark[] = [];
  const problems: string[] = [];
  const taken = new Map<string, string>();
  const rest: Place[] = [{ schema: inputSchema, path: [], direct: true }];
  while (rest.length > 0) {
    const place = rest.pop() as Place;
    const { schema, path } = place;
    if (!isObject(schema)) continue;
    if (Object.hasOwn(schema, MARK)) {
      const name = schema[MARK];
      const problem = problemOf(place, name, schema['type'], taken);
      if (problem !== undefined) problems.push(`${path.join('.') || 'the schema itself'}: ${problem}`);
      else marks.push({ header: `${PARAM_HEADER}${name}`, path });
    }
    for (const inner of placesBelow(schema, place).reverse()) rest.push(inner);
  }
  const [problem] = problems;
  return { marks, ...(problem === undefined ? {} : { problem }) };
}

/** What is wrong with one mark. `taken` has the names so far, and gets this one. */
function problemOf(
  { path, direct }: Place,
  name: unknown,
  type: unknown,
  taken: Map<string, string>,
): string | undefined {
  if (!direct || path.length === 0) return `${MARK} stands where only properties of properties may have it`;
  if (typeof name !== 'string' || name === '') return `${MARK} must be a name`;
  if (!TOKEN.test(name)) return `${MARK} cannot be part of a header's name: ${JSON.stringify(name)}`;
  if (!MARKABLE.has(type)) return `${MARK} is for a string, an integer or a boolean alone`;
  const other = taken.get(name.toLowerCase());
  if (other !== undefined) return `${MARK} ${JSON.stringify(name)} is also that of ${other}`;
  taken.set(name.toLowerCase(), path.join('.'));
  return undefined;
}

function placesBelow(schema: Record<string, unknown>, { path, direct }: Place): Place[] {
  const { properties } = schema;
  const places: Place[] = isObject(properties)
    ? Object.entries(properties).map(([name, inner]) => ({ schema: inner, path: [...path, name], direct }))
    : [];
  const add = (keyword: string, inner: unknown) =>
    places.push({ schema: inner, path: [...path, `<${keyword}>`], direct: false });
  for (const keyword of SCHEMAS) {
    const inner = schema[keyword];
    for (const one of Array.isArray(inner) ? inner : [inner]) add(keyword, one);
  }
  for (const keyword of SCHEMAS_BY_NAME) {
    const inner = schema[keyword];
    if (isObject(inner)) for (const one of Object.values(inner)) add(keyword, one);
  }
  return places;
}

/**
 * What a call repeats in headers: values as text, not encoded yet, by the header's name. Left out is what is absent, null, or nothing that a
 * header has a text for.
 */
export function markedValues(inputSchema: unknown, args: unknown): Record<string, string> {
  const values: Record<string, string> = {};
  for (const { header, path } of headerMarks(inputSchema).marks) {
    const text = textAt(args, path);
    if (text !== undefined) values[header] = text;
  }
  return values;
}

function textAt(args: unknown, path: readonly string[]): string | undefined {
  let holder: unknown = args;
  for (const step of path.slice(0, -1)) holder = isObject(holder) ? own(holder, step) : undefined;
  const last = path.at(-1) ?? '';
  if (!isObject(holder)) return undefined;
  const value = own(holder, last);
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'number') return undefined;
  // As it was typed: a number of 64 bits is one that JavaScript would round.
  const text = numberText(holder, last) ?? String(value);
  return Number.isInteger(value) ? (plainDigits(text) ?? text) : text;
}
