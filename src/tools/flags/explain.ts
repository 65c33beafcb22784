import { joined, numberText } from '../../lib/json/exact-json.ts';
import { isObject, type JsonObject, own } from '../../lib/json/json.ts';
import { counted } from '../../lib/text/counted.ts';
import { didYouMean, nearestNames } from '../../lib/text/nearest-names.ts';
import { type Finding, meantAlternatives } from '../checks/alternatives.ts';
import type { Violation } from '../checks/violation.ts';
import { listOf, readSchema } from '../schema/reader.ts';
import { redactSecrets } from '../schema/redact.ts';
import type { Shape, ShapeType } from '../schema/shape.ts';
import { shapesReader } from '../schema/shapes.ts';
import type { JsonSchema } from '../tool.ts';
import type { ToolFlag } from './flag.ts';
import { describeShapes, listValues, plain, plainAt, quote, quoteAt, suggestValue } from './read-value.ts';
import { toolFlags } from './tool-flags.ts';

export interface ArgumentProblem {
  /** Property names and array indexes, joined by dots; empty for the arguments as a whole. */
  path: string;
  /** `--max-tokens`; `--args` for what has no flag. */
  flag: string;
  /** The whole line to print, flag included; without the value of a secret. */
  message: string;
}

/**
 * Violations as people read them: in the order of the flags, each naming its flag, what was given and what is allowed, one for
 * each value where possible. `checked` is the schema that the violations point into, `counts` says which findings are told.
 */
