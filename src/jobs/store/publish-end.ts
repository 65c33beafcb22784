/** A job's end, and where its result is kept: in end.json when it is small, in a file beside it when it is large. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { publishOnce, replaceByLink, replaceFile, uniqueName } from '../../lib/disk/durable-file.ts';
import { stringifyJson } from '../../lib/json/exact-json.ts';
import { type JobEnd, SCHEMA_VERSION } from '../record.ts';
import { assemble } from './assemble.ts';
import { FILES, fileText, type JobFacts, readFacts, readResultFile, type StoredEnd } from './job-files.ts';

/** Bytes of JSON up to which a result lies in end.json. Larger ones would slow every list that has to open the file. */
const INLINE_BYTES = 16 * 1024;

/** The fields of end.json that tell the result. A large one is on disk, synced, when this returns. Errors: IoError. */
function writeResult(folder: string, result: unknown): { result?: unknown; result_file?: string } {
  if (result === undefined) return {};
  const text = stringifyJson(result) ?? 'null';
  if (text.length <= INLINE_BYTES && Buffer.byteLength(text) <= INLINE_BYTES) return { result };
  const result_file = uniqueName('result.').concat('.json');
  replaceFile(join(folder, result_file), `{"schema_version":${SCHEMA_VERSION},"result":${text}}`);
  return { result_file };
}

/** The result that an end tells, read from its file where it has one. Errors: RecordError, IoError. */
export function resultOf(folder: string, end: StoredEnd | undefined): Pick<JobEnd, 'result'> {
  if (end?.result_file != null) return { result: readResultFile(folder, end.result_file) };
  return end?.result === undefined ? {} : { result: end.result };
}

/**
 * Removes the results that no end names, left by finishers that were killed: once there is an end, whoever still carries another
 * result has lost. Best effort.
 */
function removeResults(folder: string, keep: string | undefined): void {
  try {
    for (const name of readdirSync(folder))
      if (name.startsWith('result.') && name !== keep) rmSync(join(folder, name), { force: true });
  } catch {
    // They only take up room.
  }
}

/** Publishes a job's end with its result, and tells whether it did: if somebody else was first, theirs stays. Error: IoError. */
export function publishEnd(folder: string, facts: JobFacts, end: JobEnd): boolean {
  // The result comes first and under a name of its own, so that no other finisher's verdict can go with it.
  const result = writeResult(folder, end.result);
  const path = `${folder}/${FILES.end}`;
  // A whole record, since it takes the place of job.json too.
  const whole = { ...facts.job, ...assemble({ ...facts, end }), pending_input: undefined, ...result };
  let won = false;
  try {
    won = publishOnce(path, fileText(whole));
  } finally {
    if (!won && result.result_file) dropResult(folder, facts.job.job_id, result.result_file);
  }
  if (!won) return false;
  // One file with two names: a list then sees with one look that nothing was touched (job-index.ts).
  replaceByLink(`${folder}/${FILES.job}`, path);
  removeResults(folder, result.result_file);
  return true;
}

/** Removes a result that no end names. Where the publishing failed late the end may name it all the same: then it stays. */
function dropResult(folder: string, id: string, file: string): void {
  try {
    if (readFacts(folder, id)?.end?.result_file !== file) rmSync(join(folder, file), { force: true });
  } catch {
    // It only takes up room; the reason for being here is what the caller should hear.
  }
}
