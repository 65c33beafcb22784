/** Which task dialect a call goes by. Pure. */
import type { TaskMode } from '../../jobs/ports.ts';
import { isObject, type JsonObject } from '../../lib/json/json.ts';

export interface ServerTraits {
  transport: 'http' | 'sse' | 'stdio';
  era: 'legacy' | 'modern';
  capabilities: JsonObject;
}

/**
 * How a tool (or, `through` one, a job of the server's own) can run on a server (docs/jobs.md). On 2026-07-28 the server decides call by call. The 2025-11-25 protocol announces
 * `capabilities.tasks.requests.tools.call` and each tool's `execution.taskSupport` (absent: forbidden); the `_meta.task` dialect announces
 * a bare `tasks` capability and lets the server decide.
 */
export function taskMode(
  traits: ServerTraits,
  toolSupport: string | undefined,
  viaTool?: string | undefined,
): TaskMode {
  // A job of the server's own runs in the background always: inline, a failure would have neither run nor message.
  if (viaTool !== undefined)
    return { tasks: 'required', certain: true, holdable: traits.transport !== 'stdio', cancel: false };
  if (traits.era === 'modern') {
    const tasks = speaks2026(traits.capabilities) ? 'offer' : 'none';
    return { tasks, certain: false, holdable: traits.transport !== 'stdio', cancel: true };
  }
  const tasks = traits.capabilities['tasks'];
  const holdable = traits.transport === 'http';
  // Without announced tasks nothing is known about a cancel; it matters only for tasks that the server gave out all the same: try.
  const none: TaskMode = { tasks: 'none', certain: false, holdable, cancel: true };
  if (!isObject(tasks)) return none;
  if (!speaks2025(traits.capabilities)) return { tasks: 'offer', certain: false, holdable, cancel: true };
  const cancel = tasks['cancel'] !== undefined;
  if (toolSupport === 'required') return { tasks: 'required', certain: true, holdable, cancel };
  if (toolSupport === 'optional') return { tasks: 'offer', certain: true, holdable, cancel };
  return { ...none, cancel };
}

/** The extension's name in capabilities (MCP 2026-07-28, SEP-2663). */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

/** Whether the server may answer tools/call with a task of the 2026-07-28 extension. */
export function speaks2026(capabilities: JsonObject): boolean {
  const extensions = capabilities['extensions'];
  return isObject(extensions) && extensions[TASKS_EXTENSION] !== undefined;
}

/** Whether the server takes `params.task` with tools/call. */
export function speaks2025(capabilities: JsonObject): boolean {
  const tasks = capabilities['tasks'];
  const requests = isObject(tasks) ? tasks['requests'] : undefined;
  const tools = isObject(requests) ? requests['tools'] : undefined;
  return isObject(tools) && tools['call'] !== undefined && tools['call'] !== false;
}
