import { IoError } from '../../errors.ts';

/** Plain words for what the operating system answered; everything else keeps the system's own message. */
const WORDS: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EMFILE: 'this process has too many open files',
  ENFILE: 'the system has too many open files',
  EIO: 'the disk reported an input/output error',
  ENOTDIR: 'a part of the path is not a folder',
  EISDIR: 'it is a folder',
  ENOENT: 'no such file or folder',
  EEXIST: 'something else is there',
  ENAMETOOLONG: 'the path is too long',
  ELOOP: 'too many symbolic links',
  EFBIG: 'the file would be too large',
  EBUSY: 'it is in use',
  ESTALE: 'the network file system lost it',
};

const HINTS: Record<string, string> = {
  ENOSPC: 'free some space and try again; nothing that was stored before is touched',
  EDQUOT: 'free some space and try again; nothing that was stored before is touched',
  EROFS: 'set MCP2CLI_HOME to a folder that can be written',
  EACCES: 'check the owner and mode of the folder, or set MCP2CLI_HOME to another one',
  ENOTDIR: 'check the path, and what HOME and MCP2CLI_HOME name',
};

/** The operating system's error code (`ENOENT`), or undefined for an error of another kind. */
export function errnoOf(error: unknown): string | undefined {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  return typeof code === 'string' && typeof syscall === 'string' ? code : undefined;
}

export type Tried = 'read' | 'write' | 'create' | 'remove' | 'move';

const TRIED: Readonly<Record<string, Tried>> = {
  mkdir: 'create',
  mkdtemp: 'create',
  symlink: 'create',
  rm: 'remove',
  unlink: 'remove',
  rmdir: 'remove',
  rename: 'move',
  write: 'write',
  fsync: 'write',
  fdatasync: 'write',
  ftruncate: 'write',
  link: 'write',
  copyfile: 'write',
  chmod: 'write',
  fchmod: 'write',
  utime: 'write',
};

/** Reading needs no room and changes nothing: a call that fails so was to write, whatever it is called (`open`). */
const ROOM = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EFBIG']);

/** What a failed system call was for, where nobody says. */
export function triedBy(error: unknown): Tried {
  const known = TRIED[(error as NodeJS.ErrnoException).syscall ?? ''];
  return known ?? (ROOM.has(errnoOf(error) ?? '') ? 'write' : 'read');
}

/**
 * A failed system call as the error a person sees (exit 74): what was tried, on which path, and why it failed in plain words. An
 * error that is no failed system call is a defect and comes back as it is.
 */
export function ioFailure(error: unknown, tried: Tried, path: string): Error {
  const errno = errnoOf(error);
  if (errno === undefined) return error instanceof Error ? error : new Error(String(error));
  const why = WORDS[errno] ?? (error as Error).message;
  return new IoError(`cannot ${tried} ${path}: ${why}`, {
    cause: error,
    hint: HINTS[errno],
    details: { path, errno },
  });
}
