import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../sha256.ts';

/** Entries of folders that are looked at, at most: more have no part in the state. A whole disk must not hold a command up. */
const MOST_ENTRIES = 20_000;

/**
 * A short word that changes when a file does: `path` itself, or those of the folder and its folders that are wanted by name. What is hidden and
 * `node_modules` are left out, and so is what cannot be looked at.
 */
export function filesState(path: string, isWanted: (name: string) => boolean): string {
  const found: string[] = [];
  let entries = 0;
  const look = (at: string): void => {
    const facts = statSync(at, { throwIfNoEntry: false });
    if (facts === undefined) return;
    if (!facts.isDirectory()) {
      found.push(`${at} ${facts.mtimeMs} ${facts.size}`);
      return;
    }
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      entries += 1;
      if (entries > MOST_ENTRIES) return;
      if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue;
      // Links to folders may lead round in a circle.
      if (entry.isDirectory() || isWanted(entry.name)) look(join(at, entry.name));
    }
  };
  try {
    look(path);
  } catch {
    // Gone, or not ours to read, in the meantime: the state is of what was seen.
  }
  return sha256(found.sort().join('\n')).slice(0, 16);
}
