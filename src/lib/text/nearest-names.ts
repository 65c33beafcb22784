/** Longer names are compared by their beginning: the cost grows with the product of the lengths. */
const LONGEST = 80;

/**
 * Up to `limit` of the known names that are close to what was typed, closest first: few edits apart (a third of the word, at
 * least 2 for words of four letters), or one the beginning of the other.
 */
export function nearestNames(typed: string, known: readonly string[], limit = 3): string[] {
  const word = typed.slice(0, LONGEST).toLowerCase();
  if (word === '') return [];
  const most = word.length < 3 ? 1 : Math.max(2, Math.floor(word.length / 3));
  const close: { name: string; edits: number }[] = [];
  for (const name of new Set(known)) {
    const other = name.slice(0, LONGEST).toLowerCase();
    if (other === '') continue;
    const begins = word.length >= 3 && other.startsWith(word);
    if (!begins && Math.abs(other.length - word.length) > most) continue;
    const apart = edits(word, other, most);
    // Two short words that share nothing are a few edits apart, too: that is no likeness.
    if (begins || (apart <= most && apart < Math.max(word.length, other.length)))
      close.push({ name, edits: begins ? Math.min(apart, most) : apart });
  }
  return close
    .sort((a, b) => a.edits - b.edits || (a.name < b.name ? -1 : 1))
    .slice(0, limit)
    .map(({ name }) => name);
}

/** How many letters have to be put in, taken out or exchanged to make one word of the other; some number above `most` where these are more. */
function edits(a: string, b: string, most: number): number {
  // From the first letters of `a`, so far, to as many of `b` as the index says.
  const row = Uint8Array.from({ length: b.length + 1 }, (_, n) => n);
  for (let i = 1, least = 0; i <= a.length && least <= most; i++) {
    let before = i - 1;
    let left = i;
    row[0] = i;
    least = i;
    for (let j = 1; j <= b.length; j++) {
      const above = row[j] ?? 0;
      const exchanged = before + (a[i - 1] === b[j - 1] ? 0 : 1);
      left = Math.min(exchanged, above + 1, left + 1);
      least = Math.min(least, left);
      row[j] = left;
      before = above;
    }
  }
  return row[b.length] ?? 0;
}

/** ` (did you mean --a or --b?)`, or the empty string. */
export function didYouMean(names: readonly string[]): string {
  return names.length === 0 ? '' : ` (did you mean ${names.join(' or ')}?)`;
}
