import { UsageError } from '../../errors.ts';
import { piecesOf, typedFlag } from '../../lib/text/command-line.ts';
import { nearestNames } from '../../lib/text/nearest-names.ts';
import { RUNTIME_FLAGS, type RuntimeFlag, VERSION_FLAG } from './table.ts';

/** Values of runtime flags by name: `true` for one without a value, a list for a repeatable one. */
export type FlagValues = Map<string, string | true | string[]>;

export interface Scanned {
  flags: FlagValues;
  /** Index of the first word that is no flag. */
  next: number;
}

/**
 * Reads the runtime flags that stand before the next word. Errors: UsageError for an unknown flag (with the nearest), a missing value, or one given
 * twice.
 */
export function scanFlags(argv: readonly string[], flags: FlagValues = new Map()): Scanned {
  for (const piece of piecesOf(argv, runtimeFlag)) {
    if (piece.kind === 'unknown') throw unknownFlag(piece.typed);
    if (piece.kind !== 'flag') return { flags, next: piece.at };
    setFlag(flags, piece.flag, piece.value);
  }
  return { flags, next: argv.length };
}

function runtimeFlag(typed: string): RuntimeFlag | undefined {
  return typed === '--version' ? VERSION_FLAG : typedFlag(RUNTIME_FLAGS, typed);
}

/** Error: UsageError for a missing value, a second one, or one that the flag does not take. */
export function setFlag(flags: FlagValues, flag: RuntimeFlag, value: string | undefined): void {
  const { name } = flag;
  const before = flags.get(name);
  if (flag.takes === 'none') {
    if (value !== undefined) throw new UsageError(`--${name} takes no value`);
    flags.set(name, true);
  } else if (value === undefined)
    throw new UsageError(`--${name} needs a value: --${name} ${flag.value ?? 'VALUE'}`);
  else if (flag.repeatable) flags.set(name, [...(Array.isArray(before) ? before : []), value]);
  else if (before !== undefined && before !== value) throw new UsageError(`--${name} is given twice`);
  else flags.set(name, value);
}

function unknownFlag(typed: string): UsageError {
  const known = [...RUNTIME_FLAGS.map((flag) => flag.name), 'version'];
  // Other programs tell their version so.
  const [near] = typed === '-V' ? ['version'] : nearestNames(typed.replace(/^-+/, ''), known);
  return new UsageError(`unknown flag: ${typed}`, {
    hint: near
      ? `did you mean --${near}? (a tool's own flags stand after its name)`
      : "a tool's own flags stand after its name; see --help",
  });
}
