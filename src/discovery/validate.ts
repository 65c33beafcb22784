import { isObject } from '../json.ts';
import type { Finding } from './alternatives.ts';
import type { ToolDefinition } from './catalogue.ts';
import { type ArgumentProblem, explain } from './explain.ts';
import { checkOf } from './schema-check.ts';

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
 * the server will judge. `counts` says which findings are problems. Never throws.
 */
export async function validateArguments(
  tool: ToolDefinition,
  args: unknown,
  counts?: (finding: Finding) => boolean,
): Promise<ArgumentCheck> {
  const { inputSchema } = tool;
  if (inputSchema === undefined || inputSchema === true) return { problems: [] };
  try {
    if (typeof inputSchema !== 'boolean' && !isObject(inputSchema)) throw new Error('it is not an object');
    const engine = await checkOf(inputSchema);
    const violations = engine.check(args);
    if (violations.length === 0) return { problems: [] };
    return { problems: explain(violations, args, inputSchema, engine.schema, counts) };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return {
      problems: [],
      warning: `the arguments of ${tool.name} were not checked: its schema is unusable (${reason})`,
    };
  }
}
