import { isObject, type JsonObject } from '../../lib/json/json.ts';
import { progressFrom } from '../dialects/wire.ts';
import { isAtLeast, messageIn } from '../log-level.ts';
import type { Participant } from '../question-router.ts';
import type { ToolCalls } from './tool-calls.ts';

/** Tells a piece of work what a notification says of it. `shared`: other work goes on on the same connection. */
export function tellOf(
  work: Participant,
  calls: ToolCalls,
  shared: boolean,
  method: string,
  params: JsonObject,
): void {
  const { events, tasks } = work;
  const isItsTask = (id: unknown) => !shared || tasks.has(id);
  switch (method) {
    case 'notifications/progress': {
      // A link without a token of its own was opened into a job's session, where all progress is the job's.
      const isSole = !shared && calls.progressTokens.size === 0;
      const progress = progressFrom(params);
      if (progress && (isSole || calls.progressTokens.has(params['progressToken'])))
        events.onProgress?.(progress);
      return;
    }
    case 'notifications/message': {
      const message = calls.logLevel === undefined ? undefined : messageIn(method, params);
      if (message && isAtLeast(message, calls.logLevel)) events.onLog?.(message);
      return;
    }
    case 'notifications/tasks':
    case 'notifications/tasks/status':
      if (isItsTask(params['taskId'])) events.onStatusHint?.();
      return;
    case 'notifications/subscriptions/acknowledged':
      // Changes are told from now on: what came between the last poll and this is not.
      if (subscribedTasks(params).some(isItsTask)) events.onStatusHint?.();
  }
}

/** The tasks whose changes a subscription will tell. */
function subscribedTasks({ notifications }: JsonObject): unknown[] {
  const ids = isObject(notifications) ? notifications['taskIds'] : undefined;
  return Array.isArray(ids) ? ids : [];
}