export function explain(
  violations: readonly Violation[],
  args: unknown,
  inputSchema: JsonSchema | undefined,
  checked: unknown,
  counts: (finding: Finding) => boolean = () => true,
): ArgumentProblem[] {
  const flags = toolFlags(inputSchema);
  const places = flagPlaces(flags);
  const shown = redactSecrets(args, inputSchema);
  const shapesOf = shapesReader(readSchema(checked));
  const order = new Map(flags.map((flag, i) => [flag.path[0], i] as const).reverse());
  const findings = meantAlternatives(violations, checked).filter(counts);

  const told = findings.map((finding) => {
    const missing = finding.keyword === 'required' ? String(finding.params['missingProperty']) : undefined;
    const path = missing === undefined ? finding.path : [...finding.path, missing];
    const place = placeOf(path, args, places);
    const flag = place.flag ?? '--args';
    const inside = place.rest === '' ? flag : `${flag}: ${place.rest}`;
    let message: string;
    if (missing !== undefined)
      message = place.rest === '' ? `missing required ${flag}` : `${flag}: missing required ${place.rest}`;
    else {
      const value = valueAt(args, path);
      const hidden = typeof value !== 'object' && !Object.is(value, valueAt(shown, path));
      message = `${inside}: ${describe(finding, { value, hidden, shown: shownAt(args, path) }, shapesOf(finding.schema), places)}`;
    }
    return { finding, flag, message, path, order: order.get(path[0] ?? '') ?? Number.MAX_SAFE_INTEGER };
  });
  told.sort(
    (a, b) =>
      a.order - b.order || compare(a.path.join('.'), b.path.join('.')) || compare(a.message, b.message),
  );
  const kept = new Set(oneForEachValue(told.map(({ finding }) => finding)));
  const problems = told.filter(({ finding }) => kept.has(finding));
  return problems
    .filter(({ message }, i) => message !== problems[i - 1]?.message)
    .map(({ path, flag, message }) => ({ path: path.join('.'), flag, message }));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A wrong type makes every other complaint about the same value noise, and so does a list of what is allowed. */
function oneForEachValue(findings: readonly Finding[]): Finding[] {
  const strongest = new Map<string, Finding>();
  const rank = ({ keyword }: Finding) =>
    ['enum', 'const'].includes(keyword) ? 2 : keyword === 'type' ? 1 : 0;
  for (const finding of findings) {
    const key = finding.path.join('\0');
    const before = strongest.get(key);
    if (rank(finding) > (before ? rank(before) : 0)) strongest.set(key, finding);
  }
  const hasOther = findings.some(({ keyword }) => keyword !== 'if');
  return findings.filter((finding) => {
    const strong = strongest.get(finding.path.join('\0'));
    // `if` only says that `then` or `else` failed, which say why themselves.
    return (!strong || strong === finding) && !(finding.keyword === 'if' && hasOther);
  });
}

type Places = ReadonlyMap<string, string>;

/** The flag of each path, as it is typed. */
function flagPlaces(flags: readonly ToolFlag[]): Places {
  return new Map(flags.map((flag) => [flag.path.join('\0'), `--${flag.name}`] as const).reverse());
}

/** The flag of the value or of the nearest one around it, and the way from there (`item 2, name`). */
function placeOf(path: readonly string[], args: unknown, places: Places): { flag?: string; rest: string } {
  let length = path.length;
  while (length > 0 && !places.has(path.slice(0, length).join('\0'))) length--;
  const rest = path.slice(length).map((segment, i) => {
    const around = valueAt(args, path.slice(0, length + i));
    return Array.isArray(around) ? `item ${Number(segment) + 1}` : plain(segment);
  });
  const flag = places.get(path.slice(0, length).join('\0'));
  return { rest: rest.join(', '), ...(flag === undefined ? {} : { flag }) };
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  let at = root;
  for (const segment of path) {
    if (Array.isArray(at)) at = at[Number(segment)];
    else if (isObject(at)) at = own(at, segment);
    else return undefined;
  }
  return at;
}

/** The value for a message, a number as it was given. */
function shownAt(root: unknown, path: readonly string[]): string {
  const last = path.at(-1);
  const around = valueAt(root, path.slice(0, -1));
  return last === undefined || typeof around !== 'object' || around === null
    ? quote(valueAt(root, path))
    : quoteAt(around, last);
}

interface Given {
  value: unknown;
  shown: string;
  hidden: boolean;
}

function describe(finding: Finding, given: Given, shapes: readonly Shape[], places: Places): string {
  const { keyword, params, schema } = finding;
  const value = (suggestion = '') => (given.hidden ? '' : ` (given ${given.shown}${suggestion})`);
  const limit = numberText(schema, keyword) ?? String(params['limit']);
  const length = typeof given.value === 'string' ? [...given.value].length : listOf(given.value).length;
  const long = given.hidden ? '' : ` (given ${length})`;
  switch (keyword) {
    case 'type': {
      const types = Array.isArray(schema['type']) ? schema['type'] : [schema['type']];
      return `must be ${describeShapes(types.map((type) => ({ type: type as ShapeType })))}${value()}`;
    }
    case 'enum': {
      const allowed = listOf(params['allowedValues']);
      return `must be one of: ${listValues(allowed)}${value(suggestValue(given.value, allowed))}`;
    }
    case 'const':
      return `must be ${Object.hasOwn(schema, 'const') ? plainAt(schema, 'const') : plain(params['allowedValue'])}${value()}`;
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return `must be ${String(params['comparison'])} ${limit}${value()}`;
    case 'multipleOf':
      return `must be a multiple of ${numberText(schema, keyword) ?? String(params['multipleOf'])}${value()}`;
    case 'minLength':
    case 'maxLength':
      return `must have at ${keyword === 'minLength' ? 'least' : 'most'} ${counted(limit, 'character')}${long}`;
    case 'minItems':
    case 'maxItems':
      return `must have at ${keyword === 'minItems' ? 'least' : 'most'} ${counted(limit, 'item')}${long}`;
    case 'minProperties':
    case 'maxProperties':
      return `must have at ${keyword === 'minProperties' ? 'least' : 'most'} ${limit} properties`;
    case 'pattern':
      return `must match ${plain(params['pattern'])}${value()}`;
    case 'uniqueItems':
      return `items ${Number(params['j']) + 1} and ${Number(params['i']) + 1} are the same`;
    case 'contains':
      return 'has no (or too few, or too many) items of the kind it must contain';
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return unknownProperty(String(params['additionalProperty'] ?? params['unevaluatedProperty']), schema);
    case 'propertyNames':
      return `the property name ${plain(params['propertyName'])} is not allowed`;
    case 'dependentRequired':
    case 'dependencies':
      return `with ${nameOf(params['property'], finding, places)}, ${nameOf(params['missingProperty'], finding, places)} is needed as well`;
    case 'false schema':
      return 'is not accepted by this tool';
    case 'not':
      return `is something that the tool's schema excludes${value()}`;
    case 'anyOf':
    case 'oneOf':
      return describeChoice(finding, given, shapes, places);
    default:
      return `does not satisfy the schema's "${keyword}"${value()}`;
  }
}

function unknownProperty(name: string, schema: JsonObject): string {
  const known = isObject(schema['properties']) ? Object.keys(schema['properties']) : [];
  return `unknown property ${quote(name)}${didYouMean(nearestNames(name, known))}`;
}

function nameOf(property: unknown, finding: Finding, places: Places): string {
  return places.get([...finding.path, String(property)].join('\0')) ?? plain(property);
}

function describeChoice(finding: Finding, given: Given, shapes: readonly Shape[], places: Places): string {
  const { branches, params } = finding;
  if (Array.isArray(params['passingSchemas'])) return 'fits several forms that exclude each other';
  const all = (branches ?? []).filter((branch) => branch.length > 0);
  const missing = all.map((branch) =>
    branch.every((v) => v.keyword === 'required' && v.path.length === finding.path.length)
      ? branch.map((v) => nameOf(v.params['missingProperty'], finding, places)).join(' and ')
      : undefined,
  );
  if (all.length > 0 && missing.every((names) => names !== undefined))
    return `needs ${missing.join(', or ')}`;
  if (isObject(given.value) || Array.isArray(given.value))
    if (shapes.some((shape) => shape.type === (Array.isArray(given.value) ? 'array' : 'object')))
      return `fits none of the ${all.length} forms that the tool accepts`;
  const values = joined(shapes.map((shape) => shape.values ?? []));
  const value = given.hidden ? '' : ` (given ${given.shown}${suggestValue(given.value, values)})`;
  return `must be ${describeShapes(shapes)}${value}`;
}
