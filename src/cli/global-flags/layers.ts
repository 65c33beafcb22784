import type { FlagValues } from './scan.ts';

/** What contradicts each other: who says one says nothing of the other. */
const OPPOSITES = new Map([
  ['output-check', 'no-output-check'],
  ['no-output-check', 'output-check'],
  ['input-check', 'no-input-check'],
  ['no-input-check', 'input-check'],
]);

/** What means nothing without a second attempt. */
const PAUSES = ['retry-backoff', 'retry-multiplier', 'retry-max-backoff'];

/** Both layers of flags; where they differ the stronger one counts. */
export function layered(strong: FlagValues, weak: FlagValues): FlagValues {
  const flags: FlagValues = new Map(strong);
  for (const [name, value] of weak)
    if (!strong.has(name) && !strong.has(OPPOSITES.get(name) ?? '')) flags.set(name, value);
  return flags;
}

/**
 * Typed flags with what is configured under them. A pause that means nothing for want of retries is a mistake only where it is typed;
 * one that is configured goes.
 */
export function withDefaults(typed: FlagValues, defaults: FlagValues): FlagValues {
  const flags = layered(typed, defaults);
  if (Number(flags.get('retries') ?? 1) === 1)
    for (const pause of PAUSES) if (!typed.has(pause)) flags.delete(pause);
  return flags;
}
