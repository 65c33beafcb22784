import { nearestNames } from './suggest.ts';

/** What the words after an instance's name mean. `consumed` is how many of them name the tool. */
export type ToolMatch =
  | { kind: 'tool'; name: string; consumed: number }
  /** Several tools share this kebab form: each is reachable by its exact name only. */
  | { kind: 'ambiguous'; candidates: string[] }
  /** The words are the beginning of dotted names (`email` of `email.send`). */
  | { kind: 'group'; prefix: string; members: string[]; consumed: number }
  | { kind: 'none'; suggestions: string[] };

const PLAIN = /^[a-z0-9]+(?:[.-][a-z0-9]+)*$/;

/**
 * The form of a name that people type: `maxTokens` -> `max-tokens`, `HTTPProxy` -> `http-proxy`, `user_name` -> `user-name`. Dots
 * stay (they nest), every other run of characters that are no letters or digits becomes one dash. Idempotent. A name without
 * any letter or digit gives the empty string: such a name is reachable by itself only.
 */
export function kebabCase(name: string): string {
  if (PLAIN.test(name)) return name;
  return name.split('.').map(kebabSegment).filter(Boolean).join('.');
}

function kebabSegment(segment: string): string {
  return (
    segment
      // A plural of an acronym is one word: userIDs -> user-ids.
      .replace(/(\p{Lu}{2,})s(?!\p{Ll})/gu, (_, acronym: string) => `${acronym}S`)
      .replace(/(\p{Lu}+)(\p{Lu}\p{Ll})/gu, '$1-$2')
      .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1-$2')
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}]+/gu, '-')
      .replace(/^-+|-+$/g, '')
  );
}

/**
 * Finds the tool that the first words name. Longest match first (`email send` is `email.send` even beside a tool `email`, since a
 * tool takes no positional words), and for the same words the exact wire name before the kebab form. Words from the first flag
 * (`-...`) on are not looked at.
 */
export function resolveTool(names: readonly string[], words: readonly string[]): ToolMatch {
  const flagAt = words.findIndex((word) => word.startsWith('-'));
  const typed = flagAt < 0 ? words : words.slice(0, flagAt);
  const exact = new Set(names);
  const first = typed[0];
  if (first === undefined) return { kind: 'none', suggestions: [] };
  if (typed.length === 1 && exact.has(first)) return { kind: 'tool', name: first, consumed: 1 };

  const byKebab = new Map<string, string[]>();
  let deepest = 1;
  for (const name of names) {
    const kebab = kebabCase(name);
    if (kebab === '') continue;
    deepest = Math.max(deepest, kebab.split('.').length);
    const same = byKebab.get(kebab);
    if (same) same.push(name);
    else byKebab.set(kebab, [name]);
  }

  for (let n = Math.min(typed.length, deepest); n > 0; n--) {
    const joined = typed.slice(0, n).join('.');
    if (exact.has(joined)) return { kind: 'tool', name: joined, consumed: n };
    const same = byKebab.get(joined);
    if (same?.[0] === undefined) continue;
    if (same.length === 1) return { kind: 'tool', name: same[0], consumed: n };
    return { kind: 'ambiguous', candidates: [...same] };
  }

  for (let n = Math.min(typed.length, deepest); n > 0; n--) {
    const prefix = typed.slice(0, n).join('.');
    const members = names.filter(
      (name) => name.startsWith(`${prefix}.`) || kebabCase(name).startsWith(`${prefix}.`),
    );
    // More words than the group has levels name a member that does not exist: that is for the suggestions.
    if (members.length > 0 && n === typed.length) return { kind: 'group', prefix, members, consumed: n };
  }
  return { kind: 'none', suggestions: suggestTools(names, byKebab, typed) };
}

function suggestTools(
  names: readonly string[],
  byKebab: ReadonlyMap<string, readonly string[]>,
  typed: readonly string[],
): string[] {
  const whole = typed.slice(0, 3).join('.');
  const found = nearestNames(whole, [...byKebab.keys(), ...names.filter((name) => !byKebab.has(name))]);
  const near = found.length > 0 ? found : nearestNames(typed[0] ?? '', [...byKebab.keys()]);
  const shown = near.map((name) =>
    byKebab.get(name)?.length === 1 ? name : (byKebab.get(name)?.[0] ?? name),
  );
  return [...new Set(shown)].slice(0, 3);
}
