import { lstatSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { VERSION } from '../version.ts';
import { resolvePaths } from './paths.ts';

/** Folders of other versions that nobody has used for this long are removed when a new version comes. */
const OLD_MS = 30 * 24 * 60 * 60 * 1000;

interface NodeModule {
  enableCompileCache?: (dir: string) => unknown;
}

/** A module of Node itself; undefined before Node 20.16. */
function builtin<T>(name: string): T | undefined {
  return (process as { getBuiltinModule?: (name: string) => T }).getBuiltinModule?.(name);
}

/**
 * Keeps compiled code in the data root for the next process (Node 22.1 and later: `module.enableCompileCache`; it checks the code it is for). Not
 * without a data root, and not in a folder that anybody else may look into or own: what lies there is run. Where it cannot be kept, all is as without.
 */
export function keepCompiled(): void {
  // Not imported: `--version` needs neither, and both cost time.
  const { enableCompileCache: enable } = builtin<NodeModule>('node:module') ?? {};
  // Whoever runs this has said where, or that it must not be.
  const said = process.env['NODE_COMPILE_CACHE'] ?? process.env['NODE_DISABLE_COMPILE_CACHE'];
  if (!enable || said !== undefined) return;
  try {
    const all = compileCacheOf();
    const dir = join(all, VERSION);
    if ((isPrivate(all) && isPrivate(dir)) || made(all, dir)) enable(dir);
  } catch {
    // No home folder, or a disk that refuses: the commands that need it say so.
  }
}

function compileCacheOf(): string {
  const { env, platform } = process;
  const home = builtin<typeof import('node:os')>('node:os')?.homedir() ?? '';
  // `cwd` is read only where it counts: it may have been removed.
  return resolvePaths({ env, home, platform, cwd: env['MCP2CLI_HOME'] ? process.cwd() : '/' })
    .compileCacheDir;
}

/** A folder (no link) of this user's that nobody else can look into. False where it does not exist. */
export function isPrivate(dir: string): boolean {
  const stat = lstatSync(dir, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  if (process.platform === 'win32') return stat.isDirectory();
  return stat.isDirectory() && stat.uid === process.geteuid?.() && (stat.mode & 0o077) === 0;
}

/** Makes it where nothing is, in a data root that exists. */
function made(all: string, dir: string): boolean {
  if (lstatSync(dir, { throwIfNoEntry: false })) return false;
  if (!isPrivate(all)) mkdirSync(all, { mode: 0o700 });
  mkdirSync(dir, { mode: 0o700 });
  const now = Date.now();
  for (const name of readdirSync(all)) {
    const other = join(all, name);
    if (now - statSync(other).mtimeMs > OLD_MS) rmSync(other, { recursive: true, force: true });
  }
  return true;
}
