import { AuthError, CliError, EXIT, UnsupportedError } from '../../../errors.ts';
import type { BackendCallOptions } from '../../../jobs/ports.ts';
import { isObject, type JsonObject } from '../../../lib/json/json.ts';
import { askJobServer, type CallTool } from './backend.ts';

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

/**
 * Registers a job or a workflow (`register_job`, `register_workflow`). `force` replaces one of that name. True when one was replaced. Errors: as
 * `askJobTool`.
 */
export async function defineServerJob(
  callTool: CallTool,
  kind: 'job' | 'workflow',
  args: JsonObject,
  { force, ...options }: BackendCallOptions & { force: boolean },
): Promise<boolean> {
  const register = () => askJobTool(callTool, `register_${kind}`, args, options);
  try {
    await register();
    return false;
  } catch (error) {
    if (!force || !(error instanceof CliError) || !/already exists/i.test(error.message)) throw error;
  }
  await removeServerJob(callTool, kind, String(args['name']), options);
  await register();
  return true;
}

/** Takes one back (`remove_job`, `remove_workflow`). Errors: as `askJobTool`. */
export async function removeServerJob(
  callTool: CallTool,
  kind: 'job' | 'workflow',
  name: string,
  options: BackendCallOptions,
): Promise<void> {
  await askJobTool(callTool, `remove_${kind}`, { name }, options);
}

/**
 * What one of the server's tools for jobs answers. Errors: UnsupportedError when the server does not have it or has it switched off, AuthError
 * when it is not for this caller, otherwise CliError `tool_error` (exit 1) with the server's words.
 */
async function askJobTool(
  callTool: CallTool,
  tool: string,
  args: JsonObject,
  options: BackendCallOptions,
): Promise<JsonObject> {
  const answer = await askJobServer(callTool, tool, args, options);
  if (answer.kind === 'answer') return answer.value;
  const { code, message } = answer;
  const text = `${tool}: ${message}`;
  const details = { server_code: code };
  if (code === 'TOOL_NOT_FOUND' || code === 'DYNAMIC_REGISTRATION_DISABLED')
    throw new UnsupportedError(text, { details });
  if (code === 'JOB_NOT_AUTHORIZED') throw new AuthError(text, { details });
  throw new CliError('tool_error', EXIT.failed, text, { details });
}
