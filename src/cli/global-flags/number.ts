import { isWithin, type Range, rangeText } from '../../config/settings/retry-limits.ts';
import { UsageError } from '../../errors.ts';
import type { FlagValues } from './scan.ts';
import { textFlag } from './values.ts';

/** A number within a range, or undefined for none. Error: UsageError. */
export function numberFlag(flags: FlagValues, name: string, range: Range): number | undefined {
  const text = textFlag(flags, name);
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!isWithin(value, range))
    throw new UsageError(`--${name}: not ${rangeText(range)}: ${JSON.stringify(text)}`);
  return value;
}
