/**
 * Files of a job that are added to and never replaced: `log.txt`, lines of `TIME TEXT`, and `calls.ndjson`, the calls that a run has made of other
 * tools, a line when each begins and another when it has ended.
 */
import { appendFileSync, readFileSync, statSync } from 'node:fs';
import { cutText, LOG_BYTES } from '../../lib/caps.ts';
import { replaceFile } from '../../lib/disk/durable-file.ts';
import { errnoOf, ioFailure } from '../../lib/disk/io-failure.ts';
import { isObject } from '../../lib/json/json.ts';
import type { CallRecord, LogEntry } from '../record.ts';

const FILE = 'log.txt';
const CALLS = 'calls.ndjson';

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

/** Writes a whole log, in a folder that nobody has seen yet. Error: IoError. */
export function writeLog(folder: string, entries: readonly LogEntry[]): void {
  writeLines(
    `${folder}/${FILE}`,
    entries.map(({ time, text }) => (time === null ? text : `${time} ${text}`)),
  );
}

function writeLines(path: string, lines: readonly string[]): void {
  if (lines.length > 0) replaceFile(path, `${lines.join('\n')}\n`);
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

/** Adds a line, as long as there is room. What cannot be written is left out: the call itself does not depend on it. */
export function appendCall(folder: string, call: CallRecord): void {
  const path = `${folder}/${CALLS}`;
  const error = call.error && { code: call.error.code, message: cutText(call.error.message) };
  try {
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LOG_BYTES) return;
    appendFileSync(path, `${JSON.stringify({ ...call, ...(error ? { error } : {}) })}\n`, { mode: 0o600 });
  } catch {
    // A full disk or a folder that is gone: the record itself tells.
  }
}

/** Writes all calls, in a folder that nobody has seen yet. Error: IoError. */
export function writeCalls(folder: string, calls: readonly CallRecord[]): void {
  writeLines(
    `${folder}/${CALLS}`,
    calls.map((call) => JSON.stringify(call)),
  );
}

/** In the order in which they began; nothing for a run without any. A line that was cut off counts for nothing. Error: IoError. */
export function readCalls(folder: string): { calls?: CallRecord[] } {
  let text: string;
  try {
    text = readFileSync(`${folder}/${CALLS}`, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return {};
    throw ioFailure(error, 'read', `${folder}/${CALLS}`);
  }
  const calls = new Map<number, CallRecord>();
  for (const line of text.split('\n')) {
    const call = parsed(line);
    if (call) calls.set(call.id, call);
  }
  return { calls: [...calls.values()] };
}

function parsed(line: string): CallRecord | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) && typeof value['id'] === 'number' ? (value as unknown as CallRecord) : undefined;
  } catch {
    return undefined;
  }
}
