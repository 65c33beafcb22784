/** Values of headers that the person set, taken out of what a server says when it refuses: some servers repeat what they were sent. */

export type Scrub = (text: string) => string;

/** Characters from which on a value counts as a secret: shorter ones are words that messages need. */
const SHORTEST = 8;

/** Replaces each header's value, and the credentials after a scheme (`Bearer ...`), by `***`. */
export function scrubberOf(headers: Readonly<Record<string, string>>): Scrub {
  const values = Object.values(headers).flatMap((value) => [value, ...value.split(/\s+/)]);
  const secrets = [...new Set(values)].filter((value) => value.length >= SHORTEST);
  // The longest first: one may be a part of another.
  secrets.sort((a, b) => b.length - a.length);
  return (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
}
