import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { IoError, UsageError } from '../../errors.ts';
import { parseJson } from '../../lib/json/exact-json.ts';
import { isObject, type JsonObject } from '../../lib/json/json.ts';
import { Lines } from '../../lib/text/lines.ts';
import { decodeText } from '../../lib/text/text.ts';
import type { App } from '../app.ts';

/** The longest line, in bytes. */
const MAX_LINE = 64 * 1024 * 1024;

/**
 * The objects of NDJSON: a file, or `-` for stdin. Blank lines are passed over. A file is looked through before its first object is handed
 * out; stdin is read as it comes. They come by the chunk that was read, and each is parsed when it is taken. `signal` ends the reading.
 * Errors: UsageError, with the line's number; IoError.
 */
export async function* eachLines(
  app: App,
  source: string,
  signal: AbortSignal,
): AsyncGenerator<Iterable<JsonObject>> {
  if (source === '-') return yield* objectsOf(app.context.stdin.stream, '--each (stdin)', signal);
  const path = resolve(app.context.cwd, source);
  const open = () => createReadStream(path);
  const where = `--each (${path})`;
  try {
    for await (const some of objectsOf(open(), where, signal)) for (const _ of some);
    yield* objectsOf(open(), where, signal);
  } catch (error) {
    const { code, syscall, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new UsageError(`--each: no such file: ${path}`);
    if (syscall !== undefined) throw new IoError(`--each: cannot read ${path}: ${message}`, { cause: error });
    throw error;
  }
}

async function* objectsOf(
  stream: NodeJS.ReadableStream & { destroy(): void },
  where: string,
  signal: AbortSignal,
): AsyncGenerator<Iterable<JsonObject>> {
  const onAbort = () => stream.destroy();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const numbers = { last: 0 };
    for await (const lines of linesOf(stream)) yield objectsIn(lines, where, numbers);
  } catch (error) {
    // The stream was closed under its reader.
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    stream.destroy();
  }
}

/** The objects of some lines. `numbers.last`: the number of the line before them; it goes on. */
function* objectsIn(
  lines: Iterable<Buffer>,
  where: string,
  numbers: { last: number },
): Generator<JsonObject> {
  try {
    for (const line of lines) {
      numbers.last += 1;
      const text = decodeText(line).trim();
      if (text !== '') yield objectOf(text, `${where}: line ${numbers.last}`);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`${where}: a line is longer than ${MAX_LINE} bytes`);
  }
}

function objectOf(text: string, where: string): JsonObject {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    throw new UsageError(`${where}: not JSON: ${(error as Error).message}`);
  }
  if (isObject(value)) return value;
  throw new UsageError(`${where}: not an object with arguments`, {
    hint: 'each line is an object: {"name": "value"}',
  });
}

/** Lines by the chunk that they end in. */
async function* linesOf(stream: NodeJS.ReadableStream): AsyncGenerator<Iterable<Buffer>> {
  const lines = new Lines(MAX_LINE);
  for await (const chunk of stream) yield lines.push(chunk as Buffer);
  yield [lines.rest()];
}
