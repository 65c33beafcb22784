import { UsageError } from '../../errors.ts';
import { type Piece, piecesOf, type Takes, typedFlag } from '../../lib/text/command-line.ts';
import { didYouMean, nearestNames } from '../../lib/text/nearest-names.ts';
import type { ToolFlag } from './flag.ts';
import { readFlag, readUnchecked } from './read-flag.ts';
import { describeShapes } from './read-value.ts';
import { flagFinder, nearInside } from './tool-flags.ts';
import { unexpectedMessage } from './unexpected-arguments.ts';

/** A flag of the program's own that is accepted after a tool's name. */
export interface RuntimeFlagSpec {
  name: string;
  short?: string | undefined;
  takes: 'none' | 'value';
  /** Every value counts; else a second, different one is an error. */
  repeatable?: boolean;
}

export interface Assignment {
  /** Property names, and numbers for places in arrays. */
  path: readonly (string | number)[];
  value: unknown;
  /** As the person knows it: `--max-tokens`. */
  flag: string;
  /** The schema marks it as secret: never shown. */
  secret?: boolean;
}

export interface ToolLine {
  /** In the order of their first appearance. */
  assignments: Assignment[];
  /** The raw value of the runtime flag `--args`: JSON, `@file` or `-`. Not in `runtime`. */
  args?: string;
  runtime: Map<string, string | true | string[]>;
}

/** What was typed for one flag of the tool: words, or a verdict (`--x` alone, `--no-x`). */
interface Typed {
  flag: ToolFlag;
  typed: string;
  words: (string | boolean)[];
}

/** What a line says, and what is wrong with it. */
export interface ScannedLine extends ToolLine {
  /** A line of text for every problem. */
  problems: string[];
  /** Flags (`--max-tokens`) whose values could not be read, or that a misspelt one may have meant: it is no news that they are missing. */
  unread: Set<string>;
  /** Values that the schema has no place for, and what they are without it; each has a line in `problems`. */
  refused: { problem: string; assignment: Assignment }[];
}

/**
 * Reads what stands after a tool's name, as `scanToolLine` does. Error: one UsageError with a line for every problem (`details.problems` lists
 * them); none when the runtime flag `help` is there.
 */
export function parseToolLine(
  argv: readonly string[],
  flags: readonly ToolFlag[],
  runtimeFlags: readonly RuntimeFlagSpec[],
): ToolLine {
  const { problems, unread: _, refused: __, ...line } = scanToolLine(argv, flags, runtimeFlags);
  // Whoever asks for help has most likely run into the problem already.
  if (problems.length > 0 && !line.runtime.has('help'))
    throw new UsageError(problems.join('\n'), { details: { problems } });
  return line;
}

/**
 * Reads what stands after a tool's name. The tool's own flags win over runtime flags of the same name; a flag that takes a value
 * takes the next word, whatever it looks like; only `true` and `false` after a boolean flag belong to it. `--no-x` is false
 * unless a property is called `no-x`. `runtimeFlags` should contain `args`. Never throws: what can be read is read.
 */
export function scanToolLine(
  argv: readonly string[],
  flags: readonly ToolFlag[],
  runtimeFlags: readonly RuntimeFlagSpec[],
): ScannedLine {
  const line: ScannedLine = {
    assignments: [],
    runtime: new Map(),
    problems: [],
    unread: new Set(),
    refused: [],
  };
  const typed = new Map<ToolFlag, Typed>();
  const unexpected: string[] = [];
  for (const piece of piecesOf(argv, meanings(flags, runtimeFlags))) {
    if (piece.kind === 'word') unexpected.push(piece.word);
    else if (piece.kind === 'end') unexpected.push(...piece.rest);
    else if (piece.kind === 'flag') takeFlag(piece, typed, line);
    else unexpected.push(piece.word);
  }
  if (unexpected.length > 0) {
    const hide = [...typed.keys()].some((flag) => flag.secret);
    line.problems.push(unexpectedMessage(unexpected, flags, hide));
  }
  for (const entry of typed.values()) assign(entry, line);
  return line;
}

/** What a typed flag means in the line of a tool. */
type Meaning = Takes &
  (
    | { own: ToolFlag; negated: boolean }
    | { runtime: RuntimeFlagSpec }
    /** It means nothing. `meant`: the flags that it may have been. */
    | { problem: string; meant: readonly string[] }
  );

