import { firstSentence } from '../discovery/first-sentence.ts';
import { type Offer, reachable } from '../discovery/offers.ts';
import { kebabCase } from '../discovery/tool-names.ts';
import type { Printer } from './printer.ts';

/** An item of `ls --json`: its id and kind, and what the server listed verbatim beside them. */
export function offerItem({ name, kind, listed }: Offer): object {
  return { id: name, kind, ...listed };
}

/**
 * A line each: the words that run it, its kind where there is more than one, the first sentence about it, tags and labels. The columns are
 * aligned.
 */
export function offerLines(printer: Printer, offers: readonly Offer[]): string {
  const kinds = new Set(offers.map(({ kind }) => kind));
  const known = new Set(reachable(offers));
  const typed = countBy([...known].map(({ name }) => kebabCase(name)));
  const names = offers.map((offer) =>
    printer.safeLine(known.has(offer) ? typedName(offer.name, typed) : `call --${offer.kind} ${offer.name}`),
  );
  const width = Math.min(32, Math.max(...names.map((name) => name.length)));
  const kindWidth = kinds.size > 1 ? Math.max(...[...kinds].map((kind) => kind.length)) : 0;
  return offers
    .map((offer, i) => {
      const kind = kindWidth > 0 ? `  ${offer.kind.padEnd(kindWidth)}` : '';
      const left = `${(names[i] ?? '').padEnd(width)}${kind}`;
      const marks = printer.safeLine(marksOf(offer));
      const right = marks === '' ? '' : `  ${marks}`;
      const room = printer.outTTY
        ? Math.max(20, printer.width - left.length - 2 - right.length)
        : Number.POSITIVE_INFINITY;
      const about = printer.safeLine(firstSentence(offer.tool.description ?? offer.tool.title ?? ''));
      const short = about.length > room ? `${about.slice(0, room - 3)}...` : about;
      return `${left}  ${short}${right}`.trimEnd();
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

/** The kebab form when it means this one alone, otherwise the exact name. */
function typedName(name: string, typed: ReadonlyMap<string, number>): string {
  const kebab = kebabCase(name);
  return typed.get(kebab) === 1 ? kebab : name;
}

function countBy(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
