/** Whether a flag takes a value: the rest of its own word, else the next word. `maybe` says of the next word whether it is the value. */
export interface Takes {
  takes: 'none' | 'value' | 'maybe';
  maybe?(next: string): boolean;
}

/** A piece of a command line, and where it begins. */
export type Piece<F> =
  /** A word that belongs to no flag. `-` alone is one. */
  | { kind: 'word'; word: string; at: number }
  /** `--`, and what stands behind it. */
  | { kind: 'end'; rest: string[]; at: number }
  /** `typed` is its name as it stands there, with dashes. `inline`: the value stands in the same word. */
  | { kind: 'flag'; flag: F; typed: string; value: string | undefined; inline: boolean; at: number }
  /** A flag that nobody knows. Of `-xyz` the rest of the word is not read. */
  | { kind: 'unknown'; typed: string; word: string; at: number };

/** The flag that is typed so: `--name`, or `-n`. */
export function typedFlag<F extends { name: string; short?: string | undefined }>(
  flags: readonly F[],
  typed: string,
): F | undefined {
  return flags.find(({ name, short }) => typed === `--${name}` || typed === `-${short}`);
}

/**
 * Reads a command line: `--name`, `--name value`, `--name=value`, `-x`, `-xy`, `-x value`, `-xvalue`, `-x=value`, and words. `find` knows the flags by
 * what is typed, with dashes, and the word that it stands in. A flag that takes a value takes the next word, whatever that looks like.
 */
export function* piecesOf<F extends Takes>(
  line: readonly string[],
  find: (typed: string, word: string) => F | undefined,
): Generator<Piece<F>> {
  let next = 0;
  while (next < line.length) {
    const at = next;
    const word = line[next++] ?? '';
    if (word === '--') {
      yield { kind: 'end', rest: line.slice(next), at };
      return;
    }
    if (!word.startsWith('-') || word === '-') yield { kind: 'word', word, at };
    else
      for (const { typed, value } of flagsIn(word, find)) {
        const flag = find(typed, word);
        if (!flag) yield { kind: 'unknown', typed, word, at };
        else if (value !== undefined) yield { kind: 'flag', flag, typed, value, inline: true, at };
        else {
          const isTaken = takes(flag, line[next]);
          yield { kind: 'flag', flag, typed, value: isTaken ? line[next++] : undefined, inline: false, at };
        }
      }
  }
}

function takes({ takes: what, maybe }: Takes, next: string | undefined): boolean {
  return next !== undefined && (what === 'value' || (what === 'maybe' && (maybe?.(next) ?? false)));
}

/** The flags of one word, with the value that stands in it. */
function* flagsIn<F extends Takes>(
  word: string,
  find: (typed: string, word: string) => F | undefined,
): Generator<{ typed: string; value?: string }> {
  if (word.startsWith('--')) {
    const equals = word.indexOf('=');
    yield equals < 0 ? { typed: word } : { typed: word.slice(0, equals), value: word.slice(equals + 1) };
    return;
  }
  for (let i = 1; i < word.length; i++) {
    const typed = `-${word[i]}`;
    const rest = word.slice(i + 1);
    const takes = find(typed, word)?.takes;
    yield takes === 'value' && rest !== '' ? { typed, value: rest.replace(/^=/, '') } : { typed };
    if (takes !== 'none') return;
  }
}
