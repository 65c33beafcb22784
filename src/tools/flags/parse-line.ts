import { UsageError } from '../../errors.ts';
import { didYouMean, nearestNames } from '../../lib/text/nearest-names.ts';
import type { ToolFlag } from './flag.ts';
import { readFlag, readUnchecked } from './read-flag.ts';
import { describeShapes } from './read-value.ts';
import { flagFinder, nearInside } from './tool-flags.ts';
import { unexpectedMessage } from './unexpected-arguments.ts';

/** A flag of the program's own that is accepted after a tool's name. */
export interface RuntimeFlagSpec {
  name: string;
  short?: string;
  takes: 'none' | 'value';
  /** Every value counts; else a second, different one is an error. */
  repeatable?: boolean;
  /** The name to file it under, if another. */
  aliasOf?: string;
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
  const find = flagFinder(flags);
  const runtimeByName = new Map(runtimeFlags.map((flag) => [flag.name, flag]));
  const runtimeByShort = new Map(runtimeFlags.flatMap((flag) => (flag.short ? [[flag.short, flag]] : [])));
  const problems: string[] = [];
  const line: ScannedLine = {
    assignments: [],
    runtime: new Map(),
    problems,
    unread: new Set(),
    refused: [],
  };
  const typed = new Map<ToolFlag, Typed>();
  const unexpected: string[] = [];
  let at = 0;

  while (at < argv.length) {
    const word = argv[at++] ?? '';
    if (word === '--') {
      unexpected.push(...argv.slice(at));
      break;
    }
    if (word.startsWith('--')) longFlag(word);
    else if (/^-[A-Za-z]/.test(word)) shortFlags(word);
    else unexpected.push(word);
  }
  if (unexpected.length > 0)
    problems.push(
      unexpectedMessage(
        unexpected,
        flags,
        [...typed.keys()].some((flag) => flag.secret),
      ),
    );
  for (const entry of typed.values()) assign(entry, line);
  return line;

  function longFlag(word: string): void {
    const equals = word.indexOf('=');
    const name = word.slice(2, equals < 0 ? undefined : equals);
    const inline = equals < 0 ? undefined : word.slice(equals + 1);
    const match = find(name);
    if (match && 'ambiguous' in match) {
      const exact = match.ambiguous.map((flag) => `--${flag.exact}`);
      problems.push(`--${name} could be ${exact.join(' or ')}: type the exact name`);
      for (const other of exact) line.unread.add(other);
      if (inline === undefined) skipValue();
      return;
    }
    if (match) {
      toolFlag(match.flag, `--${name}`, inline);
      return;
    }
    const negated = name.startsWith('no-') ? find(name.slice(3)) : undefined;
    if (negated && 'flag' in negated && negated.flag.shapes.some((shape) => shape.type === 'boolean')) {
      const positive = `--${negated.flag.name}=${inline === 'true' ? 'false' : 'true'}`;
      if (inline === undefined) add(negated.flag, `--${name}`, false);
      else problems.push(`--${name} takes no value${didYouMean([positive])}`);
      return;
    }
    const runtime = runtimeByName.get(name);
    if (runtime) {
      runtimeFlag(runtime, `--${name}`, inline);
      return;
    }
    const inside = nearInside(find, name);
    const known = [...flags.map((flag) => flag.name), ...runtimeByName.keys()];
    const near = inside.length > 0 ? inside : nearestNames(name, known);
    const meant = near.map((other) => `--${other}`);
    problems.push(`unknown flag --${name}${didYouMean(meant)}`);
    for (const other of meant) line.unread.add(other);
    if (inline === undefined) skipValue();
  }

  /** What follows a flag that nobody knows is most likely its value: one problem, not two. */
  function skipValue(): void {
    const next = argv[at];
    if (next !== undefined && !next.startsWith('-')) at++;
  }

  function toolFlag(flag: ToolFlag, shown: string, inline: string | undefined): void {
    const next = argv[at];
    if (inline !== undefined) add(flag, shown, inline);
    else if (flag.kind === 'boolean') {
      const belongs = next === 'true' || next === 'false' || (next === 'null' && flag.nullable);
      if (belongs) at++;
      add(flag, shown, belongs ? next : true);
    } else if (next === undefined) {
      problems.push(`${shown} needs a value: ${describeShapes(flag.items ?? flag.shapes)}`);
      line.unread.add(`--${flag.name}`);
    } else {
      at++;
      add(flag, shown, next);
    }
  }

  function add(flag: ToolFlag, shown: string, word: string | boolean): void {
    const before = typed.get(flag);
    if (before) before.words.push(word);
    else typed.set(flag, { flag, typed: shown, words: [word] });
  }

  function shortFlags(word: string): void {
    const letters = word.slice(1);
    for (let i = 0; i < letters.length; i++) {
      const letter = letters[i] ?? '';
      const flag = runtimeByShort.get(letter);
      if (!flag) {
        const own = find(letter);
        const hint = own && 'flag' in own ? ` (did you mean --${letter}?)` : ` in ${word}`;
        problems.push(`unknown flag -${letter}${letters.length === 1 && hint.startsWith(' in') ? '' : hint}`);
        skipValue();
        return;
      }
      if (flag.takes === 'value') {
        const rest = letters.slice(i + 1);
        runtimeFlag(flag, `-${letter}`, rest === '' ? undefined : rest.replace(/^=/, ''));
        return;
      }
      runtimeFlag(flag, `-${letter}`, undefined);
    }
  }

  function runtimeFlag(flag: RuntimeFlagSpec, shown: string, inline: string | undefined): void {
    const name = flag.aliasOf ?? flag.name;
    if (flag.takes === 'none') {
      if (inline !== undefined) problems.push(`${shown} takes no value`);
      else line.runtime.set(name, true);
      return;
    }
    const value = inline ?? argv[at++];
    const before = name === 'args' ? line.args : line.runtime.get(name);
    if (value === undefined) problems.push(`${shown} needs a value`);
    else if (flag.repeatable) line.runtime.set(name, [...(Array.isArray(before) ? before : []), value]);
    else if (before !== undefined && (name === 'args' || before !== value))
      problems.push(`${shown} is given twice`);
    else if (name === 'args') line.args = value;
    else line.runtime.set(name, value);
  }
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
