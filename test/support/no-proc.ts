/** Commands as on a system that tells less of its processes: without /proc, as macOS is. */
import { spawnSync } from 'node:child_process';
import type { TestContext } from 'vitest';
import { type Handle, type StartOptions, startCommand } from './cli.ts';
import { BIN } from './env.ts';

const HIDE = 'mount -t tmpfs none /proc && exec "$@"';

/** Skips the test, aloud, where no mount namespace can be had. */
export function needsMounts(context: TestContext): void {
  const { status } = spawnSync('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs none /proc']);
  context.skip(status !== 0, 'no mount namespaces here (unshare -m)');
}

/** Starts `mcp2cli ARGS` with an empty /proc; its pids are those of everybody. */
export function startWithoutProc(args: readonly string[], options: StartOptions): Handle {
  const words = ['-m', 'sh', '-c', HIDE, 'sh', process.execPath, BIN, ...args];
  return startCommand('unshare', words, options);
}
