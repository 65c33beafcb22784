import { lstatSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { IoError } from '../errors.ts';

/** The longest path that a socket can have everywhere (macOS: 104 bytes with the final zero; Linux: 108). */
const MAX_SOCKET_PATH = 100;

/**
 * Where a keeper listens: beside its file, in a folder that only its user may enter. A data root too deep for a socket's path gets it in
 * a folder of the user's own among the system's temporary ones. Windows has pipes, which have names instead. Error: IoError when there is no
 * such place.
 */
export function socketPath(dir: string, id: string, secret: string): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\mcp2cli-${id}-${secret}`;
  const beside = join(dir, `${id}.sock`);
  return fits(beside) ? beside : tempSocketPath(id);
}

/** The same where a socket cannot be beside its file. Errors: IoError. */
export function tempSocketPath(id: string): string {
  const places = [tmpdir(), process.env['XDG_RUNTIME_DIR'] ?? '', '/tmp'].filter(isAbsolute);
  const failures: string[] = [];
  for (const place of new Set(places)) {
    // A folder with a random name is no longer than this.
    if (!fits(join(place, `${ownName()}-XXXXXX`, `${id}.sock`))) {
      failures.push(`${place} is too long a path`);
      continue;
    }
    try {
      return join(ownFolder(place), `${id}.sock`);
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  throw new IoError(`there is no place for the keeper's socket: ${failures.join('; ')}`, {
    hint: 'set TMPDIR to a folder with a short path that you can write, or MCP2CLI_HOME to a shorter path',
  });
}

function fits(path: string): boolean {
  return Buffer.byteLength(path) <= MAX_SOCKET_PATH;
}

function ownName(): string {
  return `mcp2cli-${process.getuid?.() ?? 0}`;
}

/**
 * A folder of the user's alone in a place that everybody can write. Its usual name may be taken by somebody else: then it is one with a
 * random end, which a keeper's file names, and which later keepers find. Errors: those of the system.
 */
function ownFolder(place: string): string {
  const usual = join(place, ownName());
  try {
    mkdirSync(usual, { mode: 0o700 });
    return usual;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  if (isOursAlone(usual)) return usual;
  const start = `${ownName()}-`;
  const others = readdirSync(place).filter((name) => name.startsWith(start));
  const ours = others.map((name) => join(place, name)).find(isOursAlone);
  return ours ?? mkdtempSync(join(place, start));
}

function isOursAlone(dir: string): boolean {
  const found = lstatSync(dir, { throwIfNoEntry: false });
  return (
    found?.isDirectory() === true && found.uid === (process.getuid?.() ?? 0) && (found.mode & 0o077) === 0
  );
}
