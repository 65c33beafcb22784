import { ProtocolError, RpcError, TaskUnknownError, UnsupportedError } from '../errors.ts';
import type { Backend, BackendCallOptions, Snapshot, ToolCall } from '../jobs/ports.ts';
import type { JsonObject } from '../json.ts';
import { type RunAnswer, readRunAnswer, runSnapshot } from './frontmcp-wire.ts';

/** Calls a tool of the server; the connection's `tools/call`, bound. */
export type CallTool = (name: string, args: JsonObject, options: BackendCallOptions) => Promise<unknown>;

/** The failures of `get_job_status` that mean a run which the server does not know, before and after the codes were changed. */
const UNKNOWN_RUN = new Set(['SERVER_ERROR', 'INVALID_INPUT']);

/** The pause after the first look at a run, and the longest, in milliseconds. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;

/** JSON-RPC codes by which other hosts say that there is no such tool. */
const UNKNOWN_TOOL = new Set([-32601, -32602]);

/**
 * Runs of a FrontMCP job server (its `execute_job` and `execute_workflow` in the background): `get_job_status` tells everything, of workflows
 * too. There is no cancel, nothing is asked, and no pace is named: short runs are asked about often, long ones less and less. `asked` keeps
 * how often each run was.
 */
export function frontmcp(callTool: CallTool, asked: Map<string, number>): Backend {
  async function poll(runId: string, options: BackendCallOptions = {}): Promise<Snapshot> {
    const answer = await askJobServer(callTool, 'get_job_status', { runId }, options);
    if (answer.kind === 'failure') {
      const cause = new ProtocolError(`get_job_status: ${answer.message}`);
      if (UNKNOWN_RUN.has(answer.code)) throw new TaskUnknownError(cause);
      throw cause;
    }
    const { runId: named } = answer.value;
    if (typeof named === 'string' && named !== runId)
      throw new ProtocolError('unexpected answer to get_job_status: it is about another run');
    const times = (asked.get(runId) ?? 0) + 1;
    asked.set(runId, times);
    return {
      ...runSnapshot(answer.value),
      pollIntervalMs: Math.min(FIRST_PAUSE_MS * 1.2 ** (times - 1), LONGEST_PAUSE_MS),
    };
  }

  return {
    name: 'frontmcp',
    blocks: false,
    poll,
    result: async (runId, options = {}) => options.known ?? poll(runId, options),
    async cancel() {
      throw new UnsupportedError('the server has no cancel for its jobs');
    },
    async answer() {
      throw new UnsupportedError('jobs of this server ask nothing');
    },
  };
}

/** The arguments that start a run in the background: inline, a failure has neither run nor message. */
export function runArguments(call: ToolCall): JsonObject {
  return { name: call.name, input: call.arguments, background: true };
}

/**
 * Calls one of the server's tools for jobs by whichever of its names the server knows: with underscores, or the older ones with hyphens. A name
 * that is unknown has run nothing. Errors: ProtocolError for an answer of another shape, and those of the call.
 */
export async function askJobServer(
  callTool: CallTool,
  tool: string,
  args: JsonObject,
  options: BackendCallOptions,
): Promise<RunAnswer> {
  const first = await askOnce(callTool, tool, args, options);
  if (first !== undefined && !(first.kind === 'failure' && first.code === 'TOOL_NOT_FOUND')) return first;
  const older = await askOnce(callTool, tool.replaceAll('_', '-'), args, options);
  const unknown = `the server has no tool ${tool}`;
  return older ?? first ?? { kind: 'failure', code: 'TOOL_NOT_FOUND', message: unknown };
}

async function askOnce(
  callTool: CallTool,
  tool: string,
  args: JsonObject,
  options: BackendCallOptions,
): Promise<RunAnswer | undefined> {
  try {
    return readRunAnswer(await callTool(tool, args, options), tool);
  } catch (error) {
    if (error instanceof RpcError && UNKNOWN_TOOL.has(error.rpcCode)) return undefined;
    throw error;
  }
}
