/** A line as bash has it, read without evaluating anything of it. */

export interface ShellLine {
  /** The words before the one that is typed, without quotes; the command itself is the first. */
  words: string[];
  /** The word that is typed, up to the cursor: as it is meant, and as it stands there. */
  current: string;
  raw: string;
  /** The quote that is open at its end. */
  quote: Quote;
  /** It is where a redirection goes. */
  redirected: boolean;
  /** The shell will put something in its place, or of a part of it: what it stands for is not known here. */
  expands: boolean;
  /** It ends in the middle of something that only the shell can read: `\`, `$(`. */
  cut: boolean;
}

export type Quote = '' | "'" | '"' | "$'";

/** Reads a command line up to the cursor. Expansions (`$x`, `$(...)`) stay as they are typed. Never throws. */
export function readShellLine(line: string): ShellLine {
  let words: string[] = [];
  let value = '';
  let start = -1;
  let quote: Quote = '';
  let redirected = false;
  let expands = false;
  let cut = false;
  let at = 0;

  const begin = () => {
    if (start < 0) start = at;
  };
  const end = () => {
    if (start < 0) return;
    if (!redirected) words.push(value);
    redirected = false;
    start = -1;
    value = '';
    expands = false;
  };
  const take = (length: number, meant = line.slice(at, at + length)) => {
    value += meant;
    at += length;
  };

  while (at < line.length) {
    const char = line[at] ?? '';
    const next = line[at + 1];
    if (quote === "'") {
      if (char === "'") quote = '';
      take(1, char === "'" ? '' : char);
    } else if (quote === "$'") {
      if (char === '\\') take(2, next === undefined ? '' : (ANSI[next] ?? next));
      else {
        if (char === "'") quote = '';
        take(1, char === "'" ? '' : char);
      }
    } else if (quote === '"') {
      if (char === '"') {
        quote = '';
        take(1, '');
      } else if (char === '\\') {
        cut = next === undefined;
        take(2, '$`"\\'.includes(next ?? '') ? next : line.slice(at, at + 2));
      } else if (char === '$' || char === '`') expansion();
      else take(1);
    } else if (/\s/.test(char)) {
      end();
      at++;
    } else if (char === '<' || char === '>') {
      if (next === '(') {
        begin();
        take(1);
        expansion();
        continue;
      }
      // The number before it is a descriptor and no word.
      if (start >= 0 && /^\d+$/.test(line.slice(start, at))) start = -1;
      end();
      value = '';
      at += /^[<>&|]+/.exec(line.slice(at))?.[0].length ?? 1;
      redirected = true;
    } else if (';|&()'.includes(char)) {
      end();
      words = [];
      redirected = false;
      at++;
    } else {
      begin();
      if (char === '\\') {
        cut = next === undefined;
        take(2, next === '\n' ? '' : (next ?? ''));
      } else if (char === "'" || char === '"') {
        quote = char;
        take(1, '');
      } else if (char === '$' && next === "'") {
        quote = "$'";
        take(2, '');
      } else if (char === '$' || char === '`') expansion();
      else take(1);
    }
  }
  const raw = start < 0 ? '' : line.slice(start);
  return { words, current: value, raw, quote, redirected, expands, cut };

  /** `$(...)`, `${...}`, backquotes: whole, as they are typed. */
  function expansion(): void {
    const rest = line.slice(at);
    expands = true;
    const close = CLOSE[rest[0] === '`' ? '`' : (/^\$?[({]/.exec(rest)?.[0].at(-1) ?? '')];
    const length = close === undefined ? 1 : closedAt(rest, close);
    cut ||= length === undefined;
    take(length ?? rest.length);
  }
}

const CLOSE: Record<string, string> = { '(': ')', '{': '}', '`': '`' };
const ANSI: Record<string, string> = { n: '\n', t: '\t', r: '\r', e: '\u001b' };

/** How long an expansion is, with what is nested in it; undefined when it does not end. */
function closedAt(text: string, close: string): number | undefined {
  const open = close === ')' ? '(' : close === '}' ? '{' : '';
  let depth = 0;
  for (let i = close === '`' ? 1 : 0; i < text.length; i++) {
    const char = text[i] ?? '';
    if (char === '\\') i++;
    else if (char === "'" || char === '"') {
      // Brackets in quotes are text.
      const end = text.indexOf(char, i + 1);
      if (end < 0) return undefined;
      i = end;
    } else if (char === open) depth++;
    else if (char === close && --depth <= 0) return i + 1;
  }
  return undefined;
}

/** Text as it is typed behind what stands there, inside the quote that is open. Nothing in it is evaluated by bash. */
export function quoteRest(text: string, quote: Quote): string {
  if (quote === "'") return text.replaceAll("'", "'\\''");
  if (quote === "$'") return text.replace(/[\\']/g, '\\$&');
  // In double quotes an exclamation mark is history, and a backslash before it would stay.
  if (quote === '"') return text.replace(/[\\"$`]/g, '\\$&').replaceAll('!', `"\\!"`);
  return text.replace(/[^A-Za-z0-9_@%+=:,./\u0080-\u{10ffff}-]/gu, '\\$&');
}
