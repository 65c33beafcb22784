import { TimeoutError } from '../errors.ts';
import type { Clock } from './clock.ts';

/** Node before 20.4 has no such symbol; what the build makes of `using` looks for this one there. */
const DISPOSE: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose');

/** Ends work early: by the caller's signal or by a time limit. Declare it with `using`, or dispose of it. */
export interface Stop extends Disposable {
  readonly signal: AbortSignal;
  /** Ends the work for a reason of its own. */
  abort(reason: Error): void;
  dispose(): void;
}

/** One for all: an error of its own for each costs its stack. */
const DISPOSED = new Error('disposed');

/**
 * A signal that follows `parent` and, after `timeoutMs` milliseconds (none: never), aborts with a TimeoutError of `timeoutMessage`.
 * Dispose of it, or its timer keeps the process alive.
 */
export function stopAfter(
  clock: Clock & { sleep(ms: number, signal?: AbortSignal): Promise<void> },
  parent: AbortSignal | undefined,
  timeoutMs: number | undefined,
  timeoutMessage: string,
): Stop {
  let controller: AbortController | undefined;
  let timer: AbortController | undefined;
  const follow = () => controller?.abort(parent?.reason);
  // Made when it is first asked for: most checks of arguments end without, and `--each` has thousands.
  const made = () => {
    if (controller) return controller;
    controller = new AbortController();
    if (parent?.aborted) follow();
    parent?.addEventListener('abort', follow, { once: true });
    return controller;
  };
  if (timeoutMs !== undefined) {
    timer = new AbortController();
    clock.sleep(timeoutMs, timer.signal).then(
      () => made().abort(new TimeoutError(timeoutMessage)),
      () => {},
    );
  }
  const dispose = () => {
    parent?.removeEventListener('abort', follow);
    timer?.abort(DISPOSED);
  };
  return {
    get signal() {
      return made().signal;
    },
    abort: (reason) => made().abort(reason),
    dispose,
    [DISPOSE]: dispose,
  };
}

const nothing = () => {};

/** The same stop for somebody who disposes of what they get, which leaves this one as it is. */
export function lent(stop: Stop): Stop {
  return {
    get signal() {
      return stop.signal;
    },
    abort: stop.abort,
    dispose: nothing,
    [DISPOSE]: nothing,
  };
}

/** Resolves when the signal is aborted. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** What `work` resolves to. The signal ends the wait alone: the work goes on, and others may wait for it. Errors: the work's, the signal's reason. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  // Whoever has given up hears no more of it.
  work.catch(() => {});
  signal.throwIfAborted();
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
