import { linkSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { publishOnce, readPublished, replaceFile, syncDir, uniqueName } from '../lib/disk/durable-file.ts';
import { ioFailure } from '../lib/disk/io-failure.ts';

/** Prefix of folders in which a disk is tried out. */
export const PROBE_PREFIX = '.probe-';

/**
 * Tries in a folder of its own what the store relies on: a synced write, replacing a file, publishing one once, renaming a folder. `links`:
 * whether there are hard links; without them the store has another way. Error: IoError for what does not work.
 */
export function probeDisk(dir: string): { links: boolean } {
  const probe = join(dir, uniqueName(PROBE_PREFIX));
  try {
    mkdirSync(probe, { mode: 0o700 });
    const file = join(probe, 'file');
    replaceFile(file, 'one');
    replaceFile(file, 'two');
    if (!publishOnce(join(probe, 'once'), 'x') || publishOnce(join(probe, 'once'), 'y'))
      throw new Error(`${dir}: a file that is there can be replaced by one that must not replace it`);
    if (readPublished(file) !== 'two' || readPublished(join(probe, 'once')) !== 'x')
      throw new Error(`${dir}: a file does not have the content that was written`);
    mkdirSync(join(probe, 'from'));
    renameSync(join(probe, 'from'), join(probe, 'to'));
    syncDir(probe);
    return { links: canLink(file, join(probe, 'link')) };
  } catch (error) {
    throw ioFailure(error, 'write', dir);
  } finally {
    removed(probe);
  }
}

function canLink(file: string, name: string): boolean {
  try {
    linkSync(file, name);
    return true;
  } catch {
    return false;
  }
}

function removed(probe: string): void {
  try {
    rmSync(probe, { recursive: true, force: true });
  } catch {
    // A disk that takes it and does not give it back: the next examination tries again.
  }
}
