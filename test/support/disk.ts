/** Disks that are full or cannot be written. */
import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished, type TestContext } from 'vitest';
import { freshDir } from './home.ts';

/** A small disk of its own, or a skipped test where this process may not mount one. */
export function tmpfs(context: TestContext, size: string): string {
  const dir = freshDir('disk');
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', dir], { stdio: 'pipe' });
  } catch (error) {
    context.skip(`mount -t tmpfs is not permitted here: ${(error as Error).message.split('\n')[0]}`);
  }
  // Lazily: a job that this process holds has a socket there until the process ends.
  onTestFinished(() => void execFileSync('umount', ['-l', dir]));
  return dir;
}

/** Makes a folder unwritable: root is above permissions, and gets a read-only mount. */
export function readOnly(context: TestContext): { dir: string; close: () => void } {
  if (process.getuid?.() === 0) {
    const dir = tmpfs(context, '8m');
    return { dir, close: () => void execFileSync('mount', ['-o', 'remount,ro', dir]) };
  }
  const dir = freshDir('disk');
  const each = (mode: number) => {
    for (const path of [
      dir,
      ...readdirSync(dir, { recursive: true, encoding: 'utf8' }).map((one) => join(dir, one)),
    ])
      if (!/\.json$/.test(path)) chmodSync(path, mode);
  };
  onTestFinished(() => each(0o700));
  return { dir, close: () => each(0o500) };
}
