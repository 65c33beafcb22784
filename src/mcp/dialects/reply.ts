/** The one request that starts a task, and reading what came back: the reply's shape decides the dialect. */
import { ProtocolError } from '../../errors.ts';
import type { Snapshot, ToolCall } from '../../jobs/ports.ts';
import type { BackendName } from '../../jobs/record.ts';
import { isObject, type JsonObject } from '../../lib/json/json.ts';
import { stringAt, taskSnapshot } from './wire.ts';

/**
 * Params of `tools/call` that offer to become a task: `_meta.task` always (the `_meta.task` dialect), and `task` where the server
 * and the tool take it (2025-11-25, "Task-Augmented Requests"). `ttlMs`: how long the server should keep the task.
 */
export function submitParams(
  call: ToolCall,
  options: { task2025: boolean; ttlMs: number | undefined },
): JsonObject {
  const { ttlMs } = options;
  return {
    name: call.name,
    arguments: call.arguments,
    ...(options.task2025 ? { task: ttlMs === undefined ? {} : { ttl: ttlMs } } : {}),
    _meta: { task: ttlMs === undefined ? true : { ttl: ttlMs } },
  };
}

export type Reply =
  | { kind: 'task'; backend: Exclude<BackendName, 'local'>; taskId: string; snapshot: Snapshot }
  | { kind: 'result'; result: JsonObject };

/** Error: ProtocolError when the reply is neither a task nor a result. */
export function readReply(reply: unknown): Reply {
  if (!isObject(reply)) throw new ProtocolError('unexpected answer to tools/call: not an object');
  if (reply['resultType'] === 'task') {
    if (typeof reply['taskId'] !== 'string')
      throw new ProtocolError('unexpected answer to tools/call: a task without a taskId');
    return {
      kind: 'task',
      backend: 'tasks-2026-07-28',
      taskId: reply['taskId'],
      snapshot: taskSnapshot(reply),
    };
  }
  const task = reply['task'];
  if (isObject(task) && typeof task['taskId'] === 'string')
    return {
      kind: 'task',
      backend: 'tasks-2025-11-25',
      taskId: task['taskId'],
      snapshot: taskSnapshot(task),
    };
  const accepted = stringAt(reply, 'task_id');
  if (accepted !== undefined)
    return { kind: 'task', backend: 'meta-task', taskId: accepted, snapshot: taskSnapshot(reply) };
  const meta = isObject(reply['_meta']) ? reply['_meta']['task'] : undefined;
  if (isObject(meta)) {
    const id = stringAt(meta, 'taskId', 'task_id');
    if (id !== undefined)
      return { kind: 'task', backend: 'meta-task', taskId: id, snapshot: taskSnapshot(meta) };
  }
  return { kind: 'result', result: reply };
}
