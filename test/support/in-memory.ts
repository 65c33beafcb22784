import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Linux has a file system in memory there. */
const MEMORY = '/dev/shm';

/** More than all tests together need. */
const ENOUGH = 4 * 1024 ** 3;

/**
 * A folder in memory for temporary files of tests; undefined where there is none with room, or where no program can be started from it. What is
 * written for good need not wait for a disk there.
 */
export function folderInMemory(): string | undefined {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= ENOUGH && startsPrograms(MEMORY) ? MEMORY : undefined;
  } catch {
    return undefined;
  }
}

function startsPrograms(folder: string): boolean {
  const own = mkdtempSync(join(folder, 'mcp2cli-test-'));
  try {
    const program = join(own, 'program');
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o700 });
    return spawnSync(program).status === 0;
  } finally {
    rmSync(own, { recursive: true });
  }
}
