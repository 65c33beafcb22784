/** What is wrong in a folder of jobs, and moving damaged records out of it. */
import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateDir, syncDir } from '../../lib/disk/durable-file.ts';
import { errnoOf, ioFailure } from '../../lib/disk/io-failure.ts';
import { decodeIndex } from './index/index-format.ts';
import { INDEX_FILE } from './index/job-index.ts';
import { FILES, isThere, RecordError, readFacts, recordProblems } from './job-files.ts';

/** Whether the index of a folder of jobs can be used; one that is damaged is passed over, and written anew. */
export function isIndexDamaged(dir: string): boolean {
  let text: string;
  try {
    text = readFileSync(join(dir, INDEX_FILE), 'utf8');
  } catch (error) {
    return errnoOf(error) !== 'ENOENT';
  }
  try {
    decodeIndex(text);
    return false;
  } catch {
    return true;
  }
}

/** The path of a result that the job's end names and that is not there. */
export function missingResult(dir: string, id: string): string | undefined {
  const folder = join(dir, id);
  try {
    const file = readFacts(folder, id)?.end?.result_file;
    return file === undefined || isThere(join(folder, file)) ? undefined : join(folder, file);
  } catch {
    // Damaged: the list says so.
    return undefined;
  }
}

/**
 * Moves the folder of a damaged record to `to`, under a name of its own, and returns where it is then. Undefined for a record that is whole,
 * that only a newer version can read, or that cannot be read for another reason. Error: IoError.
 */
export function setAside(dir: string, id: string, to: string, now: Date): string | undefined {
  const folder = join(dir, id);
  if (!isDamaged(folder, id)) return undefined;
  makePrivateDir(to);
  const stamp = now.toISOString().replace(/[-:.]/g, '');
  for (let attempt = 0; ; attempt++) {
    const path = join(to, attempt === 0 ? `${id}-${stamp}` : `${id}-${stamp}-${attempt}`);
    // A rename would replace an empty folder.
    if (isThere(path)) continue;
    try {
      renameSync(folder, path);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw ioFailure(error, 'move', folder);
    }
    syncDir(to);
    syncDir(dir);
    return path;
  }
}

function isDamaged(folder: string, id: string): boolean {
  if (!isThere(folder)) return false;
  const problems = recordProblems(folder, id);
  if (problems.some((one) => !(one instanceof RecordError) || one.problem === 'newer')) return false;
  return problems.length > 0 || !isThere(join(folder, FILES.job));
}
