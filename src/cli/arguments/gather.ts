/** From what stands after a tool's name to the arguments that are sent: read, completed, asked for, checked. */

import type { DefinedCall } from '../../catalog/entry.ts';
import { UsageError } from '../../errors.ts';
import { merged } from '../../lib/json/exact-json.ts';
import type { Stop } from '../../lib/stop.ts';
import { buildArguments, parseArgsText } from '../../tools/flags/build-arguments.ts';
import type { ToolFlag } from '../../tools/flags/flag.ts';
import { withDefaultArgs } from '../../tools/flags/overrides.ts';
import {
  type Assignment,
  type ScannedLine,
  scanToolLine,
  uncheckedLine,
} from '../../tools/flags/parse-line.ts';
import { missingFlags } from '../../tools/flags/present.ts';
import type { ArgumentProblem } from '../../tools/flags/validate.ts';
import type { App } from '../app.ts';
import { TOOL_LINE_FLAGS } from '../global-flags/table.ts';
import { textFlag } from '../global-flags/values.ts';
import { readArgsText } from './input-file.ts';
import { wrongArguments, wrongLine } from './problems.ts';
import type { ToolForm } from './tool-form.ts';

/**
 * The arguments, checked: `--args`, the flags over it, defaults that are set here, what a definition fixes. On a terminal what is missing is asked
 * for, and with `--interactive` everything. Errors: one UsageError for all that is wrong; InterruptedError when the person leaves the questions.
 */
export async function gatherArguments(
  app: App,
  form: ToolForm,
  typed: ScannedLine,
): Promise<Record<string, unknown>> {
  const line = isChecked(app) ? typed : uncheckedLine(typed);
  const base = await argsGiven(app, form, line);
  const { assignments } = line;
  const complete = form.entry.target && (await completion(app, form.entry.target, form.typed));
  const assemble = (all: readonly Assignment[]) => {
    const open = withDefaultArgs(buildArguments(base, all), form.flags, form.profiles);
    return complete ? complete(open) : open;
  };
  if (line.problems.length > 0) throw await wrongWords(app, form, line, assemble);
  const wanted = whatIsAsked(app);
  if (wanted !== 'everything') {
    const given = assemble(assignments);
    const problems = await problemsOf(app, form, given);
    if (problems.length === 0) return given;
    if (wanted === 'nothing' || missingFlags(form.flags, given).length === 0)
      throw wrongArguments(app, problems, form.typed);
  }
  const { askForArguments } = await import('./ask.ts');
  return askForArguments(app, form, {
    wanted,
    typed: buildArguments(base, assignments),
    assignments,
    assemble,
    check: (args) => problemsOf(app, form, args),
  });
}

/**
 * The same for many calls of one line: a function that makes a call's arguments of its own ones, which win over those of the line. Nobody is
 * asked. Errors: UsageError for a line that makes no sense; of the function, for what is wrong with the arguments, and the reason of its `stop`.
 */
export async function argumentsForEach(
  app: App,
  form: ToolForm,
  typed: ScannedLine,
): Promise<(own: Record<string, unknown>, stop: Stop) => Promise<Record<string, unknown>>> {
  const line = isChecked(app) ? typed : uncheckedLine(typed);
  const base = buildArguments(await argsGiven(app, form, line), line.assignments);
  if (line.problems.length > 0) throw lineError(app, form, line, undefined);
  const complete = form.entry.target && (await completion(app, form.entry.target, form.typed));
  return async (own, stop) => {
    const open = withDefaultArgs(merged(base, own), form.flags, form.profiles);
    const args = complete ? complete(open) : open;
    const problems = await problemsUntil(stop, app, form, args);
    if (problems.length > 0) throw wrongArguments(app, problems, form.typed);
    return args;
  };
}

/** What `--args` says. Errors: UsageError for what is no JSON object, with all else that is wrong with the line. */
async function argsGiven(app: App, form: ToolForm, line: ScannedLine): Promise<Record<string, unknown>> {
  const given = line.args ?? textFlag(app.flags, 'args');
  try {
    return given === undefined ? {} : parseArgsText(...(await readArgsText(app, given)));
  } catch (error) {
    throw line.problems.length > 0 ? lineError(app, form, line, error) : error;
  }
}

