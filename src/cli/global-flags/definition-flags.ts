import { parseDuration } from '../../lib/text/duration.ts';
import { retryFlags } from './retry.ts';
import type { FlagValues } from './scan.ts';
import { textFlag } from './values.ts';

/** Judges the flags that a definition stands for as they are judged for a call. Error: UsageError. */
export function checkDefaults(flags: FlagValues): void {
  retryFlags(flags);
  const timeout = textFlag(flags, 'timeout');
  if (timeout !== undefined) parseDuration(timeout, '--timeout');
}
