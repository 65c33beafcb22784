import { UsageError } from '../../errors.ts';
import { problemText } from '../../lib/text/counted.ts';
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
  const hint = `see: ${app.command(...typed, '--help')}`;
  return new UsageError(problemText(problems), { code, hint, details });
}

/** The UsageErrors of all that is looked at. */
export function errorsOf(...looks: readonly (() => unknown)[]): UsageError[] {
  return looks.flatMap((look) => {
    try {
      look();
      return [];
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      return [error];
    }
  });
}
