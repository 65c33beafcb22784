/**
 * Reading a record that is larger than any record should be: of a version that stored all that a server said, or with arguments of many
 * megabytes. The file goes by in pieces; memory holds no more than what is kept.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { MESSAGE_LENGTH, STATE_LENGTH } from '../caps.ts';

const PIECE_BYTES = 64 * 1024;

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const BACKSLASH = 92;
const LETTER_U = 117;
/** `[`, `{` and `]`, `}`. */
const OPENS = new Set([91, 123]);
const CLOSES = new Set([93, 125]);

/**
 * The JSON object in a file, as JSON text that is short: long texts are cut and say so, a member that is large even then is replaced by
 * `{"truncated":true}`, a list by an empty one. What is no JSON object gives text that is none.
 */
export function readBounded(path: string): string {
  const fd = openSync(path, 'r');
  try {
    const scan = new Scan();
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    for (let read = readSync(fd, piece); read > 0; read = readSync(fd, piece))
      scan.take(piece.subarray(0, read));
    return scan.text;
  } finally {
    closeSync(fd);
  }
}

class Scan {
  readonly #members: string[] = [];
  #depth = 0;
  /** Of the member at hand: what is kept of it, and how many bytes these are. */
  #kept: Buffer[] = [];
  #length = 0;
  /** Of the member's value: its first byte. */
  #first = 0;
  #valueBegun = false;
  /** Of the text at hand: how many bytes of it were kept and dropped, whether the rest is dropped, whether the next byte is escaped. */
  #inText = false;
  #textKept = 0;
  #textDropped = 0;
  #dropping = false;
  #escaped = false;
  /** Hexadecimal digits of an escape (`\u00e4`) that are still to come. */
  #hexLeft = 0;
  #ended = false;

  /** The JSON; unfinished where the file is. */
  get text(): string {
    return `{${this.#members.join(',')}${this.#ended ? '}' : ''}`;
  }

  take(piece: Buffer): void {
    let from = 0;
    const keepTo = (to: number) => {
      if (to > from && this.#length <= STATE_LENGTH) {
        this.#kept.push(Buffer.from(piece.subarray(from, to)));
        this.#length += to - from;
      }
      from = to;
    };
    for (let at = 0; at < piece.length; at++) {
      const byte = piece[at] ?? 0;
      if (this.#inText) {
        if (this.#dropping || this.#mayCut(byte)) {
          if (!this.#dropping) keepTo(at);
          at = this.#drop(piece, at);
          from = at + 1;
          continue;
        }
        this.#textKept += 1;
        if (this.#hexLeft > 0) this.#hexLeft -= 1;
        else if (this.#escaped) {
          this.#escaped = false;
          if (byte === LETTER_U) this.#hexLeft = 4;
        } else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inText = false;
      } else if (byte === QUOTE) {
        this.#inText = true;
        this.#textKept = 0;
        this.#begin(byte);
      } else if (OPENS.has(byte)) {
        this.#depth += 1;
        if (this.#depth === 1) from = at + 1;
        else this.#begin(byte);
      } else if (CLOSES.has(byte) || (byte === COMMA && this.#depth === 1)) {
        if (byte !== COMMA) this.#depth -= 1;
        if (byte !== COMMA && this.#depth > 0) continue;
        keepTo(at);
        this.#endMember();
        from = at + 1;
        this.#ended = byte !== COMMA;
      } else if (byte === COLON && this.#depth === 1) this.#valueBegun = true;
    }
    if (!this.#dropping) keepTo(piece.length);
  }

  /** The first byte of a member's value tells what it is. */
  #begin(byte: number): void {
    if (this.#valueBegun && this.#first === 0) this.#first = byte;
  }

  /** Whether a text that is long enough may end before this byte: not within a character, nor within an escape while that can be. */
  #mayCut(byte: number): boolean {
    if (this.#textKept < MESSAGE_LENGTH || this.#escaped || byte === QUOTE) return false;
    if (this.#hexLeft > 0 || (byte & 0xc0) === 0x80) return false;
    // Two escapes may be one character (a surrogate pair).
    return byte !== BACKSLASH || this.#textKept > 2 * MESSAGE_LENGTH;
  }

  /** Passes over the rest of a text, as far as it goes in this piece. Returns the place of the last byte that was looked at. */
  #drop(piece: Buffer, start: number): number {
    this.#dropping = true;
    for (let at = start; ; ) {
      const quote = piece.indexOf(QUOTE, at);
      const end = quote < 0 ? piece.length : quote;
      let slashes = 0;
      while (end - slashes > at && piece[end - 1 - slashes] === BACKSLASH) slashes += 1;
      // Backslashes that go back to where we began go on from what was there before.
      const escapes = slashes + (slashes === end - at && this.#escaped ? 1 : 0);
      const isEscaped = escapes % 2 === 1;
      this.#textDropped += end - at;
      this.#escaped = quote < 0 && isEscaped;
      if (quote < 0) return piece.length - 1;
      at = quote + 1;
      if (isEscaped) {
        this.#textDropped += 1;
        continue;
      }
      const told = `... (${this.#textDropped} more bytes)"`;
      if (this.#length <= STATE_LENGTH) this.#kept.push(Buffer.from(told));
      this.#inText = false;
      this.#dropping = false;
      this.#textDropped = 0;
      return quote;
    }
  }

  #endMember(): void {
    const text = Buffer.concat(this.#kept).toString('utf8');
    if (this.#length <= STATE_LENGTH) {
      if (text.trim() !== '') this.#members.push(text);
    } else {
      const name = /^\s*"(?:[^"\\]|\\.)*"/.exec(text)?.[0].trim() ?? '""';
      this.#members.push(`${name}:${instead(name, this.#first)}`);
    }
    this.#kept = [];
    this.#length = 0;
    this.#first = 0;
    this.#valueBegun = false;
  }
}

/** What stands for a value that is left out, of the same kind. */
function instead(name: string, first: number): string {
  if (first === 91) return '[]';
  if (first !== 123) return 'null';
  const error = '{"code":"truncated","message":"it is too large to be listed","truncated":true}';
  return name === '"error"' ? error : '{"truncated":true}';
}
