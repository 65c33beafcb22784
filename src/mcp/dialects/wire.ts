/** Reading wire shapes: as loose as the wild, unknown fields kept in `remote`, nothing trusted. */
import { isNoMethod, ProtocolError, RpcError, TaskUnknownError } from '../../errors.ts';
import { runFacts } from '../../jobs/job-end.ts';
import type { BackendCallOptions, Snapshot } from '../../jobs/ports.ts';
import { type JobError, type Progress, statusFromRemote } from '../../jobs/record.ts';
import { cutState, cutText } from '../../lib/caps.ts';
import { isObject, type JsonObject, textAt } from '../../lib/json/json.ts';
import { isErrorResult } from '../../tools/tool.ts';

/** Answers a server's request under its JSON-RPC id; the connection's `respond`, bound. */
export type Respond = (requestId: string | number, result: JsonObject) => Promise<void>;

/** Sends one request; the connection's `request`, bound. */
export type Send = (method: string, params: JsonObject, options: BackendCallOptions) => Promise<unknown>;

/** Error: ProtocolError for anything but an object. */
export function asObject(value: unknown, method: string): JsonObject {
  if (!isObject(value)) throw new ProtocolError(`unexpected answer to ${method}: not an object`);
  return value;
}

/** What a server says of a task that it is asked about. Errors: TaskUnknownError where it knows none of that id, ProtocolError for no object. */
export async function askAboutTask(
  send: Send,
  method: string,
  params: JsonObject,
  options: BackendCallOptions,
) {
  try {
    return asObject(await send(method, params, options), method);
  } catch (error) {
    if (error instanceof RpcError && saysUnknownTask(error)) throw new TaskUnknownError(error);
    throw error;
  }
}

export function stringAt(object: JsonObject, ...keys: string[]): string | undefined {
  for (const key of keys) if (typeof object[key] === 'string') return object[key];
  return undefined;
}

function numberAt(object: JsonObject, ...keys: string[]): number | undefined {
  for (const key of keys) if (typeof object[key] === 'number') return object[key];
  return undefined;
}

/** MCP progress from a notification's params or a task's data; undefined where there is no number. */
export function progressFrom(value: unknown): Progress | undefined {
  if (!isObject(value)) return undefined;
  const inner = isObject(value['progress']) ? value['progress'] : value;
  const progress = numberAt(inner, 'progress', 'current');
  if (progress === undefined || !Number.isFinite(progress)) return undefined;
  const total = numberAt(inner, 'total');
  const message = stringAt(inner, 'message');
  return {
    progress,
    ...(total !== undefined && Number.isFinite(total) ? { total } : {}),
    ...(message === undefined ? {} : { message: cutText(message) }),
  };
}

/** A snapshot of a task object (`taskId`, `status`, `statusMessage`, `pollInterval`, ... of 2025-11-25 and its relatives). */
export function taskSnapshot(task: JsonObject): Snapshot {
  const message = stringAt(task, 'statusMessage', 'message');
  const pollIntervalMs = numberAt(task, 'pollInterval', 'pollIntervalMs', 'poll_interval');
  const progress = progressFrom(task['data']) ?? progressFrom(task['progress']);
  const remoteStatus = stringAt(task, 'status') ?? null;
  return {
    status: statusFromRemote(remoteStatus),
    remote: cutState(task),
    remoteStatus,
    ...(message === undefined ? {} : { message: cutText(message) }),
    ...(pollIntervalMs === undefined ? {} : { pollIntervalMs }),
    ...(progress === undefined ? {} : { progress }),
  };
}

/** An answer about another task is a protocol error; one that names no task is taken at its word. */
export function checkTaskId(answer: JsonObject, taskId: string, method: string): void {
  const named = stringAt(answer, 'taskId', 'task_id');
  if (named !== undefined && named !== taskId)
    throw new ProtocolError(`unexpected answer to ${method}: it is about another task`);
}

/**
 * The end of a task from its CallToolResult and the last known state: an `isError` result is a failure whatever the status says, and
 * a cancelled task stays cancelled.
 */
export function endedWith(result: unknown, state: Snapshot | undefined): Snapshot {
  const canceled = state?.status === 'canceled';
  const failed = isErrorResult(result) || state?.status === 'failed';
  const base: Snapshot = state ?? { status: 'completed', remote: null, remoteStatus: null };
  if (canceled) return { ...base, status: 'canceled', result, error: canceledError(base) };
  const { error, ...facts } = runFacts(result);
  const ended: Snapshot = { ...base, ...facts, result };
  if (failed) return { ...ended, status: 'failed', error: error ?? toolError(result, base.message) };
  return { ...ended, status: 'completed' };
}

export function canceledError(state: Snapshot | undefined): JobError {
  return { code: 'canceled', message: state?.message ?? 'the task was cancelled' };
}

/** The failure that a result itself reports; its text is the message. */
function toolError(result: unknown, fallback?: string): JobError {
  return {
    code: 'tool_error',
    message: cutText(resultText(result)) || fallback || 'the tool reported an error',
  };
}

/** The texts of a CallToolResult. */
export function resultText(result: unknown): string {
  if (!isObject(result) || !Array.isArray(result['content'])) return '';
  return result['content']
    .map((block) =>
      isObject(block) && block['type'] === 'text' && block['text'] != null ? textAt(block, 'text') : '',
    )
    .filter((text) => text !== '')
    .join('\n');
}

/**
 * True when the server says that it does not know a task which it once gave out: -32602 (MCP 2025-11-25, tasks, "Error Handling"), or
 * another code with the words that servers in the wild use.
 */
function saysUnknownTask(error: RpcError): boolean {
  if (error.rpcCode === -32602 || error.rpcCode === -32002) return true;
  return (
    !isNoMethod(error) &&
    /\btask\b.*\b(not found|unknown|expired)\b|\b(unknown|no such) task\b/i.test(error.message)
  );
}
