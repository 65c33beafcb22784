import { type CatalogEntry, commandNames } from '../../../catalog/entry.ts';
import { INSTANCE_COMMANDS } from '../../../config/names.ts';
import { firstSentence } from '../../../lib/text/first-sentence.ts';
import { columns, cutColumns, padColumns, wrapWords } from '../../../lib/text/word-wrap.ts';
import { overriddenFlags, shownFlags } from '../../../tools/flags/overrides.ts';
import { toolFlags } from '../../../tools/flags/tool-flags.ts';
import { withValue } from '../../../tools/flags/tool-help.ts';
import { hintsOf } from '../../../tools/hints.ts';
import type { Printer } from '../printer.ts';

/** An item of `ls --json`: its id and kind, and what the server listed verbatim beside them. */
export function entryItem({ name, kind, raw }: CatalogEntry): object {
  const ours = { id: name, kind };
  // A server may list fields of these names, too: they stand first and mean what they mean here.
  return { ...ours, ...raw, ...ours };
}

/** What a line of a list has; texts as the server has them. */
export interface Row {
  name: string;
  kind: string;
  about: string;
  /** At the end: tags and labels, a type. */
  marks: string;
}

/** A line each: the words that run it, its kind where not all are tools, the first sentence about it, tags and labels. */
export function entryLines(printer: Printer, entries: readonly CatalogEntry[], room = printer.width): string {
  const rows = entryRows(entries);
  return rowLines(printer, rows, !rows.every(({ kind }) => kind === 'tool'), room);
}

/** The columns of the lines. */
export function entryRows(entries: readonly CatalogEntry[]): Row[] {
  const names = shownNames(entries);
  return entries.map((entry, i) => ({
    name: names[i] ?? '',
    kind: entry.kind,
    about: firstSentence(entry.tool.description ?? entry.tool.title ?? ''),
    marks: metadataOf(entry),
  }));
}

/** Lines of a list, the columns aligned; on a terminal a line takes no more than `room` columns. */
export function rowLines(
  printer: Printer,
  rows: readonly Row[],
  withKinds: boolean,
  room = printer.width,
): string {
  const names = rows.map(({ name }) => printer.safeName(name));
  // Addresses are longer than names.
  const most = rows.some(({ name }) => name.includes('://')) ? 64 : 32;
  const widest = printer.outTTY ? Math.min(most, Math.floor(room / 2)) : most;
  // A spread would be too many arguments for a long list.
  const width = Math.min(
    widest,
    names.reduce((most, name) => Math.max(most, columns(name)), 0),
  );
  const kindWidth = withKinds ? Math.max(...[...new Set(rows.map(({ kind }) => kind.length))]) : 0;
  return rows
    .map((row, i) => {
      const kind = kindWidth > 0 ? `  ${row.kind.padEnd(kindWidth)}` : '';
      const left = `${padColumns(names[i] ?? '', width)}${kind}`;
      const marks = printer.safeLine(row.marks);
      const right = marks === '' ? '' : `  ${marks}`;
      const about = printer.safeLine(row.about);
      if (!printer.outTTY) return `${left}  ${about}${right}`.trimEnd();
      const rest = room - columns(left) - 2 - columns(right);
      if (rest >= 12) return `${left}  ${cutColumns(about, rest)}${right}`.trimEnd();
      // Too little room beside the name: below it.
      const below = `${cutColumns(about, Math.max(12, room - 4 - columns(right)))}${right}`.trim();
      return below === '' ? left.trimEnd() : `${left.trimEnd()}\n    ${below}`;
    })
    .join('\n');
}

/**
 * `ls -l`: the words with the flags that each takes, those that must be typed first, what the server says of it; the first sentence below. Nested
 * flags are left out: they are parts of the object that is there. On a terminal a flag and its value stay together.
 */
export function entrySignatures(printer: Printer, entries: readonly CatalogEntry[]): string {
  const names = shownNames(entries);
  const width = printer.outTTY ? printer.width : Number.POSITIVE_INFINITY;
  return entries
    .map((entry, i) => {
      const { flagOverrides = {}, tool } = entry;
      const all = shownFlags(
        overriddenFlags(toolFlags(tool.inputSchema ?? {}), flagOverrides),
        flagOverrides,
      );
      const flags = all.filter(({ path }) => path.length === 1);
      const must = flags.filter(({ mustBeGiven }) => mustBeGiven).map((flag) => withValue(flag, String));
      const can = flags
        .filter(({ mustBeGiven }) => !mustBeGiven)
        .map((flag) => `[${withValue(flag, String)}]`);
      const kind = entry.kind === 'tool' ? [] : [entry.kind];
      const facts = [...kind, ...hintsOf(entry.tool), metadataOf(entry)].filter((fact) => fact !== '');
      const end = facts.length > 0 ? [`(${facts.join(', ')})`] : [];
      const name = printer.safeName(names[i] ?? '');
      const line = wrapWords(
        [name, ...[...must, ...can, ...end].map(printer.safeLine)],
        width,
        '',
        '        ',
      );
      const about = printer.safeLine(firstSentence(entry.tool.description ?? entry.tool.title ?? ''));
      return about === '' ? line : `${line}\n${wrapWords(about.split(' '), width, '    ')}`;
    })
    .join('\n');
}

/** `#etl #nightly team=data` */
function metadataOf({ tags, labels }: CatalogEntry): string {
  return [
    ...tags.map((tag) => `#${tag}`),
    ...Object.entries(labels).map(([key, value]) => `${key}=${value}`),
  ].join(' ');
}

/** What is typed to run each, or the long way. */
function shownNames(entries: readonly CatalogEntry[]): string[] {
  const names = commandNames(entries);
  return entries.map((entry, i) => {
    const name = names[i];
    if (name === undefined) return `call --${entry.kind} ${entry.name}`;
    if ((INSTANCE_COMMANDS as readonly string[]).includes(name)) return `call ${name}`;
    // A group's word stands before the name.
    return entry.aliases ? name.replaceAll('.', ' ') : name;
  });
}

/** The entries in groups: those whose first word several share, by that word, and before them all others, without one. */
export function grouped(
  entries: readonly CatalogEntry[],
): { group: string | undefined; entries: CatalogEntry[] }[] {
  const names = shownNames(entries);
  const groups = new Map<string | undefined, CatalogEntry[]>([[undefined, []]]);
  const wordOf = (i: number) => /^([^ .]+)[ .]/.exec(names[i] ?? '')?.[1];
  const words = entries.map((_, i) => wordOf(i));
  for (const [i, entry] of entries.entries()) {
    const word = words[i];
    const shared = word !== undefined && words.filter((one) => one === word).length > 1 ? word : undefined;
    const group = groups.get(shared);
    if (group) group.push(entry);
    else groups.set(shared, [entry]);
  }
  return [...groups]
    .filter(([, members]) => members.length > 0)
    .map(([group, members]) => ({ group, entries: members }));
}
