import { ATTEMPTS, MULTIPLIER } from '../../config/settings/retry-limits.ts';
import { UsageError } from '../../errors.ts';
import { NO_RETRY, type RetryPolicy } from '../../jobs/retry.ts';
import type { LocalRunOptions } from '../../keeper/run-options.ts';
import { parseDuration } from '../../lib/text/duration.ts';
import type { ToolDefinition } from '../../tools/tool.ts';
import { numberFlag } from './number.ts';
import type { FlagValues } from './scan.ts';
import { textFlag } from './values.ts';

/** How long an attempt of a background job in this program may take unless `--timeout` says otherwise, in milliseconds. */
const DEFAULT_ATTEMPT_MS = 5 * 60_000;

/** What `--retries` and its kin say. Errors: UsageError for what is no number, duration or sensible amount. */
export function retryFlags(flags: FlagValues): RetryPolicy {
  const policy = {
    attempts: numberFlag(flags, 'retries', ATTEMPTS) ?? NO_RETRY.attempts,
    backoffMs: milliseconds(flags, 'retry-backoff') ?? NO_RETRY.backoffMs,
    multiplier: numberFlag(flags, 'retry-multiplier', MULTIPLIER) ?? NO_RETRY.multiplier,
    maxBackoffMs: milliseconds(flags, 'retry-max-backoff') ?? NO_RETRY.maxBackoffMs,
  };
  const stray = ['retry-backoff', 'retry-multiplier', 'retry-max-backoff'].find((name) => flags.has(name));
  if (stray && policy.attempts === 1)
    throw new UsageError(`--${stray} needs --retries`, {
      hint: '--retries N is the number of attempts in total',
    });
  return policy;
}

/**
 * The run options that the flags name. `background`: nobody waits at a terminal, so that each attempt has a limit, `--timeout` or a default; in the
 * foreground `--timeout` is the limit of the whole command.
 */
export function localRunOptions(
  flags: FlagValues,
  tool: ToolDefinition,
  background: boolean,
): LocalRunOptions {
  if (flags.has('output-check') && flags.has('no-output-check'))
    throw new UsageError('--output-check and --no-output-check cannot be used together');
  const typed = textFlag(flags, 'timeout');
  const limit = typed === undefined ? DEFAULT_ATTEMPT_MS : parseDuration(typed, '--timeout');
  return {
    retry: retryFlags(flags),
    attempt_timeout_ms: (background ? limit : undefined) ?? null,
    output_schema: flags.has('no-output-check') ? null : (tool.outputSchema ?? null),
  };
}

function milliseconds(flags: FlagValues, name: string): number | undefined {
  const text = textFlag(flags, name);
  return text === undefined ? undefined : (parseDuration(text, `--${name}`) ?? 0);
}
