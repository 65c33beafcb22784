import { UsageError } from '../errors.ts';
import type { ArgumentProblem } from '../tools/flags/explain.ts';

/** The error for input that does not fit its schema: an agent types no flags, so that each problem names its property. */
export function invalidInput(problems: readonly ArgumentProblem[]): UsageError {
  const lines = problems.map(({ flag, path, message }) =>
    message.replace(flag, path === '' ? 'the input' : path),
  );
  return new UsageError(`invalid input: ${lines.join('; ')}`, {
    code: 'invalid_input',
    details: { problems: lines },
  });
}
