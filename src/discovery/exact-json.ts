/** Numbers in JSON text; strings are passed over as a whole. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** Shorter ones are exact. */
const LONG = /^-?\d{16,}$/;

/**
 * Whether JSON text has a whole number that a JSON number of JavaScript's cannot hold: it would be sent rounded, and a wrong id is worse than an
 * error. The text must be valid JSON.
 */
export function losesDigits(json: string): boolean {
  for (const [token] of json.matchAll(TOKENS))
    if (LONG.test(token) && BigInt(token) !== BigInt(Number(token))) return true;
  return false;
}

/** What is said of such text, beside where it stands. */
export const DIGITS_LOST = `a whole number in it is beyond ±${Number.MAX_SAFE_INTEGER} and would not arrive exactly`;
