import { UsageError } from '../../errors.ts';

const UNITS: Record<string, number> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const LIMITS = 'for example 30s, 5m, 1h30m, or seconds as a bare number; 0 means no limit';

/**
 * A duration as typed (`30s`, `5m`, `1h30m`, `500ms`, `30d`, `2w`; a bare number is seconds) in milliseconds; `0` is undefined: no limit.
 * Error: UsageError that names the flag and how to type one.
 */
export function parseDuration(text: string, flag: string, examples = LIMITS): number | undefined {
  const bare = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : undefined;
  const ms = bare ?? compound(text);
  if (ms === undefined || !Number.isFinite(ms) || ms > 2 ** 31 * 1000)
    throw new UsageError(`${flag}: not a duration: ${JSON.stringify(text)}`, { hint: examples });
  return ms === 0 ? undefined : ms;
}

function compound(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d|w))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, amount, , unit] of text.matchAll(/(\d+(\.\d+)?)(ms|s|m|h|d|w)/g))
    sum += Number(amount) * (UNITS[unit ?? ''] ?? 0);
  return sum;
}
