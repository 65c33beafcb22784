/** The log of a job: a file beside the others, lines of `TIME TEXT`, added to and never replaced. */
import { appendFileSync, readFileSync, statSync } from 'node:fs';
import { cutText, LOG_BYTES } from '../../lib/caps.ts';
import { errnoOf, ioFailure } from '../../lib/disk/io-failure.ts';
import type { LogEntry } from '../record.ts';

const FILE = 'log.txt';

/** Adds an entry, as long as there is room. What cannot be written is left out: nothing depends on it. */
export function appendLog(folder: string, at: Date, text: string): void {
  const path = `${folder}/${FILE}`;
  // Cut first: a server's text may be large.
  const line = cutText(text).replace(/\s*\n\s*/g, ' ');
  try {
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (size > LOG_BYTES) return;
    const entry = `${at.toISOString()} ${line}\n`;
    const last = size + entry.length > LOG_BYTES ? `${at.toISOString()} (the log is full)\n` : '';
    appendFileSync(path, entry + last, { mode: 0o600 });
  } catch {
    // A full disk or a folder that is gone: the record itself tells.
  }
}

/** All entries, oldest first. Error: IoError. */
export function readLog(folder: string): LogEntry[] {
  let text: string;
  try {
    text = readFileSync(`${folder}/${FILE}`, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw ioFailure(error, 'read', `${folder}/${FILE}`);
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const match = /^(\d{4}-\S+Z) (.*)$/.exec(line);
      return match ? { time: match[1] ?? null, text: match[2] ?? '' } : { time: null, text: line };
    });
}
