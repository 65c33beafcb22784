import { type CatalogEntry, commandNames } from '../../catalog/entry.ts';
import { INSTANCE_COMMANDS } from '../../config/names.ts';
import { counted } from '../../lib/text/counted.ts';
import { firstSentence } from '../../lib/text/first-sentence.ts';
import { kebabCase } from '../../lib/text/kebab-case.ts';
import type { Candidate } from './candidate.ts';

/** What is typed to reach an entry: the segments of its kebab form, or the exact name as one word. */
interface Typed {
  entry: CatalogEntry;
  segments: readonly string[];
}

/** The next words of the tools, definitions and jobs that begin with `before`. `taken`: first words that mean something else here. */
export function toolWords(
  entries: readonly CatalogEntry[],
  before: readonly string[],
  current: string,
  taken: ReadonlySet<string>,
): Candidate[] {
  const candidates = new Map<string, Candidate>();
  const groups = new Map<string, number>();
  for (const { entry, segments } of typedForms(entries)) {
    const first = segments[0] ?? '';
    if (first.startsWith('-')) continue;
    if (before.length === 0 && taken.has(first) && segments.length === 1) continue;
    // Dots may be typed as they are; behind a command's name they must be.
    const whole = segments.length > 1 && before.length === 0 && (current.includes('.') || taken.has(first));
    if (whole) {
      candidates.set(segments.join('.'), candidate(entry, segments.join('.')));
      continue;
    }
    if (segments.length <= before.length || before.some((word, i) => segments[i] !== word)) continue;
    const next = segments[before.length] ?? '';
    if (segments.length === before.length + 1) candidates.set(next, candidate(entry, next));
    else groups.set(next, (groups.get(next) ?? 0) + 1);
  }
  for (const [next, count] of groups)
    if (!candidates.has(next)) candidates.set(next, { value: next, about: counted(count, 'tool') });
  return [...candidates.values()];
}

/** Exact names of these entries, for `call`. */
export function exactNames(entries: readonly CatalogEntry[]): Candidate[] {
  return entries.map((entry) => candidate(entry, entry.name));
}

/** Words that are commands of an instance, before any tool. */
export const INSTANCE_WORDS: ReadonlySet<string> = new Set(INSTANCE_COMMANDS);

function typedForms(entries: readonly CatalogEntry[]): Typed[] {
  const names = commandNames(entries);
  return entries.flatMap((entry, i) => {
    const name = names[i];
    if (name === undefined) return [];
    // A name that stands as the server has it is one word, dots and all.
    return [{ entry, segments: kebabCase(name) === name ? name.split('.') : [name] }];
  });
}

function candidate({ kind, tool }: CatalogEntry, value: string): Candidate {
  const { description, title } = tool;
  const said = typeof description === 'string' ? description : typeof title === 'string' ? title : '';
  const text = firstSentence(said);
  const about = kind === 'tool' ? text : text === '' ? kind : `${kind}: ${text}`;
  return { value, ...(about === '' ? {} : { about }) };
}
