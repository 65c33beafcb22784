/**
 * Characters of a server's text that would act on a terminal instead of being seen: C0 but newline and tab, DEL, C1, line and
 * paragraph separators, bidirectional controls, zero-width characters, tags, the byte order mark and lone surrogates.
 */
const ACTING =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

function escapeOf(char: string): string {
  return Array.from(
    { length: char.length },
    (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('');
}

/**
 * Text for a terminal: acting characters are made visible (`\u001b`), not stripped, so that nothing is hidden and nothing acts.
 * A carriage return before a newline is dropped: it is how some servers end lines.
 */
export function visible(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(ACTING, escapeOf);
}

/** One line of it: newlines and tabs become spaces. */
export function visibleLine(text: string): string {
  return visible(text)
    .replace(/\s*[\n\t]\s*/g, ' ')
    .trim();
}

/** JSON for a terminal: the same characters as `\uXXXX` escapes inside strings, which any parser reads back losslessly. */
export function visibleJson(json: string): string {
  return json.replace(ACTING, escapeOf);
}
