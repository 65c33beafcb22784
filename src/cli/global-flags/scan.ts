import { UsageError } from '../../errors.ts';
import { nearestNames } from '../../lib/text/nearest-names.ts';
import { RUNTIME_FLAGS, type RuntimeFlag } from './table.ts';

/** Values of runtime flags by name: `true` for one without a value, a list for a repeatable one. */
export type FlagValues = Map<string, string | true | string[]>;

export interface Scanned {
  flags: FlagValues;
  /** Index of the first word that is no flag. */
  next: number;
}

/**
 * Reads the runtime flags that stand before the next word. `--name value`, `--name=value`, `-x`, `-xy`, `-x value`. Errors: UsageError for an
 * unknown flag (with the nearest), a missing value, or one given twice.
 */
export function scanFlags(argv: readonly string[], from: number, flags: FlagValues = new Map()): Scanned {
  let at = from;
  while (at < argv.length) {
    const word = argv[at] ?? '';
    if (word === '--' || !word.startsWith('-') || word === '-') break;
    at = word.startsWith('--') ? long(argv, at, flags) : short(argv, at, flags);
  }
  return { flags, next: at };
}

function long(argv: readonly string[], at: number, flags: FlagValues): number {
  const word = argv[at] ?? '';
  const equals = word.indexOf('=');
  const name = word.slice(2, equals < 0 ? undefined : equals);
  if (name === 'version' && equals < 0) {
    flags.set('version', true);
    return at + 1;
  }
  const flag = RUNTIME_FLAGS.find((known) => known.name === name);
  if (!flag) throw unknownFlag(`--${name}`);
  if (flag.takes === 'none') {
    if (equals >= 0) throw new UsageError(`--${name} takes no value`);
    flags.set(name, true);
    return at + 1;
  }
  const value = equals >= 0 ? word.slice(equals + 1) : argv[at + 1];
  setFlag(flags, flag, value);
  return equals >= 0 ? at + 1 : at + 2;
}

function short(argv: readonly string[], at: number, flags: FlagValues): number {
  const letters = (argv[at] ?? '').slice(1);
  for (let i = 0; i < letters.length; i++) {
    const letter = letters[i];
    const flag = RUNTIME_FLAGS.find((known) => known.short === letter);
    if (!flag) throw unknownFlag(`-${letter}`);
    if (flag.takes === 'none') {
      flags.set(flag.name, true);
      continue;
    }
    const rest = letters.slice(i + 1);
    setFlag(flags, flag, rest !== '' ? rest : argv[at + 1]);
    return rest !== '' ? at + 1 : at + 2;
  }
  return at + 1;
}

/** Error: UsageError for a missing value or a second one. */
export function setFlag(flags: FlagValues, flag: RuntimeFlag, value: string | undefined): void {
  if (value === undefined)
    throw new UsageError(`--${flag.name} needs a value: --${flag.name} ${flag.value ?? 'VALUE'}`);
  const before = flags.get(flag.name);
  if (flag.repeatable) flags.set(flag.name, [...(Array.isArray(before) ? before : []), value]);
  else if (before !== undefined && before !== value) throw new UsageError(`--${flag.name} is given twice`);
  else flags.set(flag.name, value);
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
