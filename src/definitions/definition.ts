import { keepTexts } from '../lib/json/exact-json.ts';
import { type Field, FLAG, isText, LABELS, NAME, OBJECT, TEXT, TEXTS } from '../lib/json/fields.ts';
import { isObject, type JsonObject, setOwn } from '../lib/json/json.ts';

/**
 * A job of the user's own: a tool under another name, with some of its arguments fixed and a way to run it. The fields from `retries` on are
 * called as the settings of a tool are. Unknown fields are kept.
 */
export interface Definition {
  name: string;
  /** The tool's exact name. */
  tool: string;
  description?: string;
  /** Fixed arguments: the leaves of this object. */
  args?: Record<string, unknown>;
  /** Attempts in total. */
  retries?: number;
  /** As typed (`10m`), or seconds; so are the other durations. */
  retryBackoff?: string | number;
  retryMultiplier?: number;
  retryMaxBackoff?: string | number;
  timeout?: string | number;
  outputCheck?: boolean;
  tags?: string[];
  labels?: Record<string, string>;
  hideFromDiscovery?: boolean;
  [extra: string]: unknown;
}

const NUMBER: Field = { takes: 'a number', fits: (value) => typeof value === 'number' };
const DURATION: Field = {
  takes: 'a duration, such as "10m"',
  fits: (value) => isText(value) || NUMBER.fits(value),
};

/** The fields in the order in which they are stored and told. */
const FIELDS = new Map<string, Field>([
  ['name', NAME],
  ['tool', NAME],
  ['description', TEXT],
  ['args', OBJECT],
  ['retries', NUMBER],
  ['retryBackoff', DURATION],
  ['retryMultiplier', NUMBER],
  ['retryMaxBackoff', DURATION],
  ['timeout', DURATION],
  ['outputCheck', FLAG],
  ['tags', TEXTS],
  ['labels', LABELS],
  ['hideFromDiscovery', FLAG],
]);

/** What keeps a value from being a definition, a line each: `retries must be a number`. Values of settings are not judged here. */
export function shapeProblems(value: unknown): string[] {
  if (!isObject(value)) return ['not a JSON object'];
  return [...FIELDS].flatMap(([field, { takes, fits }]) => {
    const missing = !Object.hasOwn(value, field);
    if (missing) return field === 'name' || field === 'tool' ? [`${field} is missing`] : [];
    return fits(value[field]) ? [] : [`${field} must be ${takes}`];
  });
}

/** A copy with the known fields in their order, and what is unknown behind them; undefined ones are left out. */
export function inOrder(definition: { [field: string]: unknown }): Definition {
  const copy: JsonObject = {};
  for (const field of new Set([...FIELDS.keys(), ...Object.keys(definition)]))
    if (Object.hasOwn(definition, field) && definition[field] !== undefined)
      setOwn(copy, field, definition[field]);
  return keepTexts(copy, definition) as Definition;
}

/** By name, in the order of code units: the same on every machine. */
export function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
