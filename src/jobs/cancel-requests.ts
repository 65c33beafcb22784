import type { JobDeps } from './deps.ts';
import { changesOf } from './follow/changes.ts';

/** How often a process that holds a call looks whether another one asked for cancellation, in milliseconds. */
const CANCEL_CHECK_MS = 250;

/** Cancellation was asked for from elsewhere (`jobs cancel`), not by a signal to this process. */
export class CancelRequested extends Error {}

/** Hears of a cancel request that another process wrote. */
export function watchForCancel(
  deps: Pick<JobDeps, 'store' | 'clock'>,
  id: string,
  until: AbortSignal,
  onCancel: () => void,
  onLook: () => void = () => {},
): void {
  const change = changesOf(deps, id, CANCEL_CHECK_MS);
  const look = async () => {
    for (;;) {
      await change(until);
      onLook();
      if (await deps.store.cancelRequested(id)) return onCancel();
    }
  };
  look().catch(() => {});
}
