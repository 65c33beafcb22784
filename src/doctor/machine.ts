import {
  accessSync,
  constants,
  lstatSync,
  readdirSync,
  rmSync,
  type Stats,
  statfsSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { isPrivate } from '../config/compile-cache.ts';
import type { Paths } from '../config/paths.ts';
import { instanceFolders, type PlaceTrouble, troubleWith } from '../config/root.ts';
import type { Context } from '../context.ts';
import { makerOf } from '../lib/disk/durable-file.ts';
import { isPidAlive } from '../lib/disk/process-identity.ts';
import { VERSION } from '../version.ts';
import { attempt, type Check, checked, failed } from './finding.ts';
import { PROBE_PREFIX, probeDisk } from './probe-disk.ts';

const MIN_NODE = 20;

/** Free bytes from which on nothing is said, and below which writes are about to fail. */
const FREE_ENOUGH = 100_000_000;
const FREE_LITTLE = 1_000_000;

/** Which program this is, and what it runs on. */
export function checkVersions({ platform }: Pick<Context, 'platform'>): Check {
  const { node } = process.versions;
  const message = `mcp2cli ${VERSION}, Node ${node}, ${platform} ${process.arch}`;
  if (Number(node.split('.')[0]) >= MIN_NODE) return checked('versions', 'ok', message);
  return checked('versions', 'problem', message, { hint: `use Node ${MIN_NODE} or newer` });
}

/** The program's compiled code, where there is some. */
export function checkCompileCache({ compileCacheDir: path }: Paths): Check[] {
  const check = 'compile cache';
  if (!lstatSync(path, { throwIfNoEntry: false })) return [];
  if (!isPrivate(path))
    return [
      checked(check, 'warning', 'not used: it is not a folder that only you can read', {
        hint: `remove it, and it is made anew: rm -r ${path}`,
        path,
      }),
    ];
  return attempt(check, () => {
    const files = readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) =>
      statSync(join(path, name)),
    );
    const bytes = files.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
    return [checked(check, 'ok', `${Math.ceil(bytes / 1000)} kB`, { path })];
  });
}

export interface RootState {
  checks: Check[];
  /** Nobody else can have written what lies in it: its commands may be run, its servers asked. */
  trusted: boolean;
}

/** Where everything of this program lies. */
export function checkRoot(paths: Paths, platform: NodeJS.Platform): RootState {
  const { root } = paths;
  const check = 'data root';
  let stat: Stats | undefined;
  try {
    stat = statSync(root, { throwIfNoEntry: false });
  } catch (error) {
    return { checks: [problemAt(check, error, root)], trusted: false };
  }
  if (!stat) return { checks: [willBeMade(root)], trusted: true };
  if (!stat.isDirectory()) {
    const hint = 'set MCP2CLI_HOME to a folder';
    return {
      checks: [checked(check, 'problem', 'it is not a folder', { hint, path: root })],
      trusted: false,
    };
  }
  const access = [...checkAccess(root, stat, platform), ...checkFolders(paths, platform)];
  const trusted = access.every(({ status }) => status !== 'problem');
  return { checks: [...access, ...checkDisk(root), ...checkSpace(root)], trusted };
}

function willBeMade(root: string): Check {
  let parent = dirname(root);
  while (!statSync(parent, { throwIfNoEntry: false }) && dirname(parent) !== parent) parent = dirname(parent);
  try {
    accessSync(parent, constants.W_OK);
    return checked('data root', 'ok', 'it is not there yet, and made when it is needed', { path: root });
  } catch (error) {
    return checked('data root', 'problem', `it cannot be made: ${(error as Error).message}`, {
      hint: 'set MCP2CLI_HOME to a folder that can be written',
      path: root,
    });
  }
}

function checkAccess(root: string, stat: Stats, platform: NodeJS.Platform): Check[] {
  const check = 'data root';
  // Windows keeps neither owner nor bits.
  if (platform === 'win32') return [checked(check, 'ok', 'a folder', { path: root })];
  const trouble = troubleWith(root, stat, platform);
  if (trouble) return [refused(trouble, root)];
  const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
  if ((stat.mode & 0o077) !== 0)
    return [
      checked(check, 'warning', `others can look into it (mode ${mode})`, {
        hint: `chmod 700 ${root}`,
        path: root,
      }),
    ];
  return [checked(check, 'ok', `yours, mode ${mode}`, { path: root })];
}

/** The folders below the root that commands refuse; those that are as they should be are not worth a word. */
function checkFolders(paths: Paths, platform: NodeJS.Platform): Check[] {
  const { instancesDir } = paths;
  const names = attempted(() => readdirSync(instancesDir)) ?? [];
  return [instancesDir, ...names.flatMap((name) => instanceFolders(paths, name))].flatMap((path) => {
    const stat = attempted(() => statSync(path, { throwIfNoEntry: false }));
    const trouble = stat && troubleWith(path, stat, platform);
    return trouble ? [refused(trouble, path)] : [];
  });
}

function refused({ why, hint }: PlaceTrouble, path: string): Check {
  return checked('data root', 'problem', `${why}: commands refuse to use it`, { hint, path });
}

/** Undefined where the disk refuses, which other checks tell. */
function attempted<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

function checkDisk(root: string): Check[] {
  removeLeftProbes(root);
  return attempt('disk', () => {
    const { links } = probeDisk(root);
    if (links) return [checked('disk', 'ok', 'writable; rename, sync and hard links work')];
    return [
      checked('disk', 'warning', 'writable, but without hard links: lists of many jobs are slow', {
        hint: 'set MCP2CLI_HOME to a folder on another disk',
        path: root,
      }),
    ];
  });
}

function removeLeftProbes(root: string): void {
  try {
    for (const name of readdirSync(root).filter((one) => one.startsWith(PROBE_PREFIX))) {
      const maker = makerOf(name);
      if (maker !== undefined && !isPidAlive(maker))
        rmSync(join(root, name), { recursive: true, force: true });
    }
  } catch {
    // The probe that follows says what is wrong.
  }
}

function checkSpace(root: string): Check[] {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(root);
    const free = bavail * bsize;
    const text = `${Math.floor(free / 1_000_000)} MB free`;
    const hint = 'free some space; jobs prune removes records that are no longer needed';
    if (files > 0 && ffree === 0)
      return [checked('space', 'problem', 'no file can be made any more (inodes)', { hint, path: root })];
    if (free >= FREE_ENOUGH) return [checked('space', 'ok', text)];
    return [
      checked('space', free < FREE_LITTLE ? 'problem' : 'warning', `only ${text}`, { hint, path: root }),
    ];
  } catch (error) {
    return [failed('space', error, 'warning')];
  }
}

function problemAt(check: string, error: unknown, path: string): Check {
  return { ...failed(check, error), path };
}

/** Whether a file that may have secrets in it can be read by others. */
export function isOpenToOthers(path: string, platform: NodeJS.Platform): boolean {
  if (platform === 'win32') return false;
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat !== undefined && (stat.mode & 0o077) !== 0;
}
