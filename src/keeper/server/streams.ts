/** What a command hears through the keeper for as long as it listens: changes of resources, log messages. */

import { watchResources } from '../../mcp/resource-watch.ts';
import { followLog } from '../../mcp/session-log.ts';
import type { LogParams, WatchParams } from '../protocol.ts';
import type { Incoming } from '../rpc.ts';
import type { Lease } from './connection-pool.ts';

/** `watch`: resolves when the command does not listen any more. Errors: those of `watchResources`. */
export async function watch(
  { uris }: WatchParams,
  { connection }: Lease,
  { signal, tell }: Incoming,
): Promise<null> {
  await watchResources(connection, {
    uris,
    signal,
    onReady: () => tell('ready', true),
    onChange: (uri) => tell('changed', uri),
  });
  return null;
}

/** `log`: the same of `followLog`. */
export async function log(
  { level }: LogParams,
  { connection }: Lease,
  { signal, tell }: Incoming,
): Promise<null> {
  await followLog(connection, {
    level,
    signal,
    onReady: () => tell('ready', true),
    onMessage: (message) => tell('log', message),
  });
  return null;
}
