import { type Extra, type ExtraKind, textIn } from '../../../catalog/extras.ts';
import { counted } from '../../../lib/text/counted.ts';
import { firstSentence } from '../../../lib/text/first-sentence.ts';
import { formatBytes } from '../../../lib/text/format-bytes.ts';
import type { Printer } from '../printer.ts';
import { rowLines } from './entry-view.ts';

/** An item of `ls --json`: what it is known by and its kind, and what the server listed verbatim beside them. */
export function extraItem({ id, kind, raw }: Extra): object {
  const ours = { id, kind };
  // A server may list fields of these names, too: they stand first and mean what they mean here.
  return { ...ours, ...raw, ...ours };
}

/** A line each: the address or the name, the kind where there are several, what the server says of it. */
export function extraLines(printer: Printer, extras: readonly Extra[]): string {
  const several = new Set(extras.map(({ kind }) => kind)).size > 1;
  return rowLines(printer, extras.map(extraRow), several);
}

/** The columns of a line. */
export function extraRow(extra: Extra): { name: string; kind: string; about: string; marks: string } {
  const { id, kind, raw } = extra;
  const name = textIn(raw, 'title') || (kind === 'prompt' ? '' : textIn(raw, 'name'));
  const said = firstSentence(textIn(raw, 'description'));
  const size = raw['size'];
  const facts = [
    textIn(raw, 'mimeType'),
    typeof size === 'number' && size >= 0 ? formatBytes(size) : '',
  ].filter((fact) => fact !== '');
  return {
    name: id,
    kind,
    about: [name, said === name ? '' : said].filter((text) => text !== '').join(': '),
    marks: facts.length > 0 ? `(${facts.join(', ')})` : '',
  };
}

/** How many there are of each kind, for those that there are. */
export function countsOf(items: readonly { kind: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of items) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** `3 tools, 1 workflow`: the kinds that there are; where there are none, none of the first of `kinds`. */
export function countText(
  counts: Readonly<Record<string, number>>,
  kinds: readonly (ExtraKind | string)[],
): string {
  const there = Object.entries(counts).filter(([, count]) => count > 0);
  return (there.length > 0 ? there : [[kinds[0] ?? '', 0] as const])
    .map(([kind, count]) => counted(count, kind))
    .join(', ');
}