/** One error for all that is wrong with a line: words that make no sense, and whatever is wrong with the rest. */
async function wrongWords(
  app: App,
  form: ToolForm,
  line: ScannedLine,
  assemble: (assignments: readonly Assignment[]) => Record<string, unknown>,
): Promise<unknown> {
  try {
    const problems = await problemsOf(app, form, assemble(line.assignments));
    // That a flag is missing whose value could not be read is no news.
    const isKnown = ({ flag }: ArgumentProblem) =>
      [...line.unread].some((unread) => unread === flag || unread.startsWith(`${flag}.`));
    const more = problems.filter((problem) => !isKnown(problem)).map(({ message }) => message);
    return lineError(app, form, line, undefined, more);
  } catch (error) {
    return lineError(app, form, line, error);
  }
}

function lineError(
  app: App,
  form: ToolForm,
  line: ScannedLine,
  error: unknown,
  more: readonly string[] = [],
): unknown {
  if (error !== undefined && !(error instanceof UsageError)) return error;
  const problems = [...line.problems, ...(error ? error.message.split('\n') : []), ...more];
  return wrongLine(app, problems, form.typed, 'usage', { problems });
}

/** Error: UsageError for `--interactive` without a terminal. */
function whatIsAsked(app: App): 'everything' | 'missing' | 'nothing' {
  const { terminal, printer, flags } = app;
  if (flags.has('interactive')) {
    if (terminal) return 'everything';
    throw new UsageError('--interactive needs a terminal to ask on');
  }
  // A script that runs on a terminal by chance, or wants JSON, is not to hang on a question.
  return terminal && printer.outTTY && !printer.json && !printer.quiet ? 'missing' : 'nothing';
}

/** Whether arguments have to fit the tool's schema, by `--no-input-check` and the setting of its name. Error: UsageError. */
function isChecked({ flags }: App): boolean {
  if (flags.has('input-check') && flags.has('no-input-check'))
    throw new UsageError('--input-check and --no-input-check cannot be used together');
  return !flags.has('no-input-check');
}

async function problemsOf(app: App, form: ToolForm, args: Record<string, unknown>) {
  using stop = app.stop('the arguments were not checked in time; nothing was sent');
  return await problemsUntil(stop, app, form, args);
}

/** The problems of arguments. Error: the reason of `stop`. */
async function problemsUntil(
  stop: Stop,
  app: App,
  { called, flags }: ToolForm,
  args: Record<string, unknown>,
): Promise<ArgumentProblem[]> {
  if (called.inputSchema === undefined || !isChecked(app)) return [];
  const { validateArguments } = await import('../../tools/flags/validate.ts');
  const { problems, warning } = await validateArguments(called, args, stop);
  if (warning) app.printer.warn('schema', warning);
  return problems.map((problem) => asTyped(problem, flags));
}

/** A problem names the flag that is typed here, which may be called otherwise than its property. */
function asTyped(problem: ArgumentProblem, flags: readonly ToolFlag[]): ArgumentProblem {
  const flag = flags.find(({ exact }) => exact === problem.path);
  const typed = flag && problem.flag !== '--args' ? `--${flag.name}` : problem.flag;
  return { ...problem, flag: typed, message: problem.message.replace(problem.flag, typed) };
}

/** A function that adds what the definition fixes to what was typed. Error, of the function: UsageError for what contradicts it. */
async function completion(app: App, { fixed }: DefinedCall, typed: readonly string[]) {
  const { withFixed } = await import('../../catalog/fixed-arguments.ts');
  return (open: Record<string, unknown>) => {
    try {
      return withFixed(open, fixed);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw wrongLine(app, error.message.split('\n'), typed, 'invalid_arguments', error.details);
    }
  };
}

/** Reads the tool's line; what is wrong with it is told with what is wrong with its arguments. */
export function readLine(argv: readonly string[], flags: readonly ToolFlag[]): ScannedLine {
  return scanToolLine(argv, flags, TOOL_LINE_FLAGS);
}
