/**
 * Writes that survive a kill and a power cut: the data goes to a fresh file near the target, is synced, and only then gets the
 * target's name; the folder is synced last. Libraries were tried first: on a full disk two of them replace a good file by a cut one
 * and report success. Every failed system call becomes an IoError (exit 74) that names the target's path.
 */
import {
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errnoOf, ioFailure } from './io-failure.ts';

/** Prefix of files that are being written; one that stays behind was left by a process that was killed. */
export const TEMP_PREFIX = '.tmp-';

/** File systems without hard links say so in many ways (FAT, some FUSE and SMB mounts, Android's sandbox). */
const NO_LINKS = new Set(['EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'ENOSYS', 'EMLINK', 'EINVAL']);

/** What a rename of a folder onto something that exists is refused with; Windows says EPERM or EACCES. */
const TAKEN = new Set(['EEXIST', 'ENOTEMPTY', 'ENOTDIR', 'EISDIR', 'EPERM', 'EACCES']);

/** Whether a rename of a folder failed because something has its new name, and not because the folder is refused as such. */
export function isTaken(error: unknown): boolean {
  return TAKEN.has(errnoOf(error) ?? '');
}

/** Where the data lies when the target had to become a folder. */
const INNER = 'data';

/**
 * Publishes a file that is written once, whole or not at all; whoever comes first wins, across processes. Returns false when the
 * path is taken, by whatever. Read it with `readPublished`: where hard links are refused the target is a folder with one file,
 * because a rename of a folder never replaces one that has something in it.
 */
export function publishOnce(path: string, data: string | Uint8Array): boolean {
  return guarded('write', path, () =>
    withTemp(path, data, true, (temp) => {
      try {
        linkSync(temp, path);
      } catch (error) {
        const errno = errnoOf(error) ?? '';
        // A network file system may repeat a link that had worked: then the file has both names, and ours counts.
        if (errno === 'EEXIST') return sameFile(temp, path) && synced(path);
        if (!NO_LINKS.has(errno)) throw error;
        return publishFolder(path, data);
      }
      return synced(path);
    }),
  );
}

/** What `publishOnce` put there; undefined when there is nothing. Errors: IoError. */
export function readPublished(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT') return undefined;
    if (errno !== 'EISDIR') throw ioFailure(error, 'read', path);
  }
  return guarded('read', path, () => readFileSync(join(path, INNER), 'utf8'));
}

export interface ReplaceOptions {
  /** False for data that can be derived again: still whole or not at all, but perhaps gone after a power cut. */
  durable?: boolean;
}

/** Replaces a file, or creates it: readers see the old content or the new, never a part. The file gets mode 0600. */
export function replaceFile(
  path: string,
  data: string | Uint8Array,
  { durable = true }: ReplaceOptions = {},
): void {
  guarded('write', path, () =>
    withTemp(path, data, durable, (temp) => {
      renameOver(temp, path);
      if (durable) syncDir(dirname(path));
    }),
  );
}

/**
 * Gives a file a second name in the same folder, in place of what had that name. False where it cannot be done. Not made durable:
 * after a power cut the old file may be back.
 */
export function replaceByLink(path: string, target: string): boolean {
  const temp = join(stagingFor(path), uniqueName(TEMP_PREFIX));
  try {
    linkSync(target, temp);
    renameSync(temp, path);
    return true;
  } catch {
    return false;
  } finally {
    // A rename between two names of one file does nothing and leaves both.
    rmSync(temp, { force: true });
  }
}

/** Makes the names in a folder durable. Windows has no such call, and some file systems refuse it; both are passed over. */
export function syncDir(dir: string): void {
  if (process.platform === 'win32') return;
  guarded('write', dir, () => {
    const fd = openSync(dir, 'r');
    try {
      fsyncSync(fd);
    } catch (error) {
      if (!['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EROFS'].includes(errnoOf(error) ?? '')) throw error;
    } finally {
      closeSync(fd);
    }
  });
}

/**
 * Creates a folder with mode 0700, missing parents too, durably. A folder that exists is left as it is. `durable`: false for one whose name need not
 * outlive a power cut, since it will be renamed.
 */
export function makePrivateDir(dir: string, { durable = true } = {}): void {
  guarded('create', dir, () => makeDir(dir, durable));
}

// Node's own `recursive` says ENOENT where the disk is read-only.
function makeDir(dir: string, durable: boolean): void {
  if (isFolder(dir)) return;
  const parent = dirname(dir);
  if (parent !== dir) makeParent(parent);
  try {
    mkdirSync(dir, { mode: 0o700 });
  } catch (error) {
    // Another process was faster.
    if (errnoOf(error) === 'EEXIST' && isFolder(dir)) return;
    throw error;
  }
  if (durable) syncDir(parent);
}

function makeParent(dir: string): void {
  try {
    makeDir(dir, true);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    throw Object.assign(error as NodeJS.ErrnoException, { code: 'ENOTDIR' });
  }
}

/** Node 20 throws for a path below a file, which later ones say is not there. */
function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch (error) {
    if (errnoOf(error) === 'ENOTDIR') return false;
    throw error;
  }
}

