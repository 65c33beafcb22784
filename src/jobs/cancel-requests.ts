import { UnreachableError } from '../errors.ts';
import type { JobDeps } from './deps.ts';
import { changesOf } from './follow/changes.ts';

/** How often a process that holds a call looks whether another one asked for cancellation, in milliseconds. */
const CANCEL_CHECK_MS = 250;

/** The pause before a store that is away is asked again, in milliseconds. */
const AWAY_MS = 1_000;

/** Cancellation was asked for from elsewhere (`jobs cancel`), not by a signal to this process. */
export class CancelRequested extends Error {}

/** Hears of a cancel request that another process wrote. */
export function watchForCancel(
  deps: Pick<JobDeps, 'store' | 'clock' | 'changes'>,
  id: string,
  until: AbortSignal,
  onCancel: () => void,
  onLook: () => void = () => {},
): void {
  const change = changesOf(deps, id, CANCEL_CHECK_MS);
  const look = async () => {
    for (;;) {
      try {
        await change(until);
        onLook();
        if (await deps.store.cancelRequested(id)) return onCancel();
      } catch (error) {
        if (until.aborted || !(error instanceof UnreachableError)) throw error;
        // A store that is away comes back.
        await deps.clock.sleep(AWAY_MS, until);
      }
    }
  };
  look().catch(() => {});
}

/** The same for a run of this process: the request stops it. Each look is a tick of its recorder. */
export function stopOnCancel(
  deps: Pick<JobDeps, 'store' | 'clock' | 'changes'>,
  id: string,
  until: AbortSignal,
  stop: { abort(reason: Error): void },
  onLook?: () => void,
): void {
  watchForCancel(deps, id, until, () => stop.abort(new CancelRequested('cancelled on request')), onLook);
}
