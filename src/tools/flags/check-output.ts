import { cutText, MESSAGE_LENGTH } from '../../lib/caps.ts';
import { isObject, own } from '../../lib/json/json.ts';
import type { JsonSchema } from '../tool.ts';
import { problemsOf, whyNot } from './validate.ts';

/** What came of checking a result: what is wrong with it, in one line, or why nothing was checked. Neither: it is as it should be. */
export interface OutputCheck {
  problem?: string;
  unchecked?: string;
}

/**
 * Checks a CallToolResult by the tool's outputSchema (MCP 2025-06-18 and later, server/tools, "Output Schema"). A schema that cannot be used, or
 * whose check takes too long or is interrupted, costs the check and nothing else: the result is the server's.
 */
export async function checkOutput(
  outputSchema: JsonSchema | undefined,
  result: unknown,
  signal?: AbortSignal,
): Promise<OutputCheck> {
  if (!isObject(outputSchema)) return {};
  const content = isObject(result) ? own(result, 'structuredContent') : undefined;
  if (content === undefined) return { problem: 'there is no structuredContent' };
  try {
    const problems = await problemsOf({ schema: outputSchema, value: content }, { signal });
    if (problems.length === 0) return {};
    // Told as for arguments, but that results have no flags.
    const told = problems.map(({ path, flag, message }) => message.replace(flag, path || 'the result'));
    return { problem: cutText(told.join('; '), MESSAGE_LENGTH) };
  } catch (error) {
    return { unchecked: signal?.aborted ? 'the check was interrupted' : whyNot(error) };
  }
}
