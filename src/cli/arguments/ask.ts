import { InterruptedError } from '../../errors.ts';
import { textAt } from '../../lib/json/json.ts';
import { shellQuote } from '../../lib/text/shell-quote.ts';
import { visibleLine, visibleName } from '../../lib/text/visible.ts';
import type { ToolFlag } from '../../tools/flags/flag.ts';
import { shownFlags } from '../../tools/flags/overrides.ts';
import type { Assignment } from '../../tools/flags/parse-line.ts';
import { isGiven, isInside, missingFlags } from '../../tools/flags/present.ts';
import type { ArgumentProblem } from '../../tools/flags/validate.ts';
import type { App } from '../app.ts';
import { askFlags } from '../prompts/flag-values.ts';
import { wrongArguments } from './problems.ts';
import type { ToolForm } from './tool-form.ts';

export interface Asking {
  wanted: 'everything' | 'missing';
  /** What was typed, without the defaults that are set here. */
  typed: Record<string, unknown>;
  /** The same, flag by flag. */
  assignments: readonly Assignment[];
  assemble: (assignments: readonly Assignment[]) => Record<string, unknown>;
  check: (args: Record<string, unknown>) => Promise<ArgumentProblem[]>;
}

/**
 * Asks on the terminal for what is missing, or for everything that was not typed, and again for what does not fit. Returns the arguments,
 * checked. Errors: UsageError for problems that no question can mend, InterruptedError when the person leaves.
 */
export async function askForArguments(
  app: App,
  form: ToolForm,
  asking: Asking,
): Promise<Record<string, unknown>> {
  const { wanted, assignments, assemble, check } = asking;
  let all = [...assignments];
  let args = assemble(all);
  let open = wanted === 'everything' ? unanswered(form, asking.typed) : missingFlags(form.flags, args);
  for (let asked = false; ; ) {
    if (open.length > 0) {
      if (!asked)
        app.printer.note(
          `${visibleName(form.entry.name)}: (an empty line leaves an optional one out; ^D ends)`,
        );
      asked = true;
      const answers = await askedOf(app, open, form.propose);
      all = [...all.filter((one) => !answers.some(({ flag }) => flag === one.flag)), ...answers];
      args = assemble(all);
    }
    const problems = await check(args);
    if (problems.length === 0) {
      if (asked) app.printer.note(`runs: ${commandLine(app, form, all)}`);
      return args;
    }
    const again = form.flags.filter((flag) => problems.some((problem) => problem.flag === `--${flag.name}`));
    if (!asked || again.length === 0) throw wrongArguments(app, problems, form.typed);
    for (const { message } of problems) app.printer.note(`  ${message}`);
    open = again;
  }
}

async function askedOf(
  app: App,
  flags: readonly ToolFlag[],
  propose: ToolForm['propose'],
): Promise<Assignment[]> {
  const { terminal } = app;
  using stop = app.stop('nothing was answered in time; nothing was sent');
  const answers = terminal && (await askFlags(terminal, flags, stop.signal, propose));
  if (answers) return answers;
  throw new InterruptedError('no answer, so nothing was sent');
}

/** All that was not typed, the required first; the parts of an optional object only where the object is there. */
function unanswered({ flags, profiles }: ToolForm, args: Record<string, unknown>): ToolFlag[] {
  const askable = shownFlags(flags, profiles).filter((flag) => {
    if (isGiven(flag, args) || flag.const !== undefined) return false;
    const parent = flags.find(
      (other) => other.hasNested && flag.path.length === other.path.length + 1 && isInside(flag, other),
    );
    if (parent && !parent.mustBeGiven && !isGiven(parent, args)) return false;
    return !(flag.hasNested && flag.mustBeGiven);
  });
  return [...askable.filter((flag) => flag.mustBeGiven), ...askable.filter((flag) => !flag.mustBeGiven)];
}

/** The line that would have done the same without questions. */
function commandLine(app: App, { flags, typed }: ToolForm, assignments: readonly Assignment[]): string {
  const words = assignments.flatMap((assignment) => {
    const { flag, value, path, secret: marked } = assignment;
    const secret = marked || flags.some((one) => one.secret && one.path.join('\0') === path.join('\0'));
    if (secret) return [flag, '...'];
    if (typeof value === 'boolean') return [value ? flag : flag.replace('--', '--no-')];
    if (Array.isArray(value) && value.length > 0)
      return value.flatMap((_, i) => [flag, shellQuote(textAt(value, i))]);
    return [flag, shellQuote(textAt(assignment, 'value'))];
  });
  return visibleLine(app.command(...typed, ...words));
}
