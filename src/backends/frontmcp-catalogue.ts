import { CliError } from '../errors.ts';
import type { BackendCallOptions } from '../jobs/ports.ts';
import { isObject, type JsonObject } from '../json.ts';
import { askJobServer, type CallTool } from './frontmcp.ts';

/** How long a list may take, in milliseconds. */
const LIST_TIMEOUT_MS = 60_000;

/** An entry of a list, as the server sent it. */
export type ListedEntry = JsonObject & { name: string };

/**
 * The jobs or workflows of a FrontMCP server, entries verbatim; `filter` as its tools take it (`tags`, `labels`, `query`). Errors: CliError
 * when the server does not tell, and those of the call.
 */
export async function listJobs(
  callTool: CallTool,
  kind: 'jobs' | 'workflows',
  filter: JsonObject,
  options: BackendCallOptions,
): Promise<ListedEntry[]> {
  const value = await askJobTool(callTool, `list_${kind}`, filter, {
    timeoutMs: LIST_TIMEOUT_MS,
    ...options,
  });
  const list = value[kind];
  return (Array.isArray(list) ? list : []).filter(
    (one): one is ListedEntry => isObject(one) && typeof one['name'] === 'string',
  );
}

/** What one of the server's tools for jobs answers. Error: CliError `tool_error` (exit 1) with the server's words when it refuses. */
export async function askJobTool(
  callTool: CallTool,
  tool: string,
  args: JsonObject,
  options: BackendCallOptions,
): Promise<JsonObject> {
  const answer = await askJobServer(callTool, tool, args, options);
  if (answer.kind === 'answer') return answer.value;
  const { code, message } = answer;
  throw new CliError('tool_error', 1, `${tool}: ${message}`, { details: { server_code: code } });
}
