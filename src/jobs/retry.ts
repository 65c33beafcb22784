/** How often a call that failed is tried again, and when. Pure. All times in milliseconds. */

export interface RetryPolicy {
  /** In total; 1: a call is not tried again. */
  attempts: number;
  backoffMs: number;
  multiplier: number;
  maxBackoffMs: number;
}

/** A tool is never run twice unasked; who asks gets the backoff that job servers document (1 s, doubling, up to a minute). */
export const NO_RETRY: RetryPolicy = { attempts: 1, backoffMs: 1_000, multiplier: 2, maxBackoffMs: 60_000 };

/** A call that may be tried again is made in this process, and not as a task: a server runs a task once. */
export function mayRetry(policy: RetryPolicy | undefined): boolean {
  return policy !== undefined && policy.attempts > 1;
}

/** The pause after attempt n (1-based) has failed: min(backoff x multiplier^(n-1), maximum). */
export function retryDelay(policy: RetryPolicy, attempt: number): number {
  return Math.min(policy.backoffMs * policy.multiplier ** (attempt - 1), policy.maxBackoffMs);
}
