/** Keeps the caches of what a server offers as the server has it, as long as a keeper hears of changes. */

import { readCatalogue, writeCatalogue } from '../../catalog/cache.ts';
import { readExtras, writeExtras } from '../../catalog/extras-cache.ts';
import { fetchPrompts, fetchResources, fetchTemplates, fetchTools } from '../../catalog/fetch.ts';
import { loadedTools, usableTools } from '../../catalog/left-out.ts';
import type { Target } from '../../config/target/target.ts';
import { cacheKey } from '../../config/target/target-hash.ts';
import { isObject } from '../../lib/json/json.ts';
import type { ConnectTarget } from '../../mcp/connection/connect.ts';
import { repeatsArguments } from '../../mcp/connection/facts/server-facts.ts';
import type { Connection } from '../../mcp/connection/open.ts';
import type { ToolDefinition } from '../../tools/tool.ts';

type Kind = 'tools' | 'resources' | 'prompts';

const CHANGED = /^notifications\/(tools|resources|prompts)\/list_changed$/;

/**
 * Reads a list again when the server says that it is another one, and caches it where there was a cache. Up to 2025-11-25 servers say so by themselves;
 * of 2026-07-28 it is subscribed to, for as long as the connection lasts. Never throws: a list that cannot be read stays as it was.
 */
export function followLists(connection: Connection, target: ConnectTarget, extrasFile: string): void {
  const { channel, facts } = connection;
  const running = new Map<Kind, 'once' | 'again'>();
  const refresh = async (kind: Kind): Promise<void> => {
    if (running.has(kind)) return void running.set(kind, 'again');
    running.set(kind, 'once');
    try {
      await read(connection, kind, target, extrasFile);
    } catch (error) {
      target.log(`${kind} have changed, and were not read again: ${(error as Error).message}`);
    }
    const again = running.get(kind) === 'again';
    running.delete(kind);
    if (again) await refresh(kind);
  };
  channel.onNotification((method) => {
    const kind = CHANGED.exec(method)?.[1] as Kind | undefined;
    if (kind) void refresh(kind);
  });
  if (facts.era === 'modern') void subscribe(connection);
}

/** Until the server ends it, or the connection is closed. */
async function subscribe({ channel, facts }: Connection): Promise<void> {
  const says = (kind: Kind) => {
    const declared = facts.capabilities[kind];
    return isObject(declared) && declared['listChanged'] === true;
  };
  const wanted = {
    ...(says('tools') ? { toolsListChanged: true } : {}),
    ...(says('resources') ? { resourcesListChanged: true } : {}),
    ...(says('prompts') ? { promptsListChanged: true } : {}),
  };
  if (Object.keys(wanted).length > 0)
    await channel.request('subscriptions/listen', { notifications: wanted }).catch(() => {});
}

async function read(
  connection: Connection,
  kind: Kind,
  { identity, features, catalogueFile, now, log }: ConnectTarget,
  extrasFile: string,
): Promise<void> {
  const key = cacheKey(identity, features?.declared ?? '');
  const request = (method: string, params: Record<string, unknown>, options: { timeoutMs: number }) =>
    connection.request(method, params, options);
  const fetchedAt = now().toISOString();
  if (kind === 'tools') {
    const before = readCatalogue(catalogueFile, key, log);
    if (!before) return;
    const { entries, complete } = await fetchTools(request, log);
    const usable = usableOf(entries, identity, connection);
    if (complete) writeCatalogue(catalogueFile, { ...before, fetchedAt, ...usable });
  } else {
    const before = readExtras(extrasFile, key);
    if (!before) return;
    if (kind === 'prompts') {
      const { entries, complete } = await fetchPrompts(request, log);
      if (complete) writeExtras(extrasFile, key, { ...before, fetchedAt, prompts: entries });
    } else {
      const resources = await fetchResources(request, log);
      const templates = await fetchTemplates(request, log);
      if (!resources.complete || !templates.complete) return;
      writeExtras(extrasFile, key, {
        ...before,
        fetchedAt,
        resources: resources.entries,
        templates: templates.entries,
      });
    }
  }
  log(`${kind} have changed, and were read again`);
}

/** The tools that can be used, and what is left out. */
function usableOf(entries: ToolDefinition[], identity: Target, { facts }: Connection) {
  if (identity.kind === 'stdio' && identity.jobs !== undefined) return loadedTools(entries);
  return repeatsArguments(facts) ? usableTools(entries) : { tools: entries, leftOut: [] };
}
