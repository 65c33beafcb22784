/** The log of a job: a file beside the others, lines of `TIME TEXT`, added to and never replaced. */
import { appendFileSync, readFileSync } from 'node:fs';
import type { LogEntry } from '../jobs/record.ts';
import { errnoOf, ioFailure } from './io-failure.ts';

const FILE = 'log.txt';

/** The longest text of an entry, in characters. */
const MAX_TEXT = 4_096;

/** Adds an entry. What cannot be written is left out: nothing depends on it. */
export function appendLog(folder: string, at: Date, text: string): void {
  const line = text.replace(/\s*\n\s*/g, ' ').slice(0, MAX_TEXT);
  try {
    appendFileSync(`${folder}/${FILE}`, `${at.toISOString()} ${line}\n`, { mode: 0o600 });
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
