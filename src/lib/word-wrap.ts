/** Characters that take two columns: East Asian wide ones and emoji; near enough for a place to break a line. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/gu;
const ZERO = /\p{M}/gu;

function columns(word: string): number {
  if (/^[\x20-\x7e]*$/.test(word)) return word.length;
  return [...word.replace(ZERO, '')].length + (word.match(WIDE)?.length ?? 0);
}

/**
 * Breaks paragraphs at spaces so that lines fit into `width` columns; longer words stand alone. A line's own indentation (a list in a
 * description) is kept. Ours, because the library for it takes 13 ms to load, for colours and joined emoji that are not in here.
 */
export function wordWrap(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) => wrapLine(line, width))
    .join('\n');
}

function wrapLine(line: string, width: number): string {
  const indent = /^[ \t]{0,16}/.exec(line)?.[0] ?? '';
  const lines: string[] = [];
  let current = '';
  let used = 0;
  for (const word of line.trim().split(/ +/)) {
    const size = columns(word);
    if (current !== '' && indent.length + used + 1 + size > width) {
      lines.push(indent + current);
      current = word;
      used = size;
    } else {
      used += size + (current === '' ? 0 : 1);
      current = current === '' ? word : `${current} ${word}`;
    }
  }
  lines.push(indent + current);
  return lines.join('\n').trimEnd();
}
