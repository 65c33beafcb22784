/**
 * Editing a file that other processes edit too, so that no change is lost. A lock alone cannot promise it: a process that was stopped while it
 * held the lock (a suspended machine, SIGSTOP) goes on after others have taken the lock over, and a rename would put its old copy over their
 * change. So the new content is first claimed as the successor of one version of the file, under a name that only one process can have. Who
 * finds that name taken finishes the other's replacement. The rename that replaces the file takes the successor away with it, so a late one
 * finds nothing to rename.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { IoError } from '../../errors.ts';
import { isTaken, renameOver, syncDir, TEMP_PREFIX, uniqueName } from './durable-file.ts';
import { withFileLock } from './file-lock.ts';
import { errnoOf, ioFailure } from './io-failure.ts';
import { sweepFolder } from './sweep.ts';

/** Others can come first only when this process lost the lock while it was stopped. */
const ATTEMPTS = 100;

/** What one look at the file led to. */
export interface Edit<T> {
  result: T;
  /** Writes the whole new content to a new file of this name; undefined when there is nothing to change. */
  write?: ((file: string) => void) | undefined;
}

/**
 * Changes a file under a lock. `edit` reads the file and says what to write; it is run again when the file changed meanwhile, so it must have
 * no other effect. When this returns, the change was in the file; when it throws, it was not. A file that is a symbolic link stays one.
 * `what` names the file in errors: `the configuration`.
 * @throws IoError, and what `edit` throws; nothing is written then.
 */
export function editFile<T>(path: string, what: string, edit: () => Edit<T>): Promise<T> {
  return withFileLock(path, what, () => {
    const file = realPath(path);
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const version = versionOf(file);
      const { result, write } = edit();
      if (!write) return result;
      try {
        sweepFolder(dirname(file));
        sweepFolder(dirname(file), (name) => name.startsWith(claimPrefix(file)));
        if (replaceVersion(file, version, write)) return result;
      } catch (error) {
        throw ioFailure(error, 'write', path);
      }
    }
    throw new IoError(`could not change ${what}: others change it all the time: ${path}`);
  });
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** The file's identity and content. What cannot be read has a version too: reading it is what reports that. */
function versionOf(file: string): string {
  try {
    const { ino, mtimeNs } = statSync(file, { bigint: true });
    const content = createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 32);
    return `${ino}-${mtimeNs}-${content}`;
  } catch (error) {
    return errnoOf(error) ?? 'unknown';
  }
}

function claimPrefix(file: string): string {
  return `.${basename(file)}.after-`;
}

/** Replaces one version of a file; false when it is another by now, and nothing was done. Errors: of the file system. */
function replaceVersion(file: string, version: string, write: (file: string) => void): boolean {
  const claim = join(dirname(file), `${claimPrefix(file)}${version}`);
  const staging = join(dirname(file), uniqueName(TEMP_PREFIX));
  const name = uniqueName('content-');
  mkdirSync(staging, { mode: 0o700 });
  try {
    write(join(staging, name));
    syncFile(join(staging, name));
    try {
      // A folder that has something in it is never replaced by a rename: only one process claims a version.
      renameSync(staging, claim);
    } catch (error) {
      if (!isTaken(error)) throw error;
      for (const other of namesIn(claim)) if (versionOf(file) === version) take(claim, other, file);
      removeIfEmpty(claim);
      return false;
    }
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  try {
    // From here on, whoever leaves this version behind does it with this very content.
    if (versionOf(file) === version) take(claim, name, file);
    else if (withdraw(claim, name)) return false;
  } catch (error) {
    // Where somebody else has put it in place, it is there all the same.
    if (withdraw(claim, name)) throw error;
  } finally {
    removeIfEmpty(claim);
  }
  syncDir(dirname(file));
  return true;
}

/** Puts a successor in the file's place, unless somebody else has done so. */
function take(claim: string, name: string, file: string): void {
  try {
    renameOver(join(claim, name), file);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

/** Takes a successor back; false when it is in the file's place already. */
function withdraw(claim: string, name: string): boolean {
  try {
    unlinkSync(join(claim, name));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function removeIfEmpty(claim: string): void {
  try {
    rmdirSync(claim);
  } catch {
    // Somebody else was faster, or has claimed it again.
  }
}

function namesIn(claim: string): string[] {
  try {
    return readdirSync(claim);
  } catch {
    // Its content is in place already.
    return [];
  }
}

function syncFile(path: string): void {
  const fd = openSync(path, 'r+');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
