import type { UsageError } from '../../errors.ts';
import { didYouMean, nearestNames } from '../../lib/text/nearest-names.ts';
import { buildArguments, parseArgsText } from '../../tools/flags/build-arguments.ts';
import type { ToolFlag } from '../../tools/flags/flag.ts';
import type { Assignment } from '../../tools/flags/parse-line.ts';
import { readFlag } from '../../tools/flags/read-flag.ts';
import { flagFinder, toolFlags } from '../../tools/flags/tool-flags.ts';
import { validateArguments } from '../../tools/flags/validate.ts';
import { secretPlaces } from '../../tools/schema/redact.ts';
import type { ToolDefinition } from '../../tools/tool.ts';
import type { App } from '../app.ts';
import { readArgsText } from './input-file.ts';
import { wrongLine } from './problems.ts';

/**
 * The arguments that `--args` and `--arg NAME=VALUE` fix: names and values are those of the tool's flags. Errors: one UsageError for all that
 * cannot be read.
 */
export async function readFixedArgs(
  app: App,
  tool: ToolDefinition,
  typed: { args?: string | undefined; arg?: readonly string[] | undefined },
): Promise<Record<string, unknown>> {
  const { args, arg = [] } = typed;
  const base = args === undefined ? {} : parseArgsText(...(await readArgsText(app, args)));
  const flags = toolFlags(tool.inputSchema ?? {});
  const find = flagFinder(flags);
  const problems: string[] = [];
  const words = new Map<ToolFlag, string[]>();
  for (const pair of arg) {
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    const match = find(name);
    if (equals <= 0) problems.push(`--arg ${name}: not NAME=VALUE`);
    else if (!match) {
      const near = nearestNames(
        name,
        flags.map((flag) => flag.name),
      );
      problems.push(`--arg ${name}: ${tool.name} has no such flag${didYouMean(near)}`);
    } else if ('ambiguous' in match)
      problems.push(`--arg ${name} could be ${match.ambiguous.map((flag) => flag.exact).join(' or ')}`);
    else words.set(match.flag, [...(words.get(match.flag) ?? []), pair.slice(equals + 1)]);
  }
  const assignments: Assignment[] = [];
  for (const [flag, values] of words) {
    const shown = `--arg ${flag.name}`;
    const read =
      values.length > 1 && flag.kind !== 'array'
        ? { problem: 'is given more than once; it takes one value' }
        : readFlag(flag, values);
    if ('problem' in read) problems.push(`${shown}: ${read.problem}`);
    else assignments.push({ ...read, path: flag.path, flag: shown });
  }
  if (problems.length > 0) throw problemsError(app, tool, problems);
  return buildArguments(base, assignments);
}

/** Error: one UsageError for all that is wrong with fixed arguments, whatever is added to them later; secrets are not to be stored. */
export async function checkFixedArgs(
  app: App,
  tool: ToolDefinition,
  args: Record<string, unknown>,
): Promise<void> {
  const problems = await fixedArgsProblems(app, tool, args);
  if (problems.length > 0) throw problemsError(app, tool, problems);
}

/** The same as lines. */
export async function fixedArgsProblems(
  app: App,
  tool: ToolDefinition,
  args: Record<string, unknown>,
): Promise<string[]> {
  const secrets = secretPlaces(args, tool.inputSchema).map(
    (place) =>
      `${place} is a secret, which is not stored: give it with each call, as --${place} or in --args @FILE`,
  );
  if (tool.inputSchema === undefined) return secrets;
  const { problems, warning } = await validateArguments(tool, args, { unmendable: true });
  if (warning) app.printer.warn('schema', warning);
  return [...problems.map(({ message }) => message), ...secrets];
}

function problemsError(app: App, tool: ToolDefinition, problems: readonly string[]): UsageError {
  return wrongLine(app, problems, [tool.name], 'invalid_arguments', { problems });
}
