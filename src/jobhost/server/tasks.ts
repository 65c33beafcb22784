/**
 * Runs as tasks: those of 2025-11-25 (basic/utilities/tasks), and those of the extension on 2026-07-28 (SEP-2663). A task's id is its job's id, so that
 * whoever has it may come back later, after a restart too.
 */
import { RpcError } from '../../errors.ts';
import { isTerminal } from '../../jobs/record.ts';
import { isObject, type JsonObject } from '../../lib/json/json.ts';
import type { RunStatus } from '../provider.ts';
import type { Call } from './call.ts';
import { badParams, CODE } from './host.ts';

export const RELATED_TASK_META_KEY = 'io.modelcontextprotocol/related-task';

/** How often a client should look, in milliseconds. */
const POLL_INTERVAL_MS = 500;

/** The most tasks in a list: the newest. */
const MOST_LISTED = 100;

type TaskStatus = 'working' | 'completed' | 'failed' | 'cancelled';

/** What a run has no word for in MCP is told by its message. A run asks nothing of the client. */
function statusOf({ status }: RunStatus): TaskStatus {
  if (status === 'completed') return 'completed';
  if (status === 'canceled') return 'cancelled';
  return isTerminal(status) ? 'failed' : 'working';
}

function messageOf({ status, error, progress, attempt, retrying }: RunStatus): string | undefined {
  if (isTerminal(status)) return error?.message;
  if (status === 'input_required') return 'the server behind waits for an answer: mcp2cli jobs answer';
  if (retrying) return `attempt ${attempt} failed, the next follows`;
  return progress?.message;
}

function common(run: RunStatus): JsonObject {
  const statusMessage = messageOf(run);
  return {
    taskId: run.runId,
    status: statusOf(run),
    ...(statusMessage === undefined ? {} : { statusMessage }),
    createdAt: run.startedAt,
    lastUpdatedAt: run.updatedAt,
  };
}

/** A Task of 2025-11-25. Records are kept until somebody prunes them: `ttl` null. */
export function legacyTask(run: RunStatus): JsonObject {
  return { ...common(run), ttl: null, pollInterval: POLL_INTERVAL_MS };
}

/** A task of 2026-07-28, without what a DetailedTask has beside. */
export function modernTask(run: RunStatus): JsonObject {
  return { ...common(run), ttlMs: null, pollIntervalMs: POLL_INTERVAL_MS };
}

/**
 * The same with its end. Here `failed` is for what has no result, and a result with `isError` is a completed task.
 */
export function detailedTask(run: RunStatus): JsonObject {
  const task = modernTask(run);
  if (!isTerminal(run.status) || run.status === 'canceled') return task;
  if (run.result !== undefined) return { ...task, status: 'completed', result: { ...run.result } };
  return { ...task, error: { code: CODE.internal, message: run.error?.message ?? 'the run failed' } };
}

/** The result of a run that has ended; one without any is an error of the tool (MCP 2025-11-25, server/tools). */
export function resultOf(run: RunStatus): JsonObject {
  if (run.result !== undefined) return { ...run.result };
  const text = run.error?.message ?? `the run is ${run.status}`;
  return {
    content: [{ type: 'text', text }],
    isError: true,
    ...(run.error ? { _meta: { code: run.error.code } } : {}),
  };
}

/** Error: RpcError -32602 for what is no id of a task that is known. */
async function taskOf({ host, params }: Call): Promise<RunStatus> {
  const { taskId } = params;
  if (typeof taskId !== 'string') throw badParams('taskId must be a string');
  const run = await host.provider.status(taskId);
  if (!run) throw unknownTask();
  return run;
}

function unknownTask(): RpcError {
  return badParams('Task not found');
}

export async function getTask(call: Call): Promise<JsonObject> {
  const run = await taskOf(call);
  return call.modern ? detailedTask(run) : legacyTask(run);
}

/** `tasks/result`: blocks until the run has ended. */
export async function taskResult(call: Call): Promise<JsonObject> {
  const { runId } = await taskOf(call);
  const run = await call.host.provider.follow(runId, { signal: call.signal });
  if (run.status === 'canceled')
    throw new RpcError(CODE.internal, 'the task was cancelled: it has no result');
  const result = resultOf(run);
  const meta = isObject(result['_meta']) ? result['_meta'] : {};
  return { ...result, _meta: { ...meta, [RELATED_TASK_META_KEY]: { taskId: runId } } };
}

/** 2025-11-25: done before the reply, -32602 where it has ended. 2026-07-28: an acknowledgement. */
export async function cancelTask(call: Call): Promise<JsonObject> {
  const run = await taskOf(call);
  if (isTerminal(run.status)) {
    if (call.modern) return {};
    throw badParams(`the task has ended already: it is ${statusOf(run)}`);
  }
  const cancelled = await call.host.provider.cancel(run.runId);
  return call.modern ? {} : legacyTask(cancelled);
}

export async function listTasks({ host }: Call): Promise<JsonObject> {
  return { tasks: (await host.provider.runs(MOST_LISTED)).map(legacyTask) };
}

/** Nothing is asked here, so that no answer belongs to a question. What is too much is to be ignored (SEP-2663). */
export async function updateTask(call: Call): Promise<JsonObject> {
  await taskOf(call);
  if (!isObject(call.params['inputResponses'])) throw badParams('inputResponses must be an object');
  return {};
}
