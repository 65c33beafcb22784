import { type Stats, statSync } from 'node:fs';
import { ConfigError, IoError } from '../errors.ts';
import { ioFailure } from '../lib/disk/io-failure.ts';
import type { Paths } from './paths.ts';

/** Why a folder is not for its user alone to write, and what to type about it. */
export interface PlaceTrouble {
  /** `it can be written by anybody`, without the path. */
  why: string;
  hint: string;
}

/**
 * Refuses a data root, or its folder of instances, that somebody else can write: they could plant a server's command or a job's result there.
 * One that does not exist yet is fine. Errors: ConfigError, IoError when the root is no folder.
 */
export function checkDataRoot({ root, instancesDir }: Paths, platform: NodeJS.Platform): void {
  const stat = statOf(root);
  if (stat && !stat.isDirectory())
    throw new IoError(`the data root is not a folder: ${root}`, { hint: 'set MCP2CLI_HOME to a folder' });
  refuse('the data root', root, stat, platform);
  refuse('the folder of instances', instancesDir, statOf(instancesDir), platform);
}

/** The same for the folders of one instance. Error: ConfigError. */
export function checkInstanceFolders(paths: Paths, name: string, platform: NodeJS.Platform): void {
  for (const path of instanceFolders(paths, name))
    refuse(`a folder of instance ${name}`, path, statOf(path), platform);
}

/** The folders of an instance that decide what is run, what a job's result is, and which process is spoken to. */
export function instanceFolders(paths: Paths, name: string): string[] {
  return [paths.instanceDir(name), paths.jobsDir(name), paths.keeperDir(name)];
}

/** What is wrong with a folder; undefined for one that only its user can write, and where the system keeps no owners (Windows). */
export function troubleWith(path: string, stat: Stats, platform: NodeJS.Platform): PlaceTrouble | undefined {
  if (platform === 'win32') return undefined;
  const own = process.geteuid?.();
  if (own !== undefined && stat.uid !== own)
    return {
      why: `it belongs to another user (${stat.uid}; this is ${own})`,
      hint: `look at what is in it, then: chown -R ${own} ${path}; or set MCP2CLI_HOME to a folder of your own`,
    };
  if ((stat.mode & 0o022) === 0) return undefined;
  const who = (stat.mode & 0o002) === 0 ? 'its group' : 'anybody';
  return {
    why: `it can be written by ${who}`,
    hint: `look at what is in it, then: chmod go-w ${path}; or set MCP2CLI_HOME to a folder of your own`,
  };
}

function refuse(what: string, path: string, stat: Stats | undefined, platform: NodeJS.Platform): void {
  const trouble = stat && troubleWith(path, stat, platform);
  if (trouble)
    throw new ConfigError(`${what} is not safe to use, ${trouble.why}: ${path}`, {
      code: 'insecure_root',
      hint: trouble.hint,
      details: { path },
    });
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // A part of the path is no folder: there is nothing in it.
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw ioFailure(error, 'read', path);
  }
}
