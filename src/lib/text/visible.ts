/**
 * Characters of a server's text that a terminal acts on, or that it does not show, are written out (`\u200b`): nothing is hidden, nothing acts,
 * and two names that are not the same do not look the same. By Unicode's properties, so that new characters of these kinds count, too.
 */

/** C0 but newline and tab, DEL, C1; line and paragraph separators; lone surrogates; and format characters that are no "default ignorable". */
const ACTING = String.raw`[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufff9-\ufffb\u{13430}-\u{1343f}]|\p{Surrogate}`;

/**
 * What fonts draw nothing for (Default_Ignorable_Code_Point): soft hyphens, zero-width and bidirectional controls, fillers, variation selectors,
 * tags, the byte order mark.
 */
const UNSEEN = String.raw`\p{Default_Ignorable_Code_Point}`;

/** In names, also the blank Braille pattern, line breaks, all spaces but a usual one inside, and what looks written out as it stands. */
const BLANK = String.raw`(?! )\p{Zs}|[\u2800\n\t]|^ | $|\\(?=u[0-9a-f]{4})`;

/**
 * Parts of emoji, which running text keeps: the emoji form of a character that has a plain one, a keycap's, and the joiner between two emoji.
 * Tags stay written out, those of flags too: they can spell a whole hidden text.
 */
const IN_EMOJI = [
  String.raw`(?<=(?!\p{Emoji_Presentation})\p{Extended_Pictographic})\ufe0f`,
  String.raw`(?<=[0-9#*])\ufe0f(?=\u20e3)`,
  String.raw`(?<=\p{Extended_Pictographic}[\ufe0f\p{Emoji_Modifier}]?)\u200d(?=\p{Extended_Pictographic})`,
].join('|');

const inText = onDemand(`(?=${UNSEEN})(?!${IN_EMOJI})[^]|${ACTING}`);
const inNames = onDemand(`${UNSEEN}|${BLANK}|${ACTING}`);
const inJson = onDemand(`${UNSEEN}|${ACTING}`);

/** Text that is plain ASCII, which most is: the expressions above need half a millisecond to be made. */
const PLAIN_TEXT = /^[\n\t\x20-\x7e]*$/;
const PLAIN_NAME = /^[\x21-\x5b\x5d-\x7e]*$/;

function onDemand(source: string): () => RegExp {
  let made: RegExp | undefined;
  return () => {
    made ??= new RegExp(source, 'gu');
    return made;
  };
}

function escapeOf(char: string): string {
  return Array.from(
    { length: char.length },
    (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('');
}

/**
 * Text for a terminal: what acts or is not seen is written out, not stripped. A carriage return before a newline is dropped: it is how some
 * servers end lines.
 */
export function visible(text: string): string {
  if (PLAIN_TEXT.test(text)) return text;
  return text.replace(/\r\n/g, '\n').replace(inText(), escapeOf);
}

/** One line of it: newlines and tabs become spaces. */
export function visibleLine(text: string): string {
  return visible(text)
    .replace(/\s*[\n\t]\s*/g, ' ')
    .trim();
}

/** A name, on one line: stricter than text, since names are told apart by how they look. Emoji that are made of several characters fall apart. */
export function visibleName(name: string): string {
  return PLAIN_NAME.test(name) ? name : name.replace(inNames(), escapeOf);
}

/** JSON for a terminal: the same characters as `\uXXXX` escapes inside strings, which any parser reads back losslessly. No emoji is spared. */
export function visibleJson(json: string): string {
  return PLAIN_TEXT.test(json) ? json : json.replace(inJson(), escapeOf);
}
