import {
  closeSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writevSync,
} from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { CodeReader, decode, encode, type Kept, Memory, type Part } from './code-file.ts';

/** How many ways through the program one file learns. Beyond them only what has a new part is learned. */
const MOST_WAYS = 16;

/**
 * A string of so many bytes V8 keeps apart from all else that is new, and never copies: the first collections of garbage copy what is left. A text
 * that is a good part of it is filled up with blanks (docs/measurements.md).
 */
const APART = 128 * 1024;
const GOOD_PART = 64 * 1024;

/** What Node has before and after a CommonJS file. */
const HEAD = Buffer.from('(function (exports, require, module, __filename, __dirname) { ');
const TAIL = Buffer.from('\n})');

/**
 * Loads built files (CommonJS, of ASCII) in Node's stead, with code that V8 compiled in an earlier process. What Node itself keeps (`module.enableCompileCache`,
 * not on Node 20) is the code of a file that has not run yet, which nearly all functions are missing from. What is kept here is the code of all that
 * had run when a process ended.
 */
export class Loader {
  readonly #dist: string;
  readonly #native: NodeJS.Require;
  readonly #path: string | undefined;
  readonly #kept: CodeReader | undefined;
  readonly #exports = new Map<string, { exports: unknown }>();
  readonly #compiled = new Map<string, { script: Script; text: string; size: number }>();
  readonly #memory = new Memory();
  /** Whether all that was loaded was in the file. */
  #known = true;

  /**
   * `dist`: the folder of the built files; `native`: loads all else. `path`: the file of compiled code, in a folder that nobody else can write, since
   * what lies in it is run; undefined: none.
   */
  constructor(dist: string, native: NodeJS.Require, path: string | undefined) {
    this.#dist = dist;
    this.#native = native;
    this.#path = path;
    this.#kept = path === undefined ? undefined : CodeReader.open(path);
  }

  /** What a built file exports; `name` is its path in `dist`. Throws as `require` does. */
  load(name: string): unknown {
    const before = this.#exports.get(name);
    if (before) return before.exports;
    const filename = join(this.#dist, name);
    const script = this.#compile(name, filename);
    // Without a prototype V8 keeps it as a table: each export that is added to an ordinary object costs 3 us, and 500 bytes of garbage.
    const exports = Object.create(null) as object;
    const module = { id: filename, filename, exports };
    this.#exports.set(name, module);
    // Where Node notes what it has loaded: whoever looks finds these there, too.
    (this.#native.cache as Record<string, unknown>)[filename] = module;
    const require = (id: string) => (id.startsWith('.') ? this.load(join(name, '..', id)) : this.#native(id));
    script.runInThisContext().call(exports, exports, require, module, filename, join(filename, '..'));
    return module.exports;
  }

  #compile(name: string, filename: string): Script {
    const bytes = this.#read(filename);
    const size = bytes.length;
    const text = this.#string(bytes);
    const cachedData = this.#kept?.isOf(name, bytes) ? this.#kept.code(name, this.#memory) : undefined;
    const script = new Script(text, { filename, ...(cachedData ? { cachedData } : {}) });
    // V8 refuses code of another version of itself.
    if (!cachedData || script.cachedDataRejected) this.#known = false;
    this.#compiled.set(name, { script, text, size });
    return script;
  }

  /** Of ASCII alone (build.js), and in one piece: what is made and left here has the garbage collected sooner, which costs a short command 1 ms. */
  #string(bytes: Buffer): string {
    const { length } = bytes;
    const whole = length < GOOD_PART || length >= APART ? bytes : this.#memory.of(APART).fill(' ', length);
    return whole.toString('latin1');
  }

  /** What is compiled of a file, in memory that is used again. */
  #read(filename: string): Buffer {
    const file = openSync(filename, 'r');
    try {
      const { size } = fstatSync(file);
      const bytes = this.#memory.of(HEAD.length + size + TAIL.length);
      let end = HEAD.copy(bytes);
      for (let read = -1; read !== 0 && end < HEAD.length + size; end += read)
        read = readSync(file, bytes, end, HEAD.length + size - end, null);
      return bytes.subarray(0, end + TAIL.copy(bytes, end));
    } finally {
      closeSync(file);
    }
  }

  /**
   * Writes the code of all that has run, where this process went a way that the file does not know: loaded other files together. For the end of a
   * process. Never throws: where it cannot be written, the next process is as slow as this one.
   */
  keep(): void {
    const path = this.#path;
    const way = [...this.#compiled.keys()].sort().join();
    const learned = (ways: readonly string[]) => ways.includes(way) || ways.length >= MOST_WAYS;
    const isKnown = this.#known && learned(this.#kept?.ways ?? []);
    this.#kept?.close();
    if (path === undefined || isKnown) return;
    write(path, () => {
      const { ways, parts } = readAll(path) ?? { ways: [], parts: [] };
      return {
        ways: learned(ways) ? ways : [...ways, way],
        parts: new Map([...parts, ...this.#parts()]),
      };
    });
  }

  #parts(): [string, Part][] {
    return [...this.#compiled].map(([name, { script, text, size }]) => [
      name,
      { text: Buffer.from(text.slice(0, size), 'latin1'), code: script.createCachedData() },
    ]);
  }
}

function readAll(path: string): Kept | undefined {
  try {
    return decode(readFileSync(path));
  } catch {
    return undefined;
  }
}

/** In one piece for whoever reads meanwhile. `made` is not asked where nothing can be written. */
function write(path: string, made: () => Kept): void {
  const beside = `${path}.${process.pid}`;
  try {
    const file = openSync(beside, 'w', 0o600);
    try {
      const pieces = encode(made());
      const size = pieces.reduce((sum, { length }) => sum + length, 0);
      if (writevSync(file, pieces) === size) renameSync(beside, path);
    } finally {
      closeSync(file);
      // Where it has not become the file: a disk was full.
      rmSync(beside, { force: true });
    }
  } catch {
    // What the next process does not find it makes.
  }
}
