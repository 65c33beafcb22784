import { isObject, type JsonObject } from '../../lib/json/json.ts';
import { untilAborted } from '../../lib/stop.ts';
import { SUBSCRIPTION_ID_META_KEY } from '../../mcp/connection/meta-keys.ts';
import type { RunStatus } from '../provider.ts';
import type { Call } from './call.ts';
import { badParams } from './host.ts';
import { detailedTask } from './tasks.ts';

/**
 * `subscriptions/listen` (MCP 2026-07-28, basic/utilities/subscriptions): tells of a changed list of tools and of tasks, as far as they are asked for and
 * there, until the client or the server ends it. Of nothing that is here it ends at once.
 */
export async function listen({ host, params, id, tasks, signal, notify }: Call): Promise<JsonObject> {
  const wanted = params['notifications'];
  if (!isObject(wanted)) throw badParams('notifications must be an object');
  const _meta = { [SUBSCRIPTION_ID_META_KEY]: id };
  const { provider } = host;
  const lists = wanted['toolsListChanged'] === true;
  const asked = tasks && Array.isArray(wanted['taskIds']) ? wanted['taskIds'] : [];
  const known: string[] = [];
  for (const taskId of new Set(asked))
    if (typeof taskId === 'string' && (await provider.status(taskId))) known.push(taskId);
  notify('notifications/subscriptions/acknowledged', {
    notifications: {
      ...(lists ? { toolsListChanged: true } : {}),
      ...(known.length > 0 ? { taskIds: known } : {}),
    },
    _meta,
  });
  const stop = lists
    ? provider.onListChanged(() => notify('notifications/tools/list_changed', { _meta }))
    : () => {};
  // The end of the server is told, and whoever has cancelled hears nothing more.
  const over = untilAborted(signal);
  const followed = known.map(async (runId) => {
    const tell = (run: RunStatus) => notify('notifications/tasks', { ...detailedTask(run), _meta });
    tell(await provider.follow(runId, { signal, onChange: tell }));
  });
  const all = Promise.all(followed).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  try {
    await Promise.race([over, lists ? all.then(() => over) : all]);
  } finally {
    stop();
  }
  return { _meta };
}
