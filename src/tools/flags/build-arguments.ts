import { UsageError } from '../../errors.ts';
import { carryNumber, keepTexts, parseJson } from '../../lib/json/exact-json.ts';
import { deeperThan, isObject, type JsonObject, own, setOwn } from '../../lib/json/json.ts';
import type { Assignment } from './parse-line.ts';

/** Deeper arguments than any tool wants; everything behind this may recurse over them safely. */
const DEEPEST = 200;

/**
 * Parses the text of `--args`. `source` names it in the error (`--args`, `--args @file.json`).
 * Error: UsageError, which never repeats the text (it may hold secrets).
 */
export function parseArgsText(text: string, source = '--args'): JsonObject {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (cause) {
    throw new UsageError(`${source}: not valid JSON: ${brokenAt(text, cause)}`, {
      hint: `for example --args '{"message":"hello"}'`,
    });
  }
  return checked(value, source);
}

/** Where text is no JSON, by the error of parsing it. V8 quotes the text in its message; only the place is kept. */
export function brokenAt(text: string, error: unknown): string {
  if (text.trim() === '') return 'it is empty';
  const place = /position \d+( \(line \d+ column \d+\))?/.exec(error instanceof Error ? error.message : '');
  return place ? `at ${place[0]}` : 'it ends too early or is not JSON';
}

function checked(base: unknown, source: string): JsonObject {
  if (!isObject(base)) {
    const what = Array.isArray(base) ? 'an array' : base === null ? 'null' : `a ${typeof base}`;
    throw new UsageError(`${source}: must be a JSON object, not ${what}`);
  }
  if (deeperThan(base, DEEPEST)) throw new UsageError(`${source}: nested deeper than ${DEEPEST} levels`);
  return base;
}

/**
 * The arguments to send: `base` (the parsed `--args`, or undefined for none) with the flags' values over it. Dotted flags refine
 * the object or array that a flag or `--args` gives, whatever the order on the line. Nothing that was passed in is changed.
 * Errors: UsageError when `base` is no object, a dotted flag contradicts the flag above it, or elements of an array are left out.
 */
export function buildArguments(base: unknown, assignments: readonly Assignment[]): JsonObject {
  const result = base === undefined ? {} : { ...checked(base, '--args') };
  // Sorting is stable: outer flags first, so that inner ones refine them.
  const ordered = [...assignments].sort((a, b) => a.path.length - b.path.length);
  const typed = new Map<string, string>();
  for (const assignment of ordered) {
    const { path, value, flag } = assignment;
    let at: Holder = result;
    for (const [depth, step] of path.slice(0, -1).entries()) {
      const inner = valueAt(at, step);
      const above = typed.get(placeKey(path.slice(0, depth + 1)));
      const wants = typeof path[depth + 1] === 'number' ? 'array' : 'object';
      const fits = wants === 'array' ? Array.isArray(inner) : isObject(inner);
      if (above !== undefined && !fits)
        throw new UsageError(`${flag} goes into ${above}, which is given as something else than an ${wants}`);
      // Copied, not changed: it may be the caller's.
      const copy: Holder =
        wants === 'array'
          ? Array.isArray(inner)
            ? keepTexts(inner.slice(), inner)
            : []
          : { ...(isObject(inner) ? inner : {}) };
      setAt(at, step, copy);
      at = copy;
    }
    const last = path[path.length - 1] ?? '';
    setAt(at, last, value);
    carryNumber(assignment, 'value', at, last);
    typed.set(placeKey(path), flag);
  }
  for (const assignment of ordered) checkPlaces(result, assignment);
  return result;
}

type Holder = JsonObject | unknown[];

function placeKey(path: readonly (string | number)[]): string {
  return path.join('\0');
}

function valueAt(holder: unknown, step: string | number): unknown {
  if (Array.isArray(holder)) return holder[Number(step)];
  return isObject(holder) ? own(holder, String(step)) : undefined;
}

function setAt(holder: Holder, step: string | number, value: unknown): void {
  if (Array.isArray(holder)) holder[Number(step)] = value;
  else setOwn(holder, String(step), value);
}

/** Elements that a flag names come in any order, but none before them may be left out. */
function checkPlaces(root: unknown, { path, flag }: Assignment): void {
  let at = root;
  for (const [depth, step] of path.entries()) {
    if (typeof step === 'number' && Array.isArray(at)) {
      for (let i = 0; i < step; i++)
        if (!Object.hasOwn(at, i))
          throw new UsageError(`${flag}: there is no ${[...path.slice(0, depth), i].join('.')} before it`);
    }
    at = valueAt(at, step);
  }
}
