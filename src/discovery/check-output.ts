import { isObject, own } from '../json.ts';
import type { JsonSchema } from './catalogue.ts';
import { explain } from './explain.ts';
import { checkOf } from './schema-check.ts';

/**
 * What is wrong with a CallToolResult by the tool's outputSchema (MCP 2025-06-18 and later, server/tools, "Output Schema"), in one line;
 * undefined when nothing is, or when the schema cannot be used: the server is the judge of it then.
 */
export async function outputProblem(
  outputSchema: JsonSchema | undefined,
  result: unknown,
): Promise<string | undefined> {
  if (!isObject(outputSchema)) return undefined;
  const content = isObject(result) ? own(result, 'structuredContent') : undefined;
  if (content === undefined) return 'there is no structuredContent';
  try {
    const engine = await checkOf(outputSchema);
    const violations = engine.check(content);
    if (violations.length === 0) return undefined;
    // Told as for arguments, but that results have no flags.
    const problems = explain(violations, content, outputSchema, engine.schema);
    return problems.map(({ path, flag, message }) => message.replace(flag, path || 'the result')).join('; ');
  } catch {
    return undefined;
  }
}
