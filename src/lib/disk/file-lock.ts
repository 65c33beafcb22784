import { dirname } from 'node:path';
import { lock } from 'proper-lockfile';
import { IoError } from '../../errors.ts';
import { makePrivateDir } from './durable-file.ts';
import { ioFailure } from './io-failure.ts';

/**
 * Does some work while no other process does work on the same file; its folder is made if need be. `what` names the file in the error: `the
 * configuration`. Errors: IoError when the lock cannot be had, and what `work` throws.
 */
export async function withFileLock<T>(path: string, what: string, work: () => T): Promise<T> {
  makePrivateDir(dirname(path));
  const release = await lock(path, {
    realpath: false,
    stale: 10_000,
    retries: { retries: 60, minTimeout: 20, maxTimeout: 250, factor: 1.5 },
    // Who was stopped for longer than that has lost the lock without knowing it; `editFile` is made for that.
    onCompromised: () => {},
  }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ELOCKED')
      throw new IoError(`another process holds ${what}'s lock: ${path}.lock`, { cause: error });
    throw ioFailure(error, 'write', path);
  });
  try {
    return work();
  } finally {
    await release().catch(() => {});
  }
}
