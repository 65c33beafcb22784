import { commandNames, type Offer } from '../../catalog/entry.ts';
import { firstSentence } from '../../lib/first-sentence.ts';
import { columns, cutColumns, padColumns, wrapWords } from '../../lib/word-wrap.ts';
import { profiledFlags, shownFlags } from '../../tools/flags/overrides.ts';
import { toolFlags } from '../../tools/flags/tool-flags.ts';
import { withValue } from '../../tools/flags/tool-help.ts';
import { hintsOf } from '../../tools/hints.ts';
import type { Printer } from './printer.ts';

/** An item of `ls --json`: its id and kind, and what the server listed verbatim beside them. */
export function offerItem({ name, kind, listed }: Offer): object {
  const ours = { id: name, kind };
  // A server may list fields of these names, too: they stand first and mean what they mean here.
  return { ...ours, ...listed, ...ours };
}

/**
 * A line each: the words that run it, its kind where not all are tools, the first sentence about it, tags and labels. The columns are
 * aligned; on a terminal a line takes no more than `room` columns.
 */
export function offerLines(printer: Printer, offers: readonly Offer[], room = printer.width): string {
  const kinds = new Set(offers.map(({ kind }) => kind));
  const names = shownNames(offers).map((name) => printer.safeName(name));
  const widest = printer.outTTY ? Math.min(32, Math.floor(room / 2)) : 32;
  const width = Math.min(widest, Math.max(...names.map(columns)));
  const kindWidth =
    kinds.size > 1 || !kinds.has('tool') ? Math.max(...[...kinds].map((kind) => kind.length)) : 0;
  return offers
    .map((offer, i) => {
      const kind = kindWidth > 0 ? `  ${offer.kind.padEnd(kindWidth)}` : '';
      const left = `${padColumns(names[i] ?? '', width)}${kind}`;
      const marks = printer.safeLine(marksOf(offer));
      const right = marks === '' ? '' : `  ${marks}`;
      const about = printer.safeLine(firstSentence(offer.tool.description ?? offer.tool.title ?? ''));
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
export function offerSignatures(printer: Printer, offers: readonly Offer[]): string {
  const names = shownNames(offers);
  const width = printer.outTTY ? printer.width : Number.POSITIVE_INFINITY;
  return offers
    .map((offer, i) => {
      const { profiles = {}, tool } = offer;
      const all = shownFlags(profiledFlags(toolFlags(tool.inputSchema ?? {}), profiles), profiles);
      const flags = all.filter(({ path }) => path.length === 1);
      const must = flags.filter(({ mustType }) => mustType).map((flag) => withValue(flag, String));
      const can = flags.filter(({ mustType }) => !mustType).map((flag) => `[${withValue(flag, String)}]`);
      const kind = offer.kind === 'tool' ? [] : [offer.kind];
      const facts = [...kind, ...hintsOf(offer.tool), marksOf(offer)].filter((fact) => fact !== '');
      const end = facts.length > 0 ? [`(${facts.join(', ')})`] : [];
      const name = printer.safeName(names[i] ?? '');
      const line = wrapWords(
        [name, ...[...must, ...can, ...end].map(printer.safeLine)],
        width,
        '',
        '        ',
      );
      const about = printer.safeLine(firstSentence(offer.tool.description ?? offer.tool.title ?? ''));
      return about === '' ? line : `${line}\n${wrapWords(about.split(' '), width, '    ')}`;
    })
    .join('\n');
}

/** `#etl #nightly team=data` */
function marksOf({ tags, labels }: Offer): string {
  return [
    ...tags.map((tag) => `#${tag}`),
    ...Object.entries(labels).map(([key, value]) => `${key}=${value}`),
  ].join(' ');
}

/** What is typed to run each, or the long way. */
function shownNames(offers: readonly Offer[]): string[] {
  const names = commandNames(offers);
  return offers.map((offer, i) => {
    const name = names[i];
    if (name === undefined) return `call --${offer.kind} ${offer.name}`;
    // A group's word stands before the name.
    return offer.typed ? name.replaceAll('.', ' ') : name;
  });
}

/** The offers in groups: those whose first word several share, by that word, and before them all others, without one. */
export function grouped(offers: readonly Offer[]): { group: string | undefined; offers: Offer[] }[] {
  const names = shownNames(offers);
  const groups = new Map<string | undefined, Offer[]>([[undefined, []]]);
  const wordOf = (i: number) => /^([^ .]+)[ .]/.exec(names[i] ?? '')?.[1];
  const words = offers.map((_, i) => wordOf(i));
  for (const [i, offer] of offers.entries()) {
    const word = words[i];
    const shared = word !== undefined && words.filter((one) => one === word).length > 1 ? word : undefined;
    const group = groups.get(shared);
    if (group) group.push(offer);
    else groups.set(shared, [offer]);
  }
  return [...groups]
    .filter(([, members]) => members.length > 0)
    .map(([group, members]) => ({ group, offers: members }));
}
