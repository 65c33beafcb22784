import { distance } from 'fastest-levenshtein';
import { UsageError } from '../errors.ts';

/** A flag of the program's own, as opposed to one of a tool. */
export interface RuntimeFlag {
  name: string;
  short?: string;
  takes: 'none' | 'value';
  /** The value's name in help. */
  value?: string;
  help: string;
  /** `target` says which server; `tool` only means something for a tool's call. */
  scope: 'all' | 'target' | 'tool';
  repeatable?: boolean;
}

export const RUNTIME_FLAGS: readonly RuntimeFlag[] = [
  { name: 'json', takes: 'none', scope: 'all', help: 'one JSON document on stdout; errors as JSON on stderr' },
  { name: 'output', short: 'o', takes: 'value', value: 'FORMAT', scope: 'all', help: 'human, json or ndjson' },
  { name: 'quiet', short: 'q', takes: 'none', scope: 'all', help: 'the answer only' },
  { name: 'verbose', short: 'v', takes: 'none', scope: 'all', help: 'details on stderr' },
  { name: 'timeout', takes: 'value', value: 'DURATION', scope: 'all', help: 'give up after 30s, 5m, 1h (exit 124); 0: never' },
  { name: 'no-color', takes: 'none', scope: 'all', help: 'no colours (also NO_COLOR)' },
  { name: 'help', short: 'h', takes: 'none', scope: 'all', help: 'this help' },
  { name: 'instance', short: 'i', takes: 'value', value: 'NAME', scope: 'target', help: 'the instance to use' },
  { name: 'url', takes: 'value', value: 'URL', scope: 'target', help: 'a server over HTTP, without adding an instance' },
  { name: 'stdio', takes: 'value', value: "'CMD ARGS'", scope: 'target', help: 'a server to start, without adding an instance' },
  { name: 'header', takes: 'value', value: "'K: V'", scope: 'target', repeatable: true, help: 'an HTTP header for --url' },
  { name: 'env', takes: 'value', value: 'K=V', scope: 'target', repeatable: true, help: 'an environment variable for --stdio' },
  { name: 'cwd', takes: 'value', value: 'DIR', scope: 'target', help: 'the working directory for --stdio' },
  { name: 'args', takes: 'value', value: 'JSON', scope: 'tool', help: 'all arguments as JSON, @file.json or - (stdin); flags win over it' },
  { name: 'background', takes: 'none', scope: 'tool', help: 'return at once with a job id' },
  { name: 'ttl', takes: 'value', value: 'DURATION', scope: 'tool', help: 'how long the server should keep the task' },
  { name: 'save', takes: 'value', value: 'DIR', scope: 'all', help: 'save images, audio and other binary results in DIR' },
];

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
  if (value === undefined) throw new UsageError(`--${flag.name} needs a value: --${flag.name} ${flag.value ?? 'VALUE'}`);
  const before = flags.get(flag.name);
  if (flag.repeatable) flags.set(flag.name, [...(Array.isArray(before) ? before : []), value]);
  else if (before !== undefined && before !== value) throw new UsageError(`--${flag.name} is given twice`);
  else flags.set(flag.name, value);
}

function unknownFlag(typed: string): UsageError {
  const near = nearest(
    typed.replace(/^-+/, ''),
    RUNTIME_FLAGS.map((flag) => flag.name),
  );
  return new UsageError(`unknown flag: ${typed}`, {
    hint: near
      ? `did you mean --${near}? (a tool's own flags stand after its name)`
      : "a tool's own flags stand after its name; see --help",
  });
}

/** The closest of the known words, or undefined when none is close. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const d = distance(word.toLowerCase(), candidate.toLowerCase());
    if (d < bestDistance) {
      best = candidate;
      bestDistance = d;
    }
  }
  return best;
}

/** Lines of help for flags of these scopes. */
export function runtimeHelp(scopes: readonly RuntimeFlag['scope'][]): string {
  const rows = RUNTIME_FLAGS.filter((flag) => scopes.includes(flag.scope)).map((flag) => {
    const left = `${flag.short ? `-${flag.short}, ` : '    '}--${flag.name}${flag.value ? ` ${flag.value}` : ''}`;
    return [left, flag.help] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, help]) => `  ${left.padEnd(width)}  ${help}`).join('\n');
}
