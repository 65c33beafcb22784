/** The flags that say which server a command is about, and where they stand: before the command, and one of them. */
import { UsageError } from '../errors.ts';
import type { FlagValues } from './global-flags/scan.ts';
import { RUNTIME_FLAGS, TARGET_FLAGS } from './global-flags/table.ts';

/** Error: UsageError for a server that is named by a word and by a flag behind it. `more`: the words behind both. */
export function refuseSecondServer(word: string, flags: FlagValues, more: readonly string[]): void {
  const second = TARGET_FLAGS.find((name) => flags.has(name));
  if (second === undefined) return;
  const value = flags.get(second);
  throw new UsageError(`two servers are named: ${word}, and one by --${second}`, {
    hint: `name one: mcp2cli ${[word, ...more].join(' ')}; mcp2cli ${[`--${second}`, value, ...more].join(' ')}`,
  });
}

/** A hint where a flag that says which server stands behind its command: the line as it would work. Undefined without such a flag. */
export function behindFirst(words: readonly string[]): string | undefined {
  const flags = RUNTIME_FLAGS.filter(({ scope }) => scope === 'target');
  const end = words.indexOf('--');
  const at = words
    .slice(0, end < 0 ? undefined : end)
    .findIndex((word) =>
      flags.some(
        ({ name, short }) =>
          word === `--${name}` || word.startsWith(`--${name}=`) || (short && word === `-${short}`),
      ),
    );
  if (at < 0) return undefined;
  const behind = at + (words[at]?.includes('=') ? 1 : 2);
  const line = [...words.slice(at, behind), ...words.slice(0, at), ...words.slice(behind)];
  return `which server is said before the command: mcp2cli ${line.join(' ')}`;
}
