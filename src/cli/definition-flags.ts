import { parseDuration } from '../config/duration.ts';
import type { Definition } from '../definitions/definition.ts';
import { textFlag } from './flag-values.ts';
import { retryFlags } from './retry-flags.ts';
import type { FlagValues } from './runtime-flags.ts';

const SETTINGS = {
  retries: 'retries',
  'retry-backoff': 'retryBackoff',
  'retry-multiplier': 'retryMultiplier',
  'retry-max-backoff': 'retryMaxBackoff',
  timeout: 'timeout',
} as const;

/** What a definition says about its runs, as the flags that would say it; a flag that is typed wins over these. */
export function definitionDefaults(definition: Definition): FlagValues {
  const flags: FlagValues = new Map();
  for (const [flag, field] of Object.entries(SETTINGS)) {
    const value = definition[field];
    if (value !== undefined) flags.set(flag, String(value));
  }
  if (definition.outputCheck === false) flags.set('no-output-check', true);
  return flags;
}

/** Judges these flags as they are judged for a call. Error: UsageError. */
export function checkDefaults(flags: FlagValues): void {
  retryFlags(flags);
  const timeout = textFlag(flags, 'timeout');
  if (timeout !== undefined) parseDuration(timeout, '--timeout');
}
