/** When to ask again. Pure: no clock, no I/O. All times in milliseconds. */

const DEFAULT_HINT = 2_000;
const MIN_POLL = 500;
const MAX_POLL = 5 * 60_000;

/** Unbroken failure of this length ends a wait with exit code 3. */
export const FAILURE_BUDGET_MS = 120_000;

/** How long a server may say that it waits for input without saying for which, where no person is there to wait along. */
export const QUESTION_WAIT_MS = 4_000;

/** The pause before the next poll: the server's hint, bounded; a hint that is no finite number counts as 2 s. */
export function pollDelay(hint: unknown): number {
  const ms = typeof hint === 'number' && Number.isFinite(hint) ? hint : DEFAULT_HINT;
  return Math.min(MAX_POLL, Math.max(MIN_POLL, ms));
}

/**
 * The pause after the n-th failure in a row (1-based): 0.5 s doubling to 15 s with up to a fifth of jitter, and never less than what
 * the server asked for with `Retry-After`. `random` is in [0, 1).
 */
export function backoffDelay(failures: number, retryAfterMs: number | undefined, random: number): number {
  const base = Math.min(15_000, 500 * 2 ** Math.min(failures - 1, 10));
  return Math.max(retryAfterMs ?? 0, base * (1 - 0.2 * random));
}
