import type { ToolFlag } from './flag.ts';

/** What is said of words that belong to no flag; `hide`: they may be a secret. */
export function unexpectedMessage(
  unexpected: readonly string[],
  flags: readonly ToolFlag[],
  hide: boolean,
): string {
  const shown = unexpected
    .slice(0, 3)
    .map((word) => JSON.stringify(word.length > 40 ? `${word.slice(0, 37)}...` : word));
  // Behind a secret without quotes, a stray word is most likely the rest of it.
  const words = hide
    ? 'unexpected word'
    : `unexpected ${shown.join(', ')}${unexpected.length > 3 ? ', ...' : ''}`;
  const first =
    flags.find((flag) => flag.mustBeGiven && flag.kind !== 'boolean') ??
    flags.find((f) => f.kind !== 'boolean');
  if (!first) return `${words}: this tool takes no arguments`;
  const value =
    hide || first.secret || /[\s'"\\$`]/.test(unexpected[0] ?? '') || !unexpected[0] ? '...' : unexpected[0];
  return `${words}: arguments are flags, for example --${first.name} ${value}`;
}
