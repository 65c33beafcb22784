import { isObject } from '../lib/json/json.ts';
import type { Reader } from './reader.ts';

/** What an argument belongs to (MCP 2025-11-25, server/utilities/completion, "Reference Types"). */
export type CompletionRef = { type: 'ref/prompt'; name: string } | { type: 'ref/resource'; uri: string };

export interface TypedArgument {
  ref: CompletionRef;
  name: string;
  value: string;
  /** The arguments that are there already. */
  given: Readonly<Record<string, string>>;
}

/** The values that a server proposes, in its order; none where it has no completion. Errors: those of `Reader.request`. */
export async function completeValues(
  reader: Reader,
  { ref, name, value, given }: TypedArgument,
): Promise<string[]> {
  if (!isObject((await reader.facts()).capabilities['completions'])) return [];
  const answer = await reader.request('completion/complete', {
    ref,
    argument: { name, value },
    ...(Object.keys(given).length > 0 ? { context: { arguments: given } } : {}),
  });
  const completion = isObject(answer) ? answer['completion'] : undefined;
  const values = isObject(completion) ? completion['values'] : undefined;
  return Array.isArray(values) ? values.filter((one): one is string => typeof one === 'string') : [];
}
