/** Longest line of a list, in characters. */
const LONGEST = 120;

/**
 * The first sentence of a description, on one line, for lists. An end is a full stop, question or exclamation mark before a capital
 * or the end of the paragraph, so that `e.g. this` and `v1.2` do not end one; a line break after a blank line ends it, too.
 */
export function firstSentence(description: string): string {
  const paragraph =
    description
      .slice(0, 2_000)
      .trim()
      .split(/\n\s*\n/)[0] ?? '';
  const line = paragraph.replace(/\s+/g, ' ').trim();
  const end = /(?<!\b(?:e\.g|i\.e|etc|vs|cf))[.!?](?=\s+[\p{Lu}\p{N}"'`(*-]|$)|[。！？]/u.exec(line);
  const sentence = end ? line.slice(0, end.index + end[0].length) : line;
  const chars = [...sentence];
  return chars.length > LONGEST
    ? `${chars
        .slice(0, LONGEST - 3)
        .join('')
        .trimEnd()}...`
    : sentence;
}
