import { distance } from 'fastest-levenshtein';

/** Longer names are compared by their beginning: the cost grows with the product of the lengths. */
const LONGEST = 80;

/**
 * Up to `limit` of the known names that are close to what was typed, closest first: few edits apart (a third of the word, at
 * least 2 for words of four letters), or one the beginning of the other.
 */
export function nearestNames(typed: string, known: readonly string[], limit = 3): string[] {
  const word = typed.slice(0, LONGEST).toLowerCase();
  if (word === '') return [];
  const connectTarget = word.length < 3 ? 1 : Math.max(2, Math.floor(word.length / 3));
  const close: { name: string; edits: number }[] = [];
  for (const name of new Set(known)) {
    const other = name.slice(0, LONGEST).toLowerCase();
    if (other === '') continue;
    const begins = word.length >= 3 && other.startsWith(word);
    if (!begins && Math.abs(other.length - word.length) > connectTarget) continue;
    const edits = distance(word, other);
    // Two short words that share nothing are a few edits apart, too: that is no likeness.
    if (begins || (edits <= connectTarget && edits < Math.max(word.length, other.length)))
      close.push({ name, edits: begins ? Math.min(edits, connectTarget) : edits });
  }
  return close
    .sort((a, b) => a.edits - b.edits || (a.name < b.name ? -1 : 1))
    .slice(0, limit)
    .map(({ name }) => name);
}

/** ` (did you mean --a or --b?)`, or the empty string. */
export function didYouMean(names: readonly string[]): string {
  return names.length === 0 ? '' : ` (did you mean ${names.join(' or ')}?)`;
}
