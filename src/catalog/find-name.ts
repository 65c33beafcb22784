import { kebabCase } from '../lib/text/kebab-case.ts';
import { nearestNames } from '../lib/text/nearest-names.ts';

/** What the words after an instance's name mean. `consumed` is how many of them name the tool. */
export type ToolMatch =
  | { kind: 'tool'; name: string; consumed: number }
  /** Several tools share this kebab form: each is reachable by its exact name only. */
  | { kind: 'ambiguous'; candidates: string[] }
  /** The words are the beginning of dotted names (`email` of `email.send`). */
  | { kind: 'group'; prefix: string; members: string[]; consumed: number }
  | { kind: 'none'; suggestions: string[] };

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

  const candidates = kebabForms(names.filter((name) => mayBe(name, typed)));
  for (let n = Math.min(typed.length, DEEPEST); n > 0; n--) {
    const joined = typed.slice(0, n).join('.');
    if (exact.has(joined)) return { kind: 'tool', name: joined, consumed: n };
    const same = candidates.get(joined);
    if (same?.[0] === undefined) continue;
    if (same.length === 1) return { kind: 'tool', name: same[0], consumed: n };
    return { kind: 'ambiguous', candidates: same };
  }

  const prefix = typed.join('.');
  const members = names.filter(
    (name) => name.startsWith(`${prefix}.`) || kebabCase(name).startsWith(`${prefix}.`),
  );
  if (members.length > 0) return { kind: 'group', prefix, members, consumed: typed.length };
  return { kind: 'none', suggestions: suggestTools(names, typed) };
}

/** Names with more dots than this nest no further. */
const DEEPEST = 16;

/** A quick look at both ends of a name, which spares nearly all of a server's thousand names the conversion. */
function mayBe(name: string, typed: readonly string[]): boolean {
  const begin = name.charAt(0).toLowerCase();
  const end = name.charAt(name.length - 1).toLowerCase();
  if (/[a-z0-9]/.test(begin) && !typed[0]?.startsWith(begin)) return false;
  return !/[a-z0-9]/.test(end) || typed.some((word) => word.endsWith(end));
}

function kebabForms(names: readonly string[]): Map<string, string[]> {
  const forms = new Map<string, string[]>();
  for (const name of names) {
    const kebab = kebabCase(name);
    const same = forms.get(kebab);
    if (same) same.push(name);
    else if (kebab !== '') forms.set(kebab, [name]);
  }
  return forms;
}

function suggestTools(names: readonly string[], typed: readonly string[]): string[] {
  const byKebab = kebabForms(names);
  const known = [...byKebab.keys(), ...names.filter((name) => kebabCase(name) === '')];
  const whole = nearestNames(typed.slice(0, 3).join('.'), known);
  const near = whole.length > 0 ? whole : nearestNames(typed[0] ?? '', known);
  // What several share is no name to type.
  return [
    ...new Set(
      near.flatMap((kebab) => (byKebab.get(kebab)?.length === 1 ? kebab : (byKebab.get(kebab) ?? kebab))),
    ),
  ].slice(0, 3);
}
