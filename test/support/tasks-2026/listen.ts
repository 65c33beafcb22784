/**
 * `subscriptions/listen` with task ids. The official SDK serves the method itself and honours no task ids, so it judges each request first, and
 * what it would have acknowledged is acknowledged here with the tasks in it.
 */
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import {
  CLIENT_CAPABILITIES_META_KEY,
  isJSONRPCRequest,
  SUBSCRIPTION_ID_META_KEY,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { declaresTasks } from './instance.ts';
import type { Tasks } from './task.ts';

const ListenParams = z.object({
  notifications: z.object({ taskIds: z.array(z.string()) }),
  _meta: z.looseObject({ [CLIENT_CAPABILITIES_META_KEY]: z.looseObject({}) }),
});

export interface TaskListen {
  id: string | number;
  taskIds: readonly string[];
  /** Whether the request declares the extension. */
  declared: boolean;
}

/** What a message asks for when it is a `subscriptions/listen` with task ids. */
export function taskListen(message: unknown): TaskListen | undefined {
  if (!isJSONRPCRequest(message) || message.method !== 'subscriptions/listen') return undefined;
  const params = ListenParams.safeParse(message.params);
  if (!params.success) return undefined;
  const { notifications, _meta } = params.data;
  return {
    id: message.id,
    taskIds: notifications.taskIds,
    declared: declaresTasks(_meta[CLIENT_CAPABILITIES_META_KEY]),
  };
}

/** Acknowledges the tasks that there are, then tells each of their changes. Returns the way to stop. */
export function subscribe(
  { id, taskIds }: TaskListen,
  tasks: Tasks,
  send: (message: JSONRPCMessage) => void,
): () => void {
  const honoured = new Set(taskIds.filter((taskId) => tasks.has(taskId)));
  const _meta = { [SUBSCRIPTION_ID_META_KEY]: id };
  const notifications = honoured.size > 0 ? { taskIds: [...honoured] } : {};
  send({
    jsonrpc: '2.0',
    method: 'notifications/subscriptions/acknowledged',
    params: { notifications, _meta },
  });
  return tasks.onChange((task) => {
    if (honoured.has(task.id))
      send({ jsonrpc: '2.0', method: 'notifications/tasks', params: { ...task.detailed(), _meta } });
  });
}

/** How the server ends a subscription in an orderly way. */
export function goodbye({ id }: TaskListen): JSONRPCMessage {
  return {
    jsonrpc: '2.0',
    id,
    result: { resultType: 'complete', _meta: { [SUBSCRIPTION_ID_META_KEY]: id } },
  };
}
