import { piecesOf, type Takes } from '../../lib/text/command-line.ts';
import type { RuntimeFlag } from '../global-flags/table.ts';
import type { OptionSpec } from '../program.ts';
import { behind, type Candidate, type Completion, NOTHING, type Source } from './candidate.ts';

/** A flag as completion knows it, whoever reads it in the end. */
export interface Option extends Takes {
  /** Of two options with the same id one is enough: `--force` and `--no-force`. */
  id: string;
  /** As it is proposed: `--output`. Empty for one that is only recognised. */
  name: string;
  /** Everything that it is recognised by: `--output`, `-o`. */
  names: readonly string[];
  repeatable: boolean;
  about: string;
  values?: Source | undefined;
}

/** What stands before the word that is being typed. */
export interface Walked {
  /** Values of the options in the line, by id. */
  given: Map<string, string[]>;
  /** Words that are no options, with where they stand. */
  words: string[];
  /** The word that is typed is this option's value. */
  wants?: Option;
  /** The word that is typed may be this option's value. */
  mayWant?: Option;
  /** Behind `--` nothing is an option. */
  ended: boolean;
  /** Where it stopped. */
  next: number;
}

/** Reads words as the options would be read. `stopAtWord`: up to the first word that is no option. */
export function walk(line: readonly string[], options: readonly Option[], stopAtWord: boolean): Walked {
  const byName = new Map(options.flatMap((option) => option.names.map((name) => [name, option] as const)));
  const walked: Walked = { given: new Map(), words: [], ended: false, next: line.length };
  for (const piece of piecesOf(line, (typed) => byName.get(typed))) {
    if (piece.kind === 'unknown') continue;
    if (piece.kind === 'flag') {
      give(piece.flag, piece.value, piece.at === line.length - 1);
      continue;
    }
    walked.ended = piece.kind === 'end';
    if (stopAtWord) return { ...walked, next: piece.at + (walked.ended ? 1 : 0) };
    walked.words.push(...(piece.kind === 'end' ? piece.rest : [piece.word]));
  }
  return walked;

  function give(option: Option, value: string | undefined, isLast: boolean): void {
    const { id, takes } = option;
    if (value === undefined && takes === 'value') {
      walked.wants = option;
      return;
    }
    if (value === undefined && takes === 'maybe' && isLast) walked.mayWant = option;
    walked.given.set(id, [...(walked.given.get(id) ?? []), value ?? 'true']);
  }
}

/** What fits where an option's value is wanted or an option is being typed; undefined where a word is. */
export async function completeOption(
  current: string,
  walked: Walked,
  options: readonly Option[],
): Promise<Completion | undefined> {
  if (walked.wants) return (await walked.wants.values?.(current)) ?? NOTHING;
  if (walked.ended || !current.startsWith('-')) return undefined;
  const equals = current.indexOf('=');
  if (!current.startsWith('--') || equals < 0) return { candidates: notGiven(options, walked) };
  const typed = current.slice(0, equals);
  const option = options.find(({ names, takes }) => takes !== 'none' && names.includes(typed));
  const values = await option?.values?.(current.slice(equals + 1));
  return values ? behind(`${typed}=`, values) : NOTHING;
}

/** The options that may still be given. */
export function notGiven(options: readonly Option[], { given }: Walked): Candidate[] {
  return options
    .filter(({ id, name, repeatable }) => name !== '' && (repeatable || !given.has(id)))
    .map(({ name, about }) => ({ value: name, about }));
}

/** Where the values of the program's own flags come from, by the flag's name. */
export type ValuesOf = (name: string) => Source | undefined;

export function runtimeOption(flag: RuntimeFlag, valuesOf: ValuesOf): Option {
  const { name, short, takes, help, repeatable = false } = flag;
  const names = [`--${name}`, ...(short ? [`-${short}`] : [])];
  const values = takes === 'value' ? valuesOf(name) : undefined;
  return { id: name, name: `--${name}`, names, takes, repeatable, about: help, values };
}

/** An option in commander's notation: `-f, --follow`, `--tail <N>`. */
export function specOption({ flags, help, repeatable = false }: OptionSpec, valuesOf: ValuesOf): Option {
  const names = [...flags.matchAll(/--?[A-Za-z][\w-]*/g)].map(([name]) => name);
  const name = names.find((one) => one.startsWith('--')) ?? names[0] ?? '';
  const takes = flags.includes('<') ? 'value' : 'none';
  const id = name.replace(/^-+/, '');
  return {
    id,
    name,
    names,
    takes,
    repeatable,
    about: help,
    values: takes === 'value' ? valuesOf(id) : undefined,
  };
}