/** A name that no other process uses, for something that will be renamed. */
export function uniqueName(prefix: string): string {
  return `${prefix}${process.pid}-${Math.random().toString(36).slice(2)}`;
}

/** The process that made a name with `uniqueName`, or undefined for a name of another kind. */
export function makerOf(name: string): number | undefined {
  const pid = /^\.[a-z]+-(\d+)-/.exec(name)?.[1];
  return pid === undefined ? undefined : Number(pid);
}

/**
 * Where a file is made before it gets its name: beside it, but a job's beside the job's folder. What a killed process leaves there the next
 * new job sweeps up (job-folder.ts); nobody could look into the folders of all jobs for it.
 */
function stagingFor(path: string): string {
  const folder = dirname(path);
  return basename(folder).startsWith('job_') ? dirname(folder) : folder;
}

function withTemp<T>(path: string, data: string | Uint8Array, durable: boolean, use: (temp: string) => T): T {
  const temp = join(stagingFor(path), uniqueName(TEMP_PREFIX));
  // `wx` never follows a link that somebody put there, and never takes over a file.
  const fd = openSync(temp, 'wx', 0o600);
  try {
    try {
      writeAll(fd, data);
      if (durable) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    return use(temp);
  } finally {
    try {
      unlinkSync(temp);
    } catch {
      // Renamed, as it should be.
    }
  }
}

/** A write may be short (signals, quotas, a nearly full disk): only the sum of them is the file. */
function writeAll(fd: number, data: string | Uint8Array): void {
  const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at);
}

function publishFolder(path: string, data: string | Uint8Array): boolean {
  const temp = join(stagingFor(path), uniqueName(TEMP_PREFIX));
  mkdirSync(temp, { mode: 0o700 });
  try {
    replaceFile(join(temp, INNER), data);
    try {
      renameSync(temp, path);
    } catch (error) {
      if (isTaken(error) && exists(path)) return false;
      throw error;
    }
    return synced(path);
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function sameFile(a: string, b: string): boolean {
  const [one, two] = [lstatSync(a), lstatSync(b, { throwIfNoEntry: false })];
  return two !== undefined && one.ino === two.ino && one.dev === two.dev;
}

function synced(path: string): true {
  syncDir(dirname(path));
  return true;
}

/** A rename onto a file that may be there. Windows refuses to replace a file while anybody has it open, which passes within milliseconds. */
export function renameOver(from: string, to: string): void {
  for (let attempt = 1; ; attempt++) {
    try {
      renameSync(from, to);
      return;
    } catch (error) {
      const passing =
        process.platform === 'win32' && ['EPERM', 'EACCES', 'EBUSY'].includes(errnoOf(error) ?? '');
      if (!passing || attempt >= 10) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, attempt * 5);
    }
  }
}

function guarded<T>(tried: 'read' | 'write' | 'create', path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw ioFailure(error, tried, path);
  }
}

/** Moves a folder that is to be removed; false when another process was faster. Error: IoError. */
export function movedAway(folder: string, away: string): boolean {
  try {
    renameSync(folder, away);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw ioFailure(error, 'remove', folder);
  }
}
