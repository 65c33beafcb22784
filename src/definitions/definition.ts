import { keepTexts } from '../lib/json/exact-json.ts';
import { deeperThan, isObject, type JsonObject, setOwn } from '../lib/json/json.ts';

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

/** Deeper fixed arguments than any tool wants (the limit of `--args`). */
const DEEPEST = 200;

const TEXT = { takes: 'text', fits: (value: unknown) => typeof value === 'string' };
const NAME = { takes: 'text that is not empty', fits: (value: unknown) => TEXT.fits(value) && value !== '' };
const NUMBER = { takes: 'a number', fits: (value: unknown) => typeof value === 'number' };
const FLAG = { takes: 'true or false', fits: (value: unknown) => typeof value === 'boolean' };
const DURATION = {
  takes: 'a duration, such as "10m"',
  fits: (value: unknown) => TEXT.fits(value) || NUMBER.fits(value),
};

/** The fields in the order in which they are stored and told. */
const FIELDS = new Map<string, { takes: string; fits: (value: unknown) => boolean }>([
  ['name', NAME],
  ['tool', NAME],
  ['description', TEXT],
  ['args', { takes: 'an object', fits: (value) => isObject(value) && !deeperThan(value, DEEPEST) }],
  ['retries', NUMBER],
  ['retryBackoff', DURATION],
  ['retryMultiplier', NUMBER],
  ['retryMaxBackoff', DURATION],
  ['timeout', DURATION],
  ['outputCheck', FLAG],
  ['tags', { takes: 'a list of texts', fits: (value) => Array.isArray(value) && value.every(TEXT.fits) }],
  [
    'labels',
    {
      takes: 'an object of texts',
      fits: (value) => isObject(value) && Object.values(value).every(TEXT.fits),
    },
  ],
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
