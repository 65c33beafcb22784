import { UsageError } from '../../errors.ts';
import type { FlagValues } from './scan.ts';
import { textFlag } from './values.ts';

/** Whether `--each` was typed; `args` is what `--args` says. Error: UsageError for flags that mean nothing without it, or with it. */
export function isEach(flags: FlagValues, args: string | undefined): boolean {
  const source = textFlag(flags, 'each');
  if (source === undefined) {
    const stray = ['parallel', 'unordered', 'fail-fast'].find((name) => flags.has(name));
    if (stray) throw new UsageError(`--${stray} needs --each`);
    return false;
  }
  for (const name of ['interactive', 'save'])
    if (flags.has(name)) throw new UsageError(`--${name} and --each cannot be used together`);
  if (source === '-' && args === '-') throw new UsageError('--args and --each cannot both read stdin');
  return true;
}