/** A function that says what a flag means, by what is typed; undefined for `-5`, which is no flag. */
function meanings(
  flags: readonly ToolFlag[],
  runtimeFlags: readonly RuntimeFlagSpec[],
): (typed: string, word: string) => Meaning | undefined {
  const find = flagFinder(flags);
  const runtimeOf = (typed: string): Meaning | undefined => {
    const runtime = typedFlag(runtimeFlags, typed);
    return runtime && { takes: runtime.takes, runtime };
  };
  return (typed, word) => (typed.startsWith('--') ? long(typed.slice(2)) : short(typed, word));

  function long(name: string): Meaning {
    const match = find(name);
    if (match && 'flag' in match) return { ...takesOf(match.flag), own: match.flag, negated: false };
    if (match) {
      const exact = match.ambiguous.map((flag) => `--${flag.exact}`);
      return nothing(`--${name} could be ${exact.join(' or ')}: type the exact name`, exact);
    }
    const positive = name.startsWith('no-') ? find(name.slice(3)) : undefined;
    if (positive && 'flag' in positive && positive.flag.shapes.some((shape) => shape.type === 'boolean'))
      return { takes: 'none', own: positive.flag, negated: true };
    const runtime = runtimeOf(`--${name}`);
    if (runtime) return runtime;
    const inside = nearInside(find, name);
    const known = [...flags, ...runtimeFlags].map((flag) => flag.name);
    const meant = (inside.length > 0 ? inside : nearestNames(name, known)).map((other) => `--${other}`);
    return nothing(`unknown flag --${name}${didYouMean(meant)}`, meant);
  }

  function short(typed: string, word: string): Meaning | undefined {
    if (!/^-[A-Za-z]/.test(word)) return undefined;
    const runtime = runtimeOf(typed);
    if (runtime) return runtime;
    const own = find(typed.slice(1));
    const hint = own && 'flag' in own ? ` (did you mean -${typed}?)` : word === typed ? '' : ` in ${word}`;
    return nothing(`unknown flag ${typed}${hint}`, []);
  }
}

/** A boolean flag is true by itself. */
function takesOf({ kind, nullable }: ToolFlag): Takes {
  if (kind !== 'boolean') return { takes: 'value' };
  return {
    takes: 'maybe',
    maybe: (next) => next === 'true' || next === 'false' || (next === 'null' && nullable),
  };
}

/** What follows a flag that means nothing is most likely its value: one problem, not two. */
function nothing(problem: string, meant: readonly string[]): Meaning {
  return { takes: 'maybe', maybe: (next) => !next.startsWith('-'), problem, meant };
}

type TypedFlag = Extract<Piece<Meaning>, { kind: 'flag' }>;

function takeFlag(piece: TypedFlag, typed: Map<ToolFlag, Typed>, line: ScannedLine): void {
  const { flag: meaning, typed: shown, value, inline } = piece;
  if ('runtime' in meaning) takeRuntimeFlag(meaning.runtime, piece, line);
  else if ('problem' in meaning) {
    line.problems.push(meaning.problem);
    for (const flag of meaning.meant) line.unread.add(flag);
  } else {
    const { own, negated } = meaning;
    const name = `--${own.name}`;
    if (negated && inline)
      line.problems.push(
        `${shown} takes no value${didYouMean([`${name}=${value === 'true' ? 'false' : 'true'}`])}`,
      );
    else if (value === undefined && own.kind !== 'boolean') {
      line.problems.push(`${shown} needs a value: ${describeShapes(own.items ?? own.shapes)}`);
      line.unread.add(name);
    } else {
      const entry = typed.get(own) ?? { flag: own, typed: shown, words: [] };
      entry.words.push(negated ? false : (value ?? true));
      typed.set(own, entry);
    }
  }
}

function takeRuntimeFlag(
  { name, takes, repeatable }: RuntimeFlagSpec,
  { typed, value, inline }: TypedFlag,
  line: ScannedLine,
): void {
  const before = name === 'args' ? line.args : line.runtime.get(name);
  if (takes === 'none') {
    if (inline) line.problems.push(`${typed} takes no value`);
    else line.runtime.set(name, true);
  } else if (value === undefined) line.problems.push(`${typed} needs a value`);
  else if (repeatable) line.runtime.set(name, [...(Array.isArray(before) ? before : []), value]);
  else if (before !== undefined && (name === 'args' || before !== value))
    line.problems.push(`${typed} is given twice`);
  else if (name === 'args') line.args = value;
  else line.runtime.set(name, value);
}

/** Turns what was typed for a flag into its value. */
function assign({ flag, typed, words }: Typed, line: ScannedLine): void {
  const shown = `--${flag.name}`;
  const result =
    words.length > 1 && flag.kind !== 'array'
      ? { twice: `is given ${words.length === 2 ? 'twice' : `${words.length} times`}; it takes one value` }
      : readFlag(flag, words);
  const assignment = (read: { value: unknown }): Assignment => ({
    ...read,
    path: flag.path,
    flag: shown,
    ...(flag.secret ? { secret: true } : {}),
  });
  if ('value' in result) {
    line.assignments.push(assignment(result));
    return;
  }
  const problem = 'twice' in result ? `${shown} ${result.twice}` : `${typed}: ${result.problem}`;
  line.problems.push(problem);
  line.unread.add(shown);
  if ('problem' in result) line.refused.push({ problem, assignment: assignment(readUnchecked(flag, words)) });
}

/** The line with the values that the schema has no place for, for who wants to send them all the same. */
export function uncheckedLine(line: ScannedLine): ScannedLine {
  const forgiven = new Set(line.refused.map(({ problem }) => problem));
  return {
    ...line,
    problems: line.problems.filter((problem) => !forgiven.has(problem)),
    assignments: [...line.assignments, ...line.refused.map(({ assignment }) => assignment)],
    refused: [],
  };
}
