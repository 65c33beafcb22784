import { isObject } from '../../lib/json/json.ts';
import { type CheckTask, problemsInPlace } from '../checks/check.ts';
import type { ToolDefinition } from '../tool.ts';
import type { ArgumentProblem } from './explain.ts';

export type { ArgumentProblem } from './explain.ts';

export interface ArgumentCheck {
  problems: ArgumentProblem[];
  /** Why nothing was checked. */
  warning?: string;
}

export interface CheckOptions {
  /** Ends the check: it then rejects with the signal's reason. Read only where a check takes long. */
  signal?: AbortSignal | undefined;
  /** The arguments are a part only: what counts is what stays wrong whatever is added. */
  unmendable?: boolean;
}

/**
 * Checks arguments against the tool's inputSchema (2020-12 when it names no draft, MCP 2025-11-25, basic/json-schema-usage). Nothing
 * is coerced, no default is filled in, a required property with a default may be missing, formats are hints. Light to import:
 * the heavy engine is loaded only by a schema that needs it. A schema that cannot be compiled, or whose check takes too long, gives a warning
 * and no problems: the server will judge. Throws only when a part of the program cannot be loaded, and the signal's reason.
 */
export async function validateArguments(
  tool: ToolDefinition,
  args: unknown,
  options: CheckOptions = {},
): Promise<ArgumentCheck> {
  const { inputSchema } = tool;
  if (inputSchema === undefined || inputSchema === true) return { problems: [] };
  try {
    if (typeof inputSchema !== 'boolean' && !isObject(inputSchema)) throw new Error('it is not an object');
    const task = { schema: inputSchema, value: args, unmendable: options.unmendable ?? false };
    return { problems: await problemsOf(task, options) };
  } catch (error) {
    if (options.signal?.aborted) throw options.signal.reason;
    // What cannot be loaded is no fault of the schema, so that it must not pass for one.
    if ((error as NodeJS.ErrnoException).code !== undefined) throw error;
    return { problems: [], warning: `the arguments of ${tool.name} were not checked: ${whyNot(error)}` };
  }
}

/** In place where that is a matter of milliseconds, else in a thread of its own. */
export async function problemsOf(task: CheckTask, options: CheckOptions): Promise<ArgumentProblem[]> {
  const found = await problemsInPlace(task);
  if (found) return found;
  return (await import('../checks/check-apart.ts')).problemsApart(task, options.signal);
}

/** Why a check came to nothing. */
export function whyNot(error: unknown): string {
  const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  // By its name: the class is in a file that is loaded for large checks only.
  const late = error instanceof Error && error.name === 'NotCheckedError';
  return late ? `the check was given up (${reason})` : `its schema is unusable (${reason})`;
}
