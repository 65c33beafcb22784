/**
 * The form of a file of compiled code: a line of JSON, then for each part its text and its code twice, each from a multiple of eight bytes on
 * (V8 copies code that lies otherwise). V8 looks at the text's length alone, and ends the process over code that is damaged: so the text
 * is compared with the file's, and the code with its copy, which takes a fortieth of a checksum in JavaScript (docs/measurements.md).
 */
const ALIGN = 8;

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

/** Undefined for what is no such file. Parts that are damaged are left out. */
export function decode(bytes: Buffer): Kept | undefined {
  const end = bytes.indexOf(10);
  try {
    const { ways, parts: sizes } = JSON.parse(bytes.toString('utf8', 0, end)) as Head;
    const parts = new Map<string, Part>();
    let at = end + 1;
    const next = (size: number) => {
      const from = at;
      at += padded(size);
      return bytes.subarray(from, from + size);
    };
    for (const [name, textSize, codeSize] of sizes) {
      const part = { text: next(textSize), code: next(codeSize) };
      if (part.code.length === codeSize && part.code.equals(next(codeSize))) parts.set(name, part);
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

function padded(size: number): number {
  return Math.ceil(size / ALIGN) * ALIGN;
}
