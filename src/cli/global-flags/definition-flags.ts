import { ATTEMPTS, MULTIPLIER } from '../../config/settings/retry-limits.ts';
import type { UsageError } from '../../errors.ts';
import { errorsOf } from '../arguments/problems.ts';
import { numberFlag } from './number.ts';
import { retryFlags } from './retry.ts';
import type { FlagValues } from './scan.ts';
import { durationFlag } from './values.ts';

/** What is wrong with the flags that a definition stands for, as a call would say it. */
export function defaultsErrors(flags: FlagValues): UsageError[] {
  const alone = errorsOf(
    () => numberFlag(flags, 'retries', ATTEMPTS),
    () => durationFlag(flags, 'retry-backoff'),
    () => numberFlag(flags, 'retry-multiplier', MULTIPLIER),
    () => durationFlag(flags, 'retry-max-backoff'),
    () => durationFlag(flags, 'timeout'),
  );
  return alone.length > 0 ? alone : errorsOf(() => retryFlags(flags));
}
