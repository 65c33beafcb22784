/** The folder of jobs: which there are, a new one, and what killed processes left. */
import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { IoError } from '../../errors.ts';
import {
  makePrivateDir,
  makerOf,
  replaceFile,
  syncDir,
  TEMP_PREFIX,
  uniqueName,
} from '../../lib/disk/durable-file.ts';
import { errnoOf, ioFailure } from '../../lib/disk/io-failure.ts';
import { isPidAlive } from '../../lib/disk/process-identity.ts';
import type { WorkflowPlan } from '../record.ts';
import { FILES, fileText, isThere, type StoredJob } from './job-files.ts';
import { isJobName } from './job-id.ts';

/** Prefix of folders that are being filled. */
const NEW_PREFIX = '.new-';

/** Milliseconds after which something half-made whose maker is gone may be removed. Making it takes a few. */
const STALE_MS = 3_600_000;

/** How often an id that is taken is replaced by another before the store gives up. */
const ID_ATTEMPTS = 32;

/** The names of all jobs, oldest first; none when the folder does not exist. Errors: IoError. */
export function jobNames(dir: string): string[] {
  return allNames(dir).filter(isJobName).sort();
}

function allNames(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw ioFailure(error, 'read', dir);
  }
}

/**
 * Publishes a job's folder: filled under another name, synced, renamed. `nextId` is given the names that are there, in any order, and
 * called again when another process took the id. Errors: IoError; then nothing was published.
 */
export function publishJob(
  dir: string,
  now: number,
  nextId: (names: readonly string[]) => string,
  content: (id: string) => StoredJob,
  plan?: WorkflowPlan,
): StoredJob {
  makePrivateDir(dir);
  let names = allNames(dir);
  sweep(dir, names, now);
  const draft = join(dir, uniqueName(NEW_PREFIX));
  try {
    makePrivateDir(draft);
    if (plan) replaceFile(join(draft, FILES.plan), fileText(plan));
    for (let attempt = 0; attempt < ID_ATTEMPTS; attempt++) {
      const job = content(nextId(names.filter(isJobName)));
      replaceFile(join(draft, FILES.job), fileText(job));
      if (renamed(draft, join(dir, job.job_id))) {
        syncDir(dir);
        return job;
      }
      names = allNames(dir);
    }
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  throw new IoError(`cannot create a job in ${dir}: every new id was taken`, { details: { path: dir } });
}

/** False when the name is taken: a rename never replaces a folder that has something in it. */
function renamed(draft: string, folder: string): boolean {
  try {
    renameSync(draft, folder);
    return true;
  } catch (error) {
    if (isThere(folder)) return false;
    throw ioFailure(error, 'create', folder);
  }
}

/** Removes what killed processes left half-made. Best effort. */
function sweep(dir: string, names: readonly string[], now: number): void {
  for (const path of leftDrafts(dir, names, now)) {
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // Another process was faster, or the disk refuses; the next one tries again.
    }
  }
}

/** Of these names, the paths of what killed processes left half-made; never anything that a live process may still be making. */
export function leftDrafts(dir: string, names: readonly string[], now: number): string[] {
  return names
    .filter((name) => {
      const maker = name.startsWith(NEW_PREFIX) || name.startsWith(TEMP_PREFIX) ? makerOf(name) : undefined;
      return maker !== undefined && !isPidAlive(maker) && isStale(join(dir, name), now);
    })
    .map((name) => join(dir, name));
}

function isStale(path: string, now: number): boolean {
  try {
    return now - statSync(path).mtimeMs > STALE_MS;
  } catch {
    return false;
  }
}
