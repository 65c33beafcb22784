import { parseDuration } from '../config/duration.ts';
import { textFlag } from './flag-values.ts';
import { retryFlags } from './retry-flags.ts';
import type { FlagValues } from './runtime-flags.ts';

/** Judges the flags that a definition stands for as they are judged for a call. Error: UsageError. */
export function checkDefaults(flags: FlagValues): void {
  retryFlags(flags);
  const timeout = textFlag(flags, 'timeout');
  if (timeout !== undefined) parseDuration(timeout, '--timeout');
}
