import { closeSync, openSync, readSync } from 'node:fs';

/**
 * The form of a file of compiled code: a line of JSON, then for each part its text and its code twice, each from a multiple of eight bytes on
 * (V8 copies code that lies otherwise). V8 looks at the text's length alone, and ends the process over code that is damaged: so the text
 * is compared with the file's, and the code with its copy, which takes a fortieth of a checksum in JavaScript (docs/measurements.md).
 */
const ALIGN = 8;

/** How much is compared at a time, in bytes: also what the line of JSON must fit into. */
const PIECE = 64 * 1024;

/** What was compiled, and the code that V8 made of it. */
export interface Part {
  readonly text: Buffer;
  readonly code: Buffer;
}

/** What is in a file: `ways` names what processes have loaded whose code is in it. */
export interface Kept {
  readonly ways: readonly string[];
  readonly parts: ReadonlyMap<string, Part>;
}

interface Head {
  ways: string[];
  parts: [name: string, text: number, code: number][];
}

/** Where a part's text begins, and how many bytes its text and its code have. */
interface Place {
  at: number;
  text: number;
  code: number;
}

/** Throws for what is no such file. */
function readHead(bytes: Buffer): { ways: readonly string[]; places: ReadonlyMap<string, Place> } {
  const end = bytes.indexOf(10);
  const { ways, parts } = JSON.parse(bytes.toString('utf8', 0, end)) as Head;
  if (!Array.isArray(ways)) throw new Error('no ways');
  const places = new Map<string, Place>();
  let at = end + 1;
  for (const [name, text, code] of parts) {
    places.set(name, { at, text, code });
    at += padded(text) + 2 * padded(code);
  }
  return { ways, places };
}

/** All that is in a file. Undefined for what is no such file. Parts that are damaged are left out. */
export function decode(bytes: Buffer): Kept | undefined {
  try {
    const { ways, places } = readHead(bytes);
    const parts = new Map<string, Part>();
    for (const [name, { at, ...sizes }] of places) {
      const codeAt = at + padded(sizes.text);
      const text = bytes.subarray(at, at + sizes.text);
      const code = bytes.subarray(codeAt, codeAt + sizes.code);
      const copyAt = codeAt + padded(sizes.code);
      const copy = bytes.subarray(copyAt, copyAt + sizes.code);
      if (code.length === sizes.code && code.equals(copy)) parts.set(name, { text, code });
    }
    return { ways, parts };
  } catch {
    return undefined;
  }
}

/** The bytes of a file, in pieces. */
export function encode({ ways, parts }: Kept): Buffer[] {
  const sizes = [...parts].map(([name, { text, code }]) => [name, text.length, code.length]);
  const head = JSON.stringify({ ways, parts: sizes });
  const length = padded(Buffer.byteLength(head) + 1) - 1;
  const blanks = ' '.repeat(length - Buffer.byteLength(head));
  const blobs = [...parts.values()].flatMap(({ text, code }) => [text, code, code]);
  return [
    Buffer.from(`${head}${blanks}\n`),
    ...blobs.flatMap((blob) => [blob, Buffer.alloc(padded(blob.length) - blob.length)]),
  ];
}

/** A file of which only what is asked for is read. */
export class CodeReader {
  readonly ways: readonly string[];
  readonly #file: number;
  readonly #places: ReadonlyMap<string, Place>;
  readonly #piece: Buffer;

  private constructor(file: number, { ways, places }: ReturnType<typeof readHead>, piece: Buffer) {
    this.ways = ways;
    this.#file = file;
    this.#places = places;
    this.#piece = piece;
  }

  /** Undefined where there is no such file. */
  static open(path: string): CodeReader | undefined {
    let file: number | undefined;
    try {
      file = openSync(path, 'r');
      const piece = Buffer.allocUnsafeSlow(PIECE);
      return new CodeReader(file, readHead(piece.subarray(0, readSync(file, piece, 0, PIECE, 0))), piece);
    } catch {
      if (file !== undefined) closeSync(file);
      return undefined;
    }
  }

  close(): void {
    closeSync(this.#file);
  }

  /** Whether there is code of exactly this text. */
  isOf(name: string, text: Buffer): boolean {
    const place = this.#places.get(name);
    return place?.text === text.length && this.#has(text, place.at);
  }

  /** The code of a part, read into memory of the caller's. Undefined where it is damaged. */
  code(name: string, memory: Memory): Buffer | undefined {
    const { at, text, code: size } = this.#places.get(name) ?? { at: 0, text: 0, code: 0 };
    const codeAt = at + padded(text);
    const code = memory.of(size);
    const isWhole = this.#read(code, codeAt) === size && this.#has(code, codeAt + padded(size));
    return isWhole ? code : undefined;
  }

  #has(bytes: Buffer, at: number): boolean {
    for (let from = 0; from < bytes.length; from += PIECE) {
      const expected = bytes.subarray(from, from + PIECE);
      const found = this.#piece.subarray(0, expected.length);
      if (this.#read(found, at + from) !== found.length || !found.equals(expected)) return false;
    }
    return true;
  }

  /** How much there was to read. */
  #read(bytes: Buffer, at: number): number {
    try {
      return readSync(this.#file, bytes, 0, bytes.length, at);
    } catch {
      // A disk that refuses is as good as none.
      return -1;
    }
  }
}

/**
 * Memory for what is needed one after the other: a page that a process has not touched before costs more than what is read into it.
 */
export class Memory {
  // Untouched it costs nothing: more than most files have.
  #bytes = Buffer.allocUnsafeSlow(512 * 1024);

  /** So many bytes from its beginning on, as they were left; others where there were never so many. */
  of(size: number): Buffer {
    if (this.#bytes.length < size) this.#bytes = Buffer.allocUnsafeSlow(size);
    return this.#bytes.subarray(0, size);
  }
}

function padded(size: number): number {
  return Math.ceil(size / ALIGN) * ALIGN;
}
