/** A server's log messages (MCP 2025-11-25 and 2026-07-28, server/utilities/logging). */
import { UnsupportedError } from '../errors.ts';
import type { LogMessage } from '../jobs/ports.ts';
import { isObject, type JsonObject } from '../lib/json/json.ts';
import type { RequestOptions } from './connection/channel.ts';
import type { ServerFacts } from './connection/facts/server-facts.ts';
import { LOG_LEVEL_META_KEY } from './connection/meta-keys.ts';
import type { Connection } from './connection/open.ts';

/** Least severe first (RFC 5424, 6.2.1). */
export const LOG_LEVELS = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** A `notifications/message`, as it came. */
export type ServerMessage = LogMessage;

/** Whether a message is as severe as that; one of a level that nobody knows always is. */
export function isAtLeast({ level }: Pick<ServerMessage, 'level'>, least: string | undefined): boolean {
  const at = (LOG_LEVELS as readonly unknown[]).indexOf(level);
  return at < 0 || at >= (LOG_LEVELS as readonly unknown[]).indexOf(least);
}

/** What a notification tells, if it is a log message. */
export function messageIn(method: string, params: JsonObject): ServerMessage | undefined {
  if (method !== 'notifications/message') return undefined;
  const { level, logger, data } = params;
  return { level, ...(logger === undefined ? {} : { logger }), data };
}

/** Error: UnsupportedError for a server that does not declare log messages. */
export function checkLogging({ capabilities }: Pick<ServerFacts, 'capabilities'>): void {
  if (!isObject(capabilities['logging']))
    throw new UnsupportedError('the server tells no log messages (it declares no logging)', {
      hint: 'nothing was sent; without --log-level the call is made',
    });
}

/** Params of a request whose log messages are wanted: 2026-07-28 has a level for each request. */
export function wantingLog(params: JsonObject, level: string | undefined): JsonObject {
  if (level === undefined) return params;
  const meta = isObject(params['_meta']) ? params['_meta'] : {};
  return { ...params, _meta: { ...meta, [LOG_LEVEL_META_KEY]: level } };
}

/** Sets the level of the session, where there is one (up to 2025-11-25). Errors: UnsupportedError; RpcError when the server refuses. */
export async function setSessionLevel(
  connection: Connection,
  level: string | undefined,
  options: RequestOptions,
): Promise<void> {
  if (level === undefined) return;
  checkLogging(connection.facts);
  if (connection.facts.era === 'legacy') await connection.request('logging/setLevel', { level }, options);
}
