import { isObject } from '../json.ts';
import type { Finding } from './alternatives.ts';
import type { ToolDefinition } from './catalogue.ts';
import type { ArgumentProblem } from './explain.ts';
import { checkOf } from './schema-check.ts';
import type { Violation } from './violation.ts';

export type { ArgumentProblem } from './explain.ts';

export interface ArgumentCheck {
  problems: ArgumentProblem[];
  /** Why nothing was checked. */
  warning?: string;
}

/**
 * Checks arguments against the tool's inputSchema (2020-12 when it names no draft, MCP 2025-11-25, basic/json-schema-usage). Nothing
 * is coerced, no default is filled in, a required property with a default may be missing, formats are hints. Light to import:
 * the heavy engine is loaded only by a schema that needs it. A schema that cannot be compiled gives a warning and no problems:
 * the server will judge. `counts` says which findings are problems. Throws only when a part of the program cannot be loaded.
 */
export async function validateArguments(
  tool: ToolDefinition,
  args: unknown,
  counts?: (finding: Finding) => boolean,
): Promise<ArgumentCheck> {
  const { inputSchema } = tool;
  if (inputSchema === undefined || inputSchema === true) return { problems: [] };
  const unusable = (error: unknown): ArgumentCheck => {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    const warning = `the arguments of ${tool.name} were not checked: its schema is unusable (${reason})`;
    return { problems: [], warning };
  };
  let checked: { schema: unknown; violations: Violation[] };
  try {
    if (typeof inputSchema !== 'boolean' && !isObject(inputSchema)) throw new Error('it is not an object');
    const { check, schema } = await checkOf(inputSchema);
    checked = { schema, violations: check(args) };
  } catch (error) {
    return unusable(error);
  }
  if (checked.violations.length === 0) return { problems: [] };
  // Most arguments are right. What cannot be loaded is no fault of the schema, so that it must not pass for one.
  const { explain } = await import('./explain.ts');
  try {
    return { problems: explain(checked.violations, args, inputSchema, checked.schema, counts) };
  } catch (error) {
    return unusable(error);
  }
}
