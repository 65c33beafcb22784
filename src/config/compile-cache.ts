import { lstatSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { VERSION } from '../version.ts';
import { compileCacheDirOf } from './paths.ts';

/** Folders of other versions that nobody has used for this long are removed when a new version comes. */
const OLD_MS = 30 * 24 * 60 * 60 * 1000;

/** A module of Node itself; undefined before Node 20.16. */
function builtin<T>(name: string): T | undefined {
  return (process as { getBuiltinModule?: (name: string) => T }).getBuiltinModule?.(name);
}

/**
 * The file in which compiled code is kept for the next process that runs such a command: of this version of the program and of Node. Undefined where it
 * must not be: without a data root, and in a folder that anybody else may look into or own, since what lies there is run.
 */
export function compiledCodeFile(argv: readonly string[]): string | undefined {
  if (process.env['NODE_DISABLE_COMPILE_CACHE'] !== undefined) return undefined;
  try {
    const dir = privateFolder();
    return dir && join(dir, `${process.version}-${process.arch}-${kindOf(argv)}`);
  } catch {
    // No home folder, or a disk that refuses: the commands that need it say so.
    return undefined;
  }
}

/** Undefined where there is none. */
function privateFolder(): string | undefined {
  const said = process.env['NODE_COMPILE_CACHE'];
  if (said) {
    // Whoever runs this has said where.
    const dir = resolve(said, `mcp2cli-${VERSION}`);
    if (!lstatSync(dir, { throwIfNoEntry: false })) mkdirSync(dir, { mode: 0o700, recursive: true });
    return isPrivate(dir) ? dir : undefined;
  }
  const all = compileCacheOf();
  const dir = join(all, VERSION);
  return (isPrivate(all) && isPrivate(dir)) || made(all, dir) ? dir : undefined;
}

/**
 * What kind of command it seems to be. Kinds run different parts of the same files, and code that does not run costs time to read: a wrong guess
 * costs no more than that.
 */
function kindOf(argv: readonly string[]): string {
  if (argv.includes('__complete')) return 'tab';
  const [first, second, third] = argv.filter((word) => !word.startsWith('-'));
  if (first === 'keeper') return 'keeper';
  if (first === 'ls' || second === 'ls') return 'ls';
  const verb = first === 'jobs' ? second : second === 'jobs' ? third : undefined;
  if (verb === undefined) return 'call';
  return verb === 'list' ? 'jobs-list' : 'jobs';
}

function compileCacheOf(): string {
  const { env, platform } = process;
  const home = builtin<typeof import('node:os')>('node:os')?.homedir() ?? '';
  // `cwd` is read only where it counts: it may have been removed.
  return compileCacheDirOf({ env, home, platform, cwd: env['MCP2CLI_HOME'] ? process.cwd() : '/' });
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
