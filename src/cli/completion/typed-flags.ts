import type { RuntimeFlag } from '../global-flags/table.ts';
import type { OptionSpec } from '../program.ts';
import { behind, type Candidate, type Completion, NOTHING, type Source } from './candidate.ts';

/** A flag as completion knows it, whoever reads it in the end. */
export interface Option {
  /** Of two options with the same id one is enough: `--force` and `--no-force`. */
  id: string;
  /** As it is proposed: `--output`. Empty for one that is only recognised. */
  name: string;
  /** Everything that it is recognised by: `--output`, `-o`. */
  names: readonly string[];
  /** `maybe`: the next word is its value only if it is one of `true`, `false`, `null`. */
  takes: 'none' | 'value' | 'maybe';
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
  const walked: Walked = { given: new Map(), words: [], ended: false, next: 0 };
  const give = ({ id }: Option, value: string) =>
    walked.given.set(id, [...(walked.given.get(id) ?? []), value]);
  while (walked.next < line.length) {
    const word = line[walked.next] ?? '';
    if (!word.startsWith('-') || word === '-') {
      if (stopAtWord) return walked;
      walked.words.push(word);
      walked.next++;
      continue;
    }
    walked.next++;
    if (word === '--') {
      walked.ended = true;
      if (stopAtWord) return walked;
      walked.words.push(...line.slice(walked.next));
      walked.next = line.length;
      return walked;
    }
    const equals = word.startsWith('--') ? word.indexOf('=') : -1;
    const option = byName.get(equals < 0 ? word : word.slice(0, equals)) ?? shortOf(word, byName);
    if (!option) continue;
    if (equals >= 0 || isFilled(word, option)) give(option, equals < 0 ? '' : word.slice(equals + 1));
    else if (option.takes === 'none') give(option, 'true');
    else takeNext(option);
  }
  return walked;

  function takeNext(option: Option): void {
    const next = line[walked.next];
    if (next === undefined) {
      if (option.takes === 'value') walked.wants = option;
      else walked.mayWant = option;
    }
    if (option.takes === 'maybe' && (next === undefined || !/^(true|false|null)$/.test(next))) {
      give(option, 'true');
      return;
    }
    if (next === undefined) return;
    give(option, next);
    walked.next++;
  }
}

/** The option that counts in `-qo`: the first that takes a value, else the last. */
function shortOf(word: string, byName: ReadonlyMap<string, Option>): Option | undefined {
  if (word.startsWith('--')) return undefined;
  const known = [...word.slice(1)].map((letter) => byName.get(`-${letter}`));
  return known.find((one) => one?.takes === 'value') ?? known.at(-1);
}

/** `-ojson`: the value stands in the word. */
function isFilled(word: string, { names, takes }: Option): boolean {
  if (word.startsWith('--') || takes !== 'value') return false;
  return !names.some((name) => name.length === 2 && word.endsWith(name.slice(1)));
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
