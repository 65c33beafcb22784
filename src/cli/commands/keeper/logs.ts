import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { SignalReason } from '../../../context.ts';
import { EXIT, IoError, UsageError } from '../../../errors.ts';
import { logPath, olderLogPath } from '../../../keeper/log.ts';
import type { App } from '../../app.ts';
import { instanceFolder } from './status.ts';

export interface LogsOptions {
  follow?: boolean;
  tail?: string;
}

/** How often a log that is followed is looked at, in milliseconds. */
const LOOK_MS = 200;

/**
 * `keeper logs INSTANCE [-f] [--tail N]`: what its keepers did, and what its server wrote on stderr. Following ends with ^C (exit 130) or
 * `--timeout` (exit 0: nothing was to be finished).
 */
export async function keeperLogs(
  app: App,
  name: string | undefined,
  { follow, tail }: LogsOptions,
): Promise<number> {
  const { printer } = app;
  const instance = name ?? app.activeInstance()?.name;
  if (instance === undefined)
    throw new UsageError('which keeper? keeper logs INSTANCE', { hint: 'see: mcp2cli keeper status' });
  const dir = app.paths.keeperDir(instanceFolder(app, instance));
  const wanted = tailOf(tail);
  const current = new Tailer(logPath(dir));
  const lines = [...new Tailer(olderLogPath(dir)).read(), ...current.read()];
  const say = (line: string) =>
    printer.json ? printer.jsonDocument(entryOf(line)) : printer.out(printer.safeText(line));
  for (const line of wanted === undefined ? lines : lines.slice(lines.length - wanted)) say(line);
  if (!follow) {
    if (lines.length === 0) printer.note(`${instance} has no log yet`);
    return EXIT.ok;
  }
  using stop = app.stop('enough');
  try {
    for (;;) {
      await app.context.clock.sleep(LOOK_MS, stop.signal);
      for (const line of current.read()) say(line);
      await app.context.stdout.flush();
    }
  } catch (error) {
    if (error instanceof SignalReason || !stop.signal.aborted) throw error;
    return EXIT.ok;
  }
}

function tailOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 0)
    throw new UsageError(`--tail: not a number of lines: ${JSON.stringify(text)}`);
  return count;
}

/** `TIME SOURCE TEXT` as an object. */
function entryOf(line: string): { time: string | null; source: string | null; text: string } {
  const match = /^(\d{4}-\S+Z) (keeper|server) (.*)$/s.exec(line);
  return match
    ? { time: match[1] ?? null, source: match[2] ?? null, text: match[3] ?? '' }
    : { time: null, source: null, text: line };
}

/** Reads on where it stopped; a log that was put aside is read from its beginning again. */
class Tailer {
  readonly #path: string;
  #offset = 0;
  #inode: number | undefined;
  #rest = '';

  constructor(path: string) {
    this.#path = path;
  }

  /** Whole lines that came since. Error: IoError. */
  read(): string[] {
    let fd: number;
    try {
      fd = openSync(this.#path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw new IoError(`cannot read ${this.#path}: ${(error as Error).message}`, { cause: error });
    }
    try {
      if (!fstatSync(fd).isFile()) throw new IoError(`not a file: ${this.#path}`);
      const { ino, size } = fstatSync(fd);
      if (ino !== this.#inode || size < this.#offset) {
        this.#inode = ino;
        this.#offset = 0;
        this.#rest = '';
      }
      const buffer = Buffer.alloc(Math.max(0, size - this.#offset));
      const count = readSync(fd, buffer, 0, buffer.length, this.#offset);
      this.#offset += count;
      const lines = (this.#rest + new StringDecoder('utf8').write(buffer.subarray(0, count))).split('\n');
      this.#rest = lines.pop() ?? '';
      return lines;
    } finally {
      closeSync(fd);
    }
  }
}
