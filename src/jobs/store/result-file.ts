/** Where a job's result is kept: in end.json when it is small, in a file beside it when it is large. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile, uniqueName } from '../../lib/disk/durable-file.ts';
import { stringifyJson } from '../../lib/json/exact-json.ts';
import { SCHEMA_VERSION } from '../record.ts';

/** Bytes of JSON up to which a result lies in end.json. Larger ones would slow every list that has to open the file. */
const INLINE_BYTES = 16 * 1024;

/** The fields of end.json that tell the result. A large one is on disk, synced, when this returns. Errors: IoError. */
export function writeResult(folder: string, result: unknown): { result?: unknown; result_file?: string } {
  if (result === undefined) return {};
  const text = stringifyJson(result) ?? 'null';
  if (text.length <= INLINE_BYTES && Buffer.byteLength(text) <= INLINE_BYTES) return { result };
  const result_file = uniqueName('result.').concat('.json');
  replaceFile(join(folder, result_file), `{"schema_version":${SCHEMA_VERSION},"result":${text}}`);
  return { result_file };
}

/**
 * Removes the results that no end names, left by finishers that were killed: once there is an end, whoever still carries another
 * result has lost. Best effort.
 */
export function removeResults(folder: string, keep: string | undefined): void {
  try {
    for (const name of readdirSync(folder))
      if (name.startsWith('result.') && name !== keep) rmSync(join(folder, name), { force: true });
  } catch {
    // They only take up room.
  }
}
