/** Characters that take two columns: East Asian wide ones and emoji; near enough for a place to break a line. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/gu;
const ZERO = /\p{M}/gu;

/** How many columns a text takes on a terminal. */
export function columns(word: string): number {
  if (/^[\x20-\x7e]*$/.test(word)) return word.length;
  return [...word.replace(ZERO, '')].length + (word.match(WIDE)?.length ?? 0);
}

/** The text, or as much of it as fits with three dots at the end. */
export function cutColumns(text: string, width: number): string {
  if (columns(text) <= width) return text;
  let cut = '';
  for (const char of text) {
    if (columns(cut + char) > width - 3) break;
    cut += char;
  }
  return `${cut.trimEnd()}...`;
}

/** Filled up with spaces to `width` columns. */
export function padColumns(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columns(text)));
}

/**
 * Breaks paragraphs at spaces so that lines fit into `width` columns; longer words stand alone. A line's own indentation (a list in a
 * description) is kept. Ours, because the library for it takes 13 ms to load, for colours and joined emoji that are not in here.
 */
export function wordWrap(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) => {
      const indent = /^[ \t]{0,16}/.exec(line)?.[0] ?? '';
      return wrapWords(line.trim().split(/ +/), width, indent).trimEnd();
    })
    .join('\n');
}

/**
 * Words in lines of at most `width` columns, the first indented by `indent`, the others by `hanging`. One that is longer than a line is broken
 * at a space or behind a `|` that is in it, if at all.
 */
export function wrapWords(words: readonly string[], width: number, indent = '', hanging = indent): string {
  const lines: string[] = [];
  let current = '';
  let used = indent.length;
  // A long word is indented as far as there is room.
  const before = () =>
    lines.length === 0 ? indent : hanging.slice(0, Math.max(0, width - columns(current)));
  const fits = (word: string) => columns(word) <= width - hanging.length;
  for (const word of words.flatMap((one) => (fits(one) ? [one] : one.split(/ |(?<=[^ ]\|)/)))) {
    const size = columns(word);
    const space = current === '' || /[^ ]\|$/.test(current) ? '' : ' ';
    if (current !== '' && used + space.length + size > width) {
      lines.push(before() + current);
      current = word;
      used = hanging.length + size;
    } else {
      used += space.length + size;
      current += space + word;
    }
  }
  lines.push(before() + current);
  return lines.join('\n');
}

/** Fewer columns than these are too few for a text beside another. */
const LEAST_BESIDE = 24;

/**
 * Help for a terminal of `width` columns: lines that are too long are broken at spaces. What stands in a second column, two spaces or more
 * behind the first, goes on there; where that leaves too little room it stands below, indented.
 */
export function fitLines(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) => (columns(line) <= width ? line : fitLine(line, width)))
    .join('\n');
}

function fitLine(line: string, width: number): string {
  const [, indent = '', left = '', gap = '', right = ''] = /^( *)(\S.*?)(?:( {2,})(\S.*))?$/.exec(line) ?? [];
  const deeper = `${indent}    `;
  if (right !== '') {
    const column = indent.length + columns(left) + gap.length;
    if (width - column >= LEAST_BESIDE)
      return wrapWords(right.split(/ +/), width, `${indent}${left}${gap}`, ' '.repeat(column));
    return `${fitLines(indent + left, width)}\n${wrapWords(right.split(/ +/), width, deeper)}`;
  }
  // The second column of the row above, alone.
  const far = indent.length > 16 && width - indent.length < LEAST_BESIDE;
  const from = far ? '      ' : indent;
  return wrapWords(left.split(/ +/), width, from, far || indent === '' ? from : deeper);
}
