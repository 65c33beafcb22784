import { columns, fitLines, wrapWords } from '../../lib/text/word-wrap.ts';

/** A word of a command line: quoted parts stay whole. */
const WORD = /(?:'[^']*'|"[^"]*"|[^ ])+/g;

/**
 * What is said on a terminal of `width` columns: lines that are too long are broken at spaces. A command in it stands on lines of its own then,
 * which end in `\`, so that it can be copied and runs. `programs`: the words that commands begin with.
 */
export function fitSaid(text: string, width: number, programs: readonly string[]): string {
  if (text.split('\n').every((line) => columns(line) <= width)) return text;
  const start = begins(programs);
  const command = new RegExp(`^${start}`);
  const border = new RegExp(`(?<=[:;,] )(?=${start})|(?<=; )`);
  const fitted = text.split('\n').map((line) => {
    if (columns(line) <= width) return line;
    const [, indent = '', said = ''] = /^( *)(.*)$/.exec(line) ?? [];
    return fitParts(said.split(border), width, indent, command);
  });
  return fitted.join('\n');
}

function fitParts(parts: readonly string[], width: number, indent: string, command: RegExp): string {
  const lines: string[] = [];
  let current = '';
  const end = () => {
    if (current !== '') lines.push(current.replace(/;? *$/, ''));
    current = '';
  };
  for (const part of parts) {
    const before = current === '' ? indent + (lines.length > 0 ? '  ' : '') : current;
    if (columns((before + part).trimEnd()) <= width) {
      current = before + part;
    } else if (command.test(part)) {
      end();
      lines.push(brokenCommand(part.replace(/[;,]? *$/, ''), width, `${indent}    `));
    } else {
      const wrapped = wrapWords(
        (current + part).trim().split(/ +/),
        width,
        before === current ? indent : before,
        `${indent}  `,
      );
      const [last = '', ...rest] = wrapped.split('\n').reverse();
      lines.push(...rest.reverse());
      current = `${last} `;
    }
  }
  end();
  return lines.join('\n');
}

/** Help, with the command lines that stand alone in it broken so that they can be copied. */
export function fitHelp(text: string, width: number, programs: readonly string[]): string {
  const command = new RegExp(`^ {2}(?:${begins(programs)})(?!.* {2})`);
  const lines = text.split('\n').map((line) => {
    if (columns(line) <= width) return line;
    return command.test(line) ? brokenCommand(line.trim(), width, '  ') : fitLines(line, width);
  });
  return lines.join('\n');
}

/** What a command begins with. */
function begins(programs: readonly string[]): string {
  return `(?:${programs.map((name) => name.replace(/[.]/g, '\\.')).join('|')}) `;
}

function brokenCommand(text: string, width: number, indent: string): string {
  if (columns(indent + text) <= width) return indent + text;
  const [first = '', ...rest] = text.match(WORD) ?? [];
  const lines = [indent + first];
  for (const word of rest) {
    const longer = `${lines.at(-1)} ${word}`;
    // Room for the backslash and the space before it; a word that is longer stands alone.
    if (columns(longer) <= width - 2) lines[lines.length - 1] = longer;
    else lines.push(`${indent}  ${word}`);
  }
  return lines.join(' \\\n');
}
