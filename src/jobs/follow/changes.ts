import type { JobDeps } from '../deps.ts';

/** How long whoever waits relies on a store that tells of changes, in milliseconds: a message may be lost with a connection. */
const RELIES_MS = 5_000;

/**
 * Waits, again and again, until something may have been written of a job: as the store tells, or for `pauseMs` where it cannot tell. The function
 * that it returns rejects with the signal's reason.
 */
export function changesOf(
  { store, clock, changes }: Pick<JobDeps, 'store' | 'clock' | 'changes'>,
  id: string,
  pauseMs: number,
): (signal: AbortSignal) => Promise<void> {
  const changed = changes?.(id) ?? store.changes?.(id);
  if (!changed) return (signal) => clock.sleep(pauseMs, signal);
  return async (signal) => {
    const over = new AbortController();
    const both = AbortSignal.any([signal, over.signal]);
    const first = [changed(both), clock.sleep(RELIES_MS, both)];
    try {
      await Promise.race(first);
    } finally {
      for (const one of first) one.catch(() => {});
      over.abort(new Error('changed'));
    }
  };
}
