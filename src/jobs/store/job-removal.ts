/**
 * Removing jobs. A folder is renamed away first, so that a job is there whole or not at all, whenever the process is killed; the renames
 * are synced, and only then is anything deleted. What a killed process leaves is deleted by the next one.
 */
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makerOf, movedAway, syncDir, uniqueName } from '../../lib/disk/durable-file.ts';
import { isHolderAlive } from '../../lib/disk/holder.ts';
import { errnoOf, ioFailure } from '../../lib/disk/io-failure.ts';
import { isPidAlive } from '../../lib/disk/process-identity.ts';
import type { Removal, RemoveOptions } from '../ports.ts';
import { isTerminal } from '../record.ts';
import { settled } from './assemble.ts';
import { dropIndex } from './index/job-index.ts';
import { readFacts } from './job-files.ts';
import { leftDrafts } from './job-folder.ts';

/** Prefix of folders that are being deleted. */
const GONE_PREFIX = '.gone-';

/** Milliseconds after which a folder is deleted although some process has the number of the one that renamed it. */
const STALE_MS = 3_600_000;

/** Jobs that are renamed before the folder is synced, once for all of them. */
const BATCH = 128;

/**
 * Removes the jobs of these ids, as far as they are there, whole and ended when their turn comes, and what killed processes left. Each
 * batch is given to `onRemoved` when it is deleted, and `signal` is asked between them. Errors: IoError, the signal's reason; what was
 * told before is removed.
 */
export async function removeJobs(
  dir: string,
  ids: readonly string[],
  now: Date,
  { onRemoved, signal }: RemoveOptions,
): Promise<void> {
  for (const path of leftovers(dir, now)) {
    const bytes = sizeOf(path);
    if (deleted(path)) onRemoved({ removed: [], bytes });
  }
  try {
    for (let at = 0; at < ids.length; at += BATCH) {
      // A turn of the event loop, in which a signal is heard.
      await new Promise((resolve) => setImmediate(resolve));
      if (signal.aborted) throw signal.reason;
      removeBatch(dir, ids.slice(at, at + BATCH), onRemoved);
    }
  } finally {
    // It has copies of the records, arguments and all.
    if (ids.length > 0) dropIndex(dir);
  }
}

/** Bytes that removing these jobs would free, with what killed processes left. */
export function removableBytes(dir: string, ids: readonly string[], now: Date): number {
  const paths = [...ids.map((id) => join(dir, id)), ...leftovers(dir, now)];
  return paths.reduce((sum, path) => sum + sizeOf(path), 0);
}

function removeBatch(dir: string, ids: readonly string[], onRemoved: (part: Removal) => void): void {
  const part: Removal = { removed: [], bytes: 0 };
  const gone: string[] = [];
  try {
    for (const id of ids) {
      if (!hasEnded(join(dir, id), id)) continue;
      const away = join(dir, uniqueName(GONE_PREFIX));
      if (!movedAway(join(dir, id), away)) continue;
      gone.push(away);
      part.removed.push(id);
    }
  } finally {
    // Also when the disk refuses in the middle: what was renamed is no job any more.
    if (gone.length > 0) {
      syncDir(dir);
      for (const path of gone) {
        part.bytes += sizeOf(path);
        deleted(path);
      }
      onRemoved(part);
    }
  }
}

/** A record that is damaged, newer, or gone is none that has ended. Read anew: a list may have it from the index. */
function hasEnded(folder: string, id: string): boolean {
  try {
    const facts = readFacts(folder, id, true);
    if (facts === undefined) return false;
    const again = () => readFacts(folder, id, true) ?? facts;
    return isTerminal(settled(facts, (holder) => isHolderAlive(holder, folder), again).record.status);
  } catch {
    return false;
  }
}

/** False when the disk refuses: then the next one tries again. */
function deleted(path: string): boolean {
  try {
    rmSync(path, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}

/** What dead processes left: folders on their way out, and half-made ones. */
export function leftovers(dir: string, now: Date): string[] {
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw ioFailure(error, 'read', dir);
  }
  const gone = names.filter((name) => name.startsWith(GONE_PREFIX)).map((name) => join(dir, name));
  return [...gone.filter((path) => isAbandoned(path, now)), ...leftDrafts(dir, names, now.getTime())];
}

function isAbandoned(path: string, now: Date): boolean {
  const maker = makerOf(path.slice(path.lastIndexOf(GONE_PREFIX)));
  if (maker === undefined || !isPidAlive(maker)) return true;
  const seen = lstatSync(path, { throwIfNoEntry: false });
  return seen !== undefined && now.getTime() - seen.ctimeMs > STALE_MS;
}

/** Sizes of all files below a path, one with two names once. What cannot be looked at counts nothing. */
function sizeOf(path: string, seen = new Set<number>()): number {
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined || seen.has(stat.ino)) return 0;
    seen.add(stat.ino);
    if (!stat.isDirectory()) return stat.size;
    return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name), seen), 0);
  } catch {
    return 0;
  }
}
