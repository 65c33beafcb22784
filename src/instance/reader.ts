/** Asking a server what changes nothing there: through the instance's keeper where one runs, else by the command's own connection. */
import type { KeeperClient } from '../keeper/client/client.ts';
import type { OpenReply } from '../keeper/protocol.ts';
import type { ServerFacts } from '../mcp/connection/facts/server-facts.ts';
import type { Connection } from '../mcp/connection/open.ts';
import type { ServerMessage } from '../mcp/log-level.ts';
import type { WatchOptions } from '../mcp/resource-watch.ts';
import type { LogOptions } from '../mcp/session-log.ts';

type Params = Record<string, unknown>;

export interface Reader {
  /** A keeper has the connection. */
  readonly kept: boolean;
  /** What the server said of itself when the connection was made. Errors: those of connecting. */
  facts(): Promise<ServerFacts>;
  /** Errors: those of `Connection.request`. `timeoutMs` counts where the connection is the command's own. */
  request(method: string, params: Params, options?: { timeoutMs?: number }): Promise<unknown>;
  /** One subscription to resources, until it ends: `watchResources`. */
  watch(options: WatchOptions): Promise<void>;
  /** The session's log messages from now on: `followLog`. */
  log(options: LogOptions): Promise<void>;
}

/** By a connection of the command's own. */
export function ownReader(connection: Connection, signal: AbortSignal | undefined): Reader {
  return {
    kept: false,
    facts: async () => connection.facts,
    request: (method, params, options) => connection.request(method, params, { ...options, signal }),
    async watch(options) {
      const { watchResources } = await import('../mcp/resource-watch.ts');
      return watchResources(connection, options);
    },
    async log(options) {
      const { followLog } = await import('../mcp/session-log.ts');
      return followLog(connection, options);
    },
  };
}

/** Through a keeper; `opened` asks it about the server. */
export function keptReader(
  keeper: KeeperClient,
  opened: () => Promise<OpenReply>,
  signal: AbortSignal | undefined,
): Reader {
  type Listening = Pick<WatchOptions, 'signal' | 'onReady'>;
  const listen = async (
    method: 'watch' | 'log',
    params: Params,
    { signal: until, onReady }: Listening,
    onNews: (value: unknown) => void,
  ) => {
    const onTold = (kind: string, value: unknown) => (kind === 'ready' ? onReady() : onNews(value));
    await keeper.request(method, params, { signal: until, onTold });
  };
  return {
    kept: true,
    facts: async () => (await opened()).facts,
    request: (method, params) => keeper.request('request', { method, params }, { signal }),
    watch: ({ uris, onChange, ...options }) =>
      listen('watch', { uris }, options, (uri) => onChange(String(uri))),
    log: ({ level, onMessage, ...options }) =>
      listen('log', { level }, options, (message) => onMessage(message as ServerMessage)),
  };
}
