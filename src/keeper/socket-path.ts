import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IoError } from '../errors.ts';

/** The longest path that a socket can have everywhere (macOS: 104 bytes with the final zero; Linux: 108). */
const MAX_SOCKET_PATH = 100;

/**
 * Where a keeper listens: beside its file, in a folder that only its user may enter. A data root too deep for a socket's path gets it in
 * a folder of the user's own below the system's temporary one. Windows has pipes, which have names instead. Error: IoError when that
 * folder is somebody else's.
 */
export function socketPath(dir: string, id: string, secret: string): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\mcp2cli-${id}-${secret}`;
  const beside = join(dir, `${id}.sock`);
  return Buffer.byteLength(beside) <= MAX_SOCKET_PATH ? beside : tempSocketPath(id);
}

/** The same where a socket cannot be beside its file. Errors: IoError. */
export function tempSocketPath(id: string): string {
  const path = join(ownTempDir(), `${id}.sock`);
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return path;
  throw new IoError(`there is no place for the keeper's socket: ${path} is too long`, {
    hint: 'set TMPDIR or MCP2CLI_HOME to a shorter path',
    details: { path },
  });
}

function ownTempDir(): string {
  const uid = process.getuid?.() ?? 0;
  const dir = join(tmpdir(), `mcp2cli-${uid}`);
  try {
    mkdirSync(dir, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new IoError(`cannot create ${dir}: ${(error as Error).message}`, { cause: error });
  }
  const found = lstatSync(dir);
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0)
    throw new IoError(`${dir} is not a folder of yours alone`, {
      hint: 'remove it, or set TMPDIR or MCP2CLI_HOME to a shorter path of your own',
      details: { path: dir },
    });
  return dir;
}
