import { ProtocolError, RpcError, TaskUnknownError, UnsupportedError } from '../../../errors.ts';
import type { Backend, BackendCallOptions, Snapshot, ToolCall } from '../../../jobs/ports.ts';
import type { JsonObject } from '../../../lib/json/json.ts';
import { type RunAnswer, readRunAnswer, runSnapshot } from './wire.ts';

/** Calls a tool of the server; the connection's `tools/call`, bound. */
export type CallTool = (name: string, args: JsonObject, options: BackendCallOptions) => Promise<unknown>;

/** The failures of `get_job_status` that mean a run which the server does not know, before and after the codes were changed. */
const UNKNOWN_RUN = new Set(['SERVER_ERROR', 'INVALID_INPUT']);

/** What is known of a server and its runs as long as one works with it. */
export interface RunMemory {
  /** It knows the older names of its tools only. */
  hyphens: boolean;
  /** How often each run was asked about. */
  asked: Map<string, number>;
}

/** The pause after the first look at a run, and the longest, in milliseconds. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;

/** JSON-RPC codes by which other hosts say that there is no such tool. */
const UNKNOWN_TOOL = new Set([-32601, -32602]);

/**
 * Runs of a FrontMCP job server (its `execute_job` and `execute_workflow` in the background): `get_job_status` tells everything, of workflows
 * too. There is no cancel, nothing is asked, and no pace is named: short runs are asked about often, long ones less and less.
 */
export function frontmcp(callTool: CallTool, memory: RunMemory): Backend {
  async function poll(runId: string, options: BackendCallOptions = {}): Promise<Snapshot> {
    const answer = await askJobServer(callTool, 'get_job_status', { runId }, options, memory);
    if (answer.kind === 'failure') {
      const cause = new ProtocolError(`get_job_status: ${answer.message}`);
      if (UNKNOWN_RUN.has(answer.code)) throw new TaskUnknownError(cause);
      throw cause;
    }
    const { runId: named } = answer.value;
    if (typeof named === 'string' && named !== runId)
      throw new ProtocolError('unexpected answer to get_job_status: it is about another run');
    const times = (memory.asked.get(runId) ?? 0) + 1;
    memory.asked.set(runId, times);
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
  memory: Pick<RunMemory, 'hyphens'> = { hyphens: false },
): Promise<RunAnswer> {
  const hyphens = tool.replaceAll('_', '-');
  const first = await askOnce(callTool, memory.hyphens ? hyphens : tool, args, options);
  if (first !== undefined && !isUnknown(first)) return first;
  const other = await askOnce(callTool, memory.hyphens ? tool : hyphens, args, options);
  if (other !== undefined && !isUnknown(other)) memory.hyphens = !memory.hyphens;
  const unknown = `the server has no tool ${tool}`;
  return other ?? first ?? { kind: 'failure', code: 'TOOL_NOT_FOUND', message: unknown };
}

function isUnknown(answer: RunAnswer): boolean {
  return answer.kind === 'failure' && answer.code === 'TOOL_NOT_FOUND';
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
