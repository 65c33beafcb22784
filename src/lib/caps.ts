/**
 * How much of a server's words is stored and shown. Results are kept whole, up to the largest message; everything else that a server says is
 * for people, and is cut where it is taken in.
 */

/** The longest message of a server that is kept: of an error, a status, progress. Characters (UTF-16 units). */
export const MESSAGE_LENGTH = 4 * 1024;

/** Text of at most `length` characters; what was longer ends with an ellipsis that tells how much is missing. No character is cut in two. */
export function cutText(text: string, length: number): string {
  if (text.length <= length) return text;
  let end = length;
  // A high surrogate stands before its other half.
  if (/[\uD800-\uDBFF]/.test(text.charAt(end - 1))) end -= 1;
  return `${text.slice(0, end)}... (${text.length - end} more characters)`;
}
