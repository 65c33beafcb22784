/** The folder of jobs: which there are, a new one, and what killed processes left. */
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
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
import { isJobName, isTimedId, newestOf } from './job-id.ts';

/** Prefix of folders that are being filled. */
const NEW_PREFIX = '.new-';

/** Milliseconds after which something half-made whose maker is gone may be removed. Making it takes a few. */
const STALE_MS = 3_600_000;

/** How often an id that is taken is replaced by another before the store gives up. */
const ID_ATTEMPTS = 32;

/** Milliseconds that the folder must have been left alone for its change time to tell of every change (up to 2 s on FAT). */
const SETTLED_MS = 2_000;

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
 * The newest job, undefined when there is none. Takes as long however many jobs there are, unless somebody has changed the folder otherwise than by
 * making jobs here (`jobs prune`, a copy from elsewhere) and nobody has looked since. Errors: IoError.
 */
export function newestJob(dir: string, now: number): string | undefined {
  const state = folderState(dir);
  const marked = markedNewest(dir, state);
  if (marked !== undefined) return marked;
  const newest = newestOf(allNames(dir).filter(isJobName));
  // What changes within the same tick of the file system's clock leaves no trace.
  if (newest !== undefined && state !== undefined && now - state.changedMs > SETTLED_MS)
    noteNewest(dir, newest, state);
  return newest;
}

/**
 * Publishes a job's folder: filled under another name, synced, renamed. `nextId` is given an id that no job sorts after, and called again when
 * another process took what it returns. Takes as long however many jobs there are. Errors: IoError; then nothing was published.
 */
export function publishJob(
  dir: string,
  now: number,
  nextId: (newest: string | undefined) => string,
  content: (id: string) => StoredJob,
  plan?: WorkflowPlan,
): StoredJob {
  makePrivateDir(dir);
  let newest = newestBefore(dir, now);
  return inDraft(dir, (draft) => {
    if (plan) replaceFile(join(draft, FILES.plan), fileText(plan));
    for (let attempt = 0; attempt < ID_ATTEMPTS; attempt++) {
      const job = content(nextId(newest));
      replaceFile(join(draft, FILES.job), fileText(job));
      if (published(dir, draft, job.job_id)) {
        noteNewest(dir, job.job_id, folderState(dir));
        dropOlderMarks(dir, job.job_id);
        return job;
      }
      newest = job.job_id;
    }
    throw new IoError(`cannot create a job in ${dir}: every new id was taken`, { details: { path: dir } });
  });
}

/**
 * Publishes a job's folder under the id that it has already; false where that is taken. Errors: IoError, and those of `fill`; then nothing was
 * published.
 */
export function publishFolder(dir: string, id: string, fill: (folder: string) => void): boolean {
  if (isThere(join(dir, id))) return false;
  makePrivateDir(dir);
  makePrivateDir(marksDir(dir));
  return inDraft(dir, (draft) => {
    fill(draft);
    if (!published(dir, draft, id)) return false;
    dropOlderMarks(dir, id);
    return true;
  });
}

function inDraft<T>(dir: string, work: (draft: string) => T): T {
  const draft = join(dir, uniqueName(NEW_PREFIX));
  try {
    makePrivateDir(draft, { durable: false });
    return work(draft);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** False when the id is taken. */
function published(dir: string, draft: string, id: string): boolean {
  mark(dir, id);
  if (!renamed(draft, join(dir, id))) return false;
  syncDir(dir);
  return true;
}

/*
 * A job's id sorts after all others, whatever the clock says, and a new job must not look at them all for it. So beside the folder of jobs is one of
 * marks, empty files named like jobs: each is made before its job appears, and removed by whoever has made a job that sorts after it. The greatest
 * mark therefore sorts after every job, whoever is killed when. It may be of a job that never came, or is gone: that makes an id greater, no more.
 *
 * The greatest mark of a job that is there is that of the newest job, unless somebody has copied a newer one in. So whoever has made a job notes in its
 * mark how the folder of jobs was then (its change time, which nobody can set, and which every name that comes or goes changes): as long as it is so, the
 * newest job is known without a look at all. Whoever finds it otherwise looks, and notes it anew.
 */
const marksDir = (dir: string) => `${dir}.newest`;

interface FolderState {
  /** Differs whenever another name has come or gone. */
  text: string;
  /** Milliseconds since 1970. */
  changedMs: number;
}

/** Undefined, too, where the system keeps no change times, or whole seconds of them, in which much may happen. */
function folderState(dir: string): FolderState | undefined {
  if (process.platform === 'win32') return undefined;
  try {
    const { dev, ino, ctimeNs, ctimeMs, nlink, size } = statSync(dir, { bigint: true });
    if (ctimeNs % 1_000_000_000n === 0n) return undefined;
    // The clock of a file system ticks every few milliseconds: most tell by one of the last two of a folder that came within the same tick.
    return { text: [dev, ino, ctimeNs, nlink, size].join(' '), changedMs: Number(ctimeMs) };
  } catch {
    // Reading the names tells it better.
    return undefined;
  }
}

/** The newest job by its mark; undefined where the marks cannot tell. */
function markedNewest(dir: string, state: FolderState | undefined): string | undefined {
  if (state === undefined) return undefined;
  try {
    const marks = marksDir(dir);
    const newest = readdirSync(marks)
      .filter(isJobName)
      .sort()
      .reverse()
      .find((name) => isThere(join(dir, name)));
    if (newest === undefined || !isTimedId(newest)) return undefined;
    return readFileSync(join(marks, newest), 'utf8') === state.text ? newest : undefined;
  } catch {
    return undefined;
  }
}

/** Best effort: without it, the next look takes longer. */
function noteNewest(dir: string, id: string, state: FolderState | undefined): void {
  if (state === undefined) return;
  try {
    writeFileSync(join(marksDir(dir), id), state.text, { mode: 0o600 });
  } catch {
    // The disk refuses, or nobody has made a job here yet.
  }
}

/** When the folder of jobs was last looked through. */
const SWEPT = '.swept';

/** What no job sorts after. Once in an hour the folder is looked through for what killed processes left there, and for jobs that somebody copied in. */
function newestBefore(dir: string, now: number): string | undefined {
  const marks = marksDir(dir);
  const swept = join(marks, SWEPT);
  const marked = allNames(marks).filter(isJobName);
  if (marked.length > 0 && !isStale(swept, now) && isThere(swept)) return newestOf(marked);
  const names = allNames(dir);
  sweep(dir, names, now);
  makePrivateDir(marks);
  try {
    writeFileSync(swept, '', { mode: 0o600 });
  } catch (error) {
    throw ioFailure(error, 'write', swept);
  }
  return newestOf([...marked, ...names.filter(isJobName)]);
}

function mark(dir: string, id: string): void {
  const path = join(marksDir(dir), id);
  try {
    closeSync(openSync(path, 'a', 0o600));
  } catch (error) {
    throw ioFailure(error, 'create', path);
  }
}

function dropOlderMarks(dir: string, id: string): void {
  const marks = marksDir(dir);
  try {
    for (const name of readdirSync(marks).filter(isJobName)) if (name < id) unlinkSync(join(marks, name));
  } catch {
    // Another process was faster, or the disk refuses; the next one tries again.
  }
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
