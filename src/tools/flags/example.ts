import { carryNumber, stringifyJson } from '../../lib/json/exact-json.ts';
import { isObject, type JsonObject, setOwn, textAt } from '../../lib/json/json.ts';
import { shellQuote } from '../../lib/text/shell-quote.ts';
import type { ToolFlag } from './flag.ts';

const BY_FORMAT = new Map<string, string>([
  ['date', '2026-01-31'],
  ['date-time', '2026-01-31T12:00:00Z'],
  ['time', '12:00:00Z'],
  ['duration', 'PT1H'],
  ['email', 'user@example.com'],
  ['uri', 'https://example.com'],
  ['url', 'https://example.com'],
  ['hostname', 'example.com'],
  ['ipv4', '192.0.2.1'],
  ['ipv6', '2001:db8::1'],
  ['uuid', '123e4567-e89b-12d3-a456-426614174000'],
]);

/** A line that could be typed: every flag that must be, or else the first one, with values that the schema suggests. */
export function exampleLine(usage: string, flags: readonly ToolFlag[]): string {
  const must = flags.filter((flag) => flag.mustBeGiven && !(flag.hasNested && hasMustInside(flag, flags)));
  const first = flags.find((flag) => flag.path.length === 1);
  const shown = must.length > 0 ? must : first ? [first] : [];
  return [usage, ...shown.slice(0, 12).flatMap(words)].join(' ');

  function words(flag: ToolFlag): string[] {
    if (flag.kind === 'boolean') return [flag.values?.[0] === false ? `--no-${flag.name}` : `--${flag.name}`];
    return [shellQuote(`--${flag.name}`), shellQuote(exampleValue(flag, flags))];
  }
}

function hasMustInside(flag: ToolFlag, flags: readonly ToolFlag[]): boolean {
  return flags.some((other) => other.mustBeGiven && isChild(other, flag));
}

function isChild(inner: ToolFlag, outer: ToolFlag): boolean {
  return inner.path.length === outer.path.length + 1 && outer.path.every((name, i) => inner.path[i] === name);
}

function exampleValue(flag: ToolFlag, flags: readonly ToolFlag[]): string {
  if (flag.secret) return '...';
  const { examples = [], values = [] } = flag;
  const known: [holder: object, key: string | number][] = [
    [examples, 0],
    [flag, 'const'],
    [values, values.findIndex((value) => value !== null)],
    [flag, 'default'],
  ];
  for (const [holder, key] of known) {
    const example = (holder as JsonObject)[key];
    if (example !== undefined && example !== null) return asTyped(flag, holder, key);
  }
  const kind = flag.kind === 'array' ? (flag.itemKind ?? 'json') : flag.kind;
  if (kind === 'integer' || kind === 'number') return '1';
  if (kind === 'boolean') return 'true';
  if (kind === 'string') return BY_FORMAT.get(flag.format ?? '') ?? 'text';
  if (kind === 'array') return '[]';
  if (flag.kind !== 'object') return '{}';
  const object: JsonObject = {};
  for (const child of flags.filter((other) => isChild(other, flag) && other.required)) {
    const name = String(child.path.at(-1) ?? '');
    setOwn(object, name, sample(child));
    if (child.values?.[0] !== undefined) carryNumber(child.values, 0, object, name);
  }
  return stringifyJson(object);
}

function sample(flag: ToolFlag): unknown {
  if (flag.values?.[0] !== undefined) return flag.values[0];
  if (flag.kind === 'integer' || flag.kind === 'number') return 1;
  if (flag.kind === 'boolean') return true;
  if (flag.kind === 'array') return [];
  return flag.kind === 'object' ? {} : (BY_FORMAT.get(flag.format ?? '') ?? 'text');
}

/** An example value as a word: an array's first element, text as it is, everything else as JSON. */
function asTyped(flag: ToolFlag, holder: object, key: string | number): string {
  const example = (holder as JsonObject)[key];
  const inside = flag.kind === 'array' && Array.isArray(example);
  if (inside && (example[0] ?? null) === null) return 'text';
  const text = inside ? textAt(example, 0) : textAt(holder, key);
  if (text.length <= 60) return text;
  return isObject(inside ? example[0] : example) ? '{...}' : `${text.slice(0, 57)}...`;
}
