/** Which task dialect a call goes by. Pure. */
import type { TaskMode } from '../jobs/ports.ts';
import { isObject, type JsonObject } from './wire.ts';

export interface ServerTraits {
  transport: 'http' | 'sse' | 'stdio';
  era: 'legacy' | 'modern';
  capabilities: JsonObject;
}

/**
 * How a tool can run on a server (docs/jobs.md). The 2025-11-25 protocol announces `capabilities.tasks.requests.tools.call` and each tool's
 * `execution.taskSupport` (absent: forbidden); the `_meta.task` dialect announces a bare `tasks` capability and lets the server decide.
 */
export function taskMode(traits: ServerTraits, toolSupport: string | undefined): TaskMode {
  const tasks = traits.capabilities['tasks'];
  const holdable = traits.transport === 'http';
  // Without announced tasks nothing is known about a cancel; it matters only for tasks that the server gave out all the same: try.
  const none: TaskMode = { tasks: 'none', holdable, cancel: true };
  if (traits.era === 'modern' || !isObject(tasks)) return none;
  if (!speaks2025(traits.capabilities)) return { tasks: 'offer', holdable, cancel: true };
  const cancel = tasks['cancel'] !== undefined;
  if (toolSupport === 'required') return { tasks: 'required', holdable, cancel };
  if (toolSupport === 'optional') return { tasks: 'offer', holdable, cancel };
  return { ...none, cancel };
}

/** Whether the server takes `params.task` with tools/call. */
export function speaks2025(capabilities: JsonObject): boolean {
  const tasks = capabilities['tasks'];
  const requests = isObject(tasks) ? tasks['requests'] : undefined;
  const tools = isObject(requests) ? requests['tools'] : undefined;
  return isObject(tools) && tools['call'] !== undefined && tools['call'] !== false;
}
