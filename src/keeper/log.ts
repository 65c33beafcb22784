import { appendFileSync, openSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cutText } from '../lib/caps.ts';

/** The size at which a log is put aside, in bytes; one older file is kept, so there are never more than two of these. */
const MAX_BYTES = 512 * 1024;

/** The longest line that is kept, in characters. */
const MAX_LINE = 8 * 1024;

/** How long lines are collected before they are written together, in milliseconds: a server may flood its stderr. */
const FLUSH_MS = 50;

/** How much is collected at most, in characters; what a server writes on top of that is counted only. The keeper's own lines are few. */
const MAX_PENDING = 256 * 1024;

export function logPath(dir: string): string {
  return join(dir, 'keeper.log');
}

export function olderLogPath(dir: string): string {
  return `${logPath(dir)}.1`;
}

/** A descriptor for what a keeper writes without its log: the last words of a crash. */
export function openLog(dir: string): number {
  return openSync(logPath(dir), 'a', 0o600);
}

/**
 * The keepers' log of one instance: what they did, and what the server wrote on stderr. Lines of `TIME SOURCE TEXT`. A disk that refuses is
 * no reason to stop working: the lines are lost.
 */
export class KeeperLog {
  readonly #path: string;
  readonly #older: string;
  readonly #now: () => Date;
  #size: number;
  #pending: string[] = [];
  #pendingLength = 0;
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(dir: string, now: () => Date) {
    this.#path = logPath(dir);
    this.#older = olderLogPath(dir);
    this.#now = now;
    this.#size = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Each line of `text` for itself; `source` is `keeper` or `server`. */
  write(source: 'keeper' | 'server', text: string): void {
    const at = this.#now().toISOString();
    for (const line of text.split('\n')) {
      if (line.trim() === '') continue;
      if (source === 'server' && this.#pendingLength > MAX_PENDING) this.#dropped += 1;
      else this.#keep(`${at} ${source} ${cutText(line, MAX_LINE)}\n`);
    }
    this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS).unref();
  }

  /** Writes what was collected. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#dropped > 0)
      this.#keep(`${this.#now().toISOString()} keeper ${this.#dropped} lines more than could be kept\n`);
    const text = this.#pending.join('');
    this.#pending = [];
    this.#pendingLength = 0;
    this.#dropped = 0;
    if (text === '') return;
    try {
      if (this.#size > MAX_BYTES) {
        renameSync(this.#path, this.#older);
        this.#size = 0;
      }
      appendFileSync(this.#path, text, { mode: 0o600 });
      this.#size += Buffer.byteLength(text);
    } catch {
      // Nothing can be said about it, and nothing depends on it.
    }
  }

  #keep(line: string): void {
    this.#pending.push(line);
    this.#pendingLength += line.length;
  }
}
