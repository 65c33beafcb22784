/** `--jq`: JSON output through jq's language, by jq itself. */
import { UsageError } from '../../errors.ts';
import { checkJq, JqError, runJq } from '../../lib/jq/jq.ts';

/** One JSON document as the text that is printed in its place: a value a line, text as it is. Error: UsageError. */
export type JsonFilter = (json: string) => string;

/** The filter of an expression. `indent`: objects and arrays on several lines. Error: UsageError for one that jq does not understand. */
export function jsonFilter(expression: string, indent: boolean): JsonFilter {
  told(() => checkJq(expression));
  return (json) => told(() => runJq(json, expression, indent ? ['-r'] : ['-r', '-c']));
}

function told<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof JqError)) throw error;
    throw new UsageError(`--jq: ${error.message}`, { code: 'jq', cause: error.cause });
  }
}
