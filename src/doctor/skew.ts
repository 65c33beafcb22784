import { type Check, checked } from './finding.ts';

/** Seconds that another clock may differ before somebody should know. */
const MAX_SKEW_S = 60;

/** What a server's `Date` header says about this machine's clock; undefined for one that is no date. */
export function clockSkew(date: string, now: Date): Check | undefined {
  const ms = Date.parse(date) - now.getTime();
  return Number.isNaN(ms) ? undefined : skewCheck(ms, 'server');
}

/** `ms`: how far another clock is ahead of this machine's; `whose` it is. */
export function skewCheck(ms: number, whose: string): Check {
  const seconds = Math.round(Math.abs(ms) / 1000);
  if (seconds <= MAX_SKEW_S) return checked('clock', 'ok', `as the ${whose}'s`);
  return checked('clock', 'warning', `${seconds} s ${ms > 0 ? 'behind' : 'ahead of'} the ${whose}'s`, {
    hint: "times of jobs and of the server's tasks do not fit together; set the clock of one of the machines",
  });
}
