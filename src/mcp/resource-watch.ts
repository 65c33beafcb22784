import { isNoMethod, UnsupportedError } from '../errors.ts';
import { isObject } from '../lib/json/json.ts';
import type { Channel } from './connection/channel.ts';
import { SUBSCRIPTION_ID_META_KEY } from './connection/meta-keys.ts';
import type { Connection } from './connection/open.ts';
import { untilLost } from './until-lost.ts';

export interface WatchOptions {
  uris: readonly string[];
  /** Ends it. */
  signal: AbortSignal;
  /** The server has taken the subscription: what changes from now on is told. */
  onReady(): void;
  /** A resource has changed; its URI may be one below a URI that was asked for (MCP 2025-11-25, server/resources, "Subscriptions"). */
  onChange(uri: string): void;
}

/** How long a server may take to hear that nobody listens any more, in milliseconds. */
const FAREWELL_MS = 1_000;

/**
 * One subscription: `resources/subscribe` up to 2025-11-25, `subscriptions/listen` of 2026-07-28. Resolves when the signal ends it, or the server does
 * in good order. Errors: UnsupportedError when the server has no subscriptions, also one that declares them and knows no such method; RpcError for a
 * resource that it refuses; UnreachableError or SessionGoneError when the connection is lost.
 */
export async function watchResources(connection: Connection, options: WatchOptions): Promise<void> {
  const { uris, onChange } = options;
  const wanted = (uri: string) => uris.some((one) => uri === one || isBelow(uri, one));
  const stop = connection.channel.onNotification((method, { uri }) => {
    if (method === 'notifications/resources/updated' && typeof uri === 'string' && wanted(uri)) onChange(uri);
  });
  try {
    if (connection.facts.era === 'modern') await listen(connection, options);
    else await subscribe(connection, options);
  } catch (error) {
    if (!options.signal.aborted) throw error;
  } finally {
    stop();
  }
}

/** A part of the resource, by its address. */
function isBelow(uri: string, whole: string): boolean {
  return uri.startsWith(whole) && (/[/#?]$/.test(whole) || /^[/#?]/.test(uri.slice(whole.length)));
}

async function listen({ channel }: Connection, { uris, signal, onReady }: WatchOptions): Promise<void> {
  let refused: UnsupportedError | undefined;
  const over = new AbortController();
  let own = '';
  const stop = channel.onNotification((method, { notifications, _meta }) => {
    if (method !== 'notifications/subscriptions/acknowledged' || !isObject(notifications)) return;
    const id = isObject(_meta) ? _meta[SUBSCRIPTION_ID_META_KEY] : undefined;
    // The connection may have other subscriptions.
    if (id !== undefined && id !== own) return;
    const honoured = notifications['resourceSubscriptions'];
    if (Array.isArray(honoured) && uris.every((uri) => honoured.includes(uri))) return onReady();
    refused = noSubscription();
    over.abort(refused);
  });
  try {
    await channel.request(
      'subscriptions/listen',
      { notifications: { resourceSubscriptions: [...uris] } },
      {
        signal: AbortSignal.any([signal, over.signal]),
        cancelOnAbort: true,
        onId: (id) => {
          own = id;
        },
      },
    );
  } catch (error) {
    throw refused ?? (isNoMethod(error) ? noSubscription(error) : error);
  } finally {
    stop();
  }
}

/** How many watch a resource on a connection: the first subscribes, the last takes it back. */
const WATCHERS = new WeakMap<Channel, Map<string, number>>();

async function subscribe(connection: Connection, options: WatchOptions): Promise<void> {
  const { uris, signal, onReady } = options;
  const { channel, facts } = connection;
  const declared = facts.capabilities['resources'];
  if (!isObject(declared) || declared['subscribe'] !== true) throw noSubscription();
  // What is told before its stream is there may never come.
  await connection.listen();
  const taken: string[] = [];
  try {
    for (const uri of uris) {
      await connection.request('resources/subscribe', { uri }, { signal }).catch((error: unknown) => {
        throw isNoMethod(error) ? noSubscription(error) : error;
      });
      count(channel, uri, 1);
      taken.push(uri);
    }
    onReady();
    await untilLost(connection, signal);
  } finally {
    const left = taken.filter((uri) => count(channel, uri, -1) === 0);
    if (!channel.closed) await unsubscribe(connection, left);
  }
}

function count(channel: Channel, uri: string, by: 1 | -1): number {
  const counts = WATCHERS.get(channel) ?? new Map<string, number>();
  WATCHERS.set(channel, counts);
  const now = (counts.get(uri) ?? 0) + by;
  counts.set(uri, now);
  return now;
}

/** Best effort: whoever does not hear it tells of changes that nobody is here to hear. */
async function unsubscribe(connection: Connection, uris: readonly string[]): Promise<void> {
  await Promise.all(
    uris.map((uri) =>
      connection.request('resources/unsubscribe', { uri }, { timeoutMs: FAREWELL_MS }).catch(() => {}),
    ),
  );
}

function noSubscription(cause?: unknown): UnsupportedError {
  return new UnsupportedError('the server tells no changes of resources (it has no subscriptions)', {
    cause,
  });
}
