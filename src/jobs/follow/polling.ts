/** When to ask again. Pure: no clock, no I/O. All times in milliseconds. */

const DEFAULT_HINT = 2_000;
const MIN_POLL = 500;
const MAX_POLL = 5 * 60_000;

/** The longest pause that a server gets by asking for it with `Retry-After`. */
const MAX_ASKED_PAUSE = 60 * 60_000;

/** Unbroken failure of this length ends a wait with exit code 3; pauses that the server asked for are none. */
export const FAILURE_BUDGET_MS = 120_000;

/** The pauses between attempts to follow a task that only one process can follow. */
const FIRST_PATIENCE = 2_000;
const MAX_PATIENCE = 5 * 60_000;

/** How long a server may say that it waits for input without saying for which, where no person is there to wait along. */
export const QUESTION_WAIT_MS = 10_000;

/** The pause before the next poll: the server's hint, bounded; a hint that is no finite number counts as 2 s. */
export function pollDelay(hint: unknown): number {
  const ms = typeof hint === 'number' && Number.isFinite(hint) ? hint : DEFAULT_HINT;
  return Math.min(MAX_POLL, Math.max(MIN_POLL, ms));
}

/** Questions that fail one after the other, up to the first answer. */
export class Failures {
  #count = 0;
  #since = 0;
  #askedMs = 0;

  /** How many there were since the last answer. */
  get count(): number {
    return this.#count;
  }

  /** How much of the time since the first was, or will be, a pause that the server asked for. */
  get askedMs(): number {
    return this.#askedMs;
  }

  /** There was an answer. */
  over(): void {
    this.#count = 0;
    this.#askedMs = 0;
  }

  /**
   * One more, at this time of a monotonic clock. Returns the pause before the next try, or undefined when failure alone, without the pauses that the
   * server asked for, would last longer than the budget. `random` is in [0, 1).
   */
  pause(now: number, retryAfterMs: number | undefined, random: number, budgetMs: number): number | undefined {
    if (this.#count === 0) this.#since = now;
    this.#count += 1;
    const asked = Math.min(retryAfterMs ?? 0, MAX_ASKED_PAUSE);
    const pause = backoffDelay(this.#count, asked, random);
    const failing = now - this.#since - this.#askedMs;
    if (failing + pause - asked > budgetMs) return undefined;
    this.#askedMs += asked;
    return pause;
  }
}

/**
 * The pause after the n-th failure in a row (1-based): 0.5 s doubling to 15 s with up to a fifth of jitter, and never less than what
 * the server asked for with `Retry-After`. `random` is in [0, 1).
 */
export function backoffDelay(failures: number, retryAfterMs: number | undefined, random: number): number {
  const base = Math.min(15_000, 500 * 2 ** Math.min(failures - 1, 10));
  return Math.max(retryAfterMs ?? 0, base * (1 - 0.2 * random));
}

/** The pause before a task that only this process can follow, and could not so often, is asked about again: doubling. */
export function patienceDelay(failures: number): number {
  return Math.min(FIRST_PATIENCE * 2 ** failures, MAX_PATIENCE);
}
