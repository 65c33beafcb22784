import { UsageError } from '../../errors.ts';
import type { ArgumentProblem } from '../../tools/flags/validate.ts';
import type { App } from '../app.ts';

/** One error for all that is wrong with the arguments, before anything is sent. */
export function wrongArguments(
  app: App,
  problems: readonly ArgumentProblem[],
  typed: readonly string[],
): UsageError {
  const messages = problems.map(({ message }) => message);
  return wrongLine(app, messages, typed, 'invalid_arguments', { problems });
}

/** One error for all problems of a line. */
export function wrongLine(
  app: App,
  problems: readonly string[],
  typed: readonly string[],
  code: string,
  details: Record<string, unknown> | undefined,
): UsageError {
  const message =
    problems.length === 1 ? `${problems[0]}` : `${problems.length} problems:\n  ${problems.join('\n  ')}`;
  return new UsageError(message, { code, hint: `see: ${app.command(...typed, '--help')}`, details });
}
