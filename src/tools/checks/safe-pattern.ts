const LONGEST_PATTERN = 200;
const LONGEST_TEXT = 200;

/**
 * Whether the text matches a server's pattern, as far as that can be told at no risk: undefined for a pattern that could take long (groups
 * that repeat, more than two repetitions, many alternatives), and for what is no pattern. Enough to tell typed words and names apart; the
 * check of the arguments has an engine that runs any pattern.
 */
export function matchesPattern(pattern: string, text: string): boolean | undefined {
  if (pattern.length > LONGEST_PATTERN || text.length > LONGEST_TEXT) return undefined;
  const many = (sign: RegExp) => pattern.match(sign)?.length ?? 0;
  if (/\)[*+?{]|\(\?|\\[1-9k]/.test(pattern) || many(/[*+?{]/g) > 2 || many(/\|/g) > 8) return undefined;
  try {
    return new RegExp(pattern, 'u').test(text);
  } catch {
    return undefined;
  }
}
