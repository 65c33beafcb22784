import { UsageError } from '../errors.ts';
import { deeperThan, isObject, type JsonObject, own, setOwn } from '../json.ts';
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
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
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
 * the object that a flag or `--args` gives, whatever the order on the line. Nothing that was passed in is changed.
 * Errors: UsageError when `base` is no object or a dotted flag contradicts the flag above it.
 */
export function buildArguments(base: unknown, assignments: readonly Assignment[]): JsonObject {
  const result = base === undefined ? {} : { ...checked(base, '--args') };
  // Sorting is stable: outer flags first, so that inner ones refine them.
  const ordered = [...assignments].sort((a, b) => a.path.length - b.path.length);
  const typed = new Map<unknown, string>();
  for (const { path, value, flag } of ordered) {
    let at = result;
    for (const [depth, key] of path.slice(0, -1).entries()) {
      const inner = own(at, key);
      const above = typed.get(path.slice(0, depth + 1).join('\0'));
      if (above !== undefined && !isObject(inner))
        throw new UsageError(`${flag} goes into ${above}, which is given as something else than an object`);
      // Copied, not changed: the object may be the caller's.
      const copy = isObject(inner) ? { ...inner } : {};
      setOwn(at, key, copy);
      at = copy;
    }
    setOwn(at, path[path.length - 1] ?? '', value);
    typed.set(path.join('\0'), flag);
  }
  return result;
}
