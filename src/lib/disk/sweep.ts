/** Removing what killed processes left half-made in folders with few files; the folder of jobs has its own way (job-folder.ts). */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makerOf, TEMP_PREFIX } from './durable-file.ts';
import { isPidAlive } from './process-identity.ts';

/** Milliseconds after which something half-made whose maker is gone may be removed. Making it takes a few. */
const STALE_MS = 3_600_000;

/** Names of our own files that were never finished. */
function isOurs(name: string): boolean {
  const maker = name.startsWith(TEMP_PREFIX) ? makerOf(name) : undefined;
  return maker !== undefined && !isPidAlive(maker);
}

/**
 * Removes old half-made files from a folder, those that `isHalfMade` knows by their names. Best effort: for those who are about to write
 * there anyway.
 */
export function sweepFolder(dir: string, isHalfMade: (name: string) => boolean = isOurs): void {
  try {
    for (const name of readdirSync(dir).filter(isHalfMade)) {
      const path = join(dir, name);
      if (Date.now() - statSync(path).mtimeMs > STALE_MS) rmSync(path, { recursive: true, force: true });
    }
  } catch {
    // Another process was faster, or the disk refuses; the next one tries again.
  }
}
