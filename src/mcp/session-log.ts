import { UnsupportedError } from '../errors.ts';
import type { Connection } from './connection/open.ts';
import {
  checkLogging,
  isAtLeast,
  type LogLevel,
  messageIn,
  type ServerMessage,
  setSessionLevel,
} from './log-level.ts';
import { untilLost } from './until-lost.ts';

export interface LogOptions {
  level: LogLevel;
  /** Ends it. */
  signal: AbortSignal;
  /** The server has taken the level. */
  onReady(): void;
  onMessage(message: ServerMessage): void;
}

/**
 * The log messages of the session from now on, until the signal ends that. Errors: UnsupportedError for a server that has none, or no session to tell
 * them in (2026-07-28: they come with the request that asks for them); UnreachableError or SessionGoneError when the connection is lost.
 */
export async function followLog(connection: Connection, options: LogOptions): Promise<void> {
  const { level, signal, onReady, onMessage } = options;
  if (connection.facts.era === 'modern')
    throw new UnsupportedError('the server has no session to tell log messages in (protocol 2026-07-28)', {
      hint: 'they come with a call: add --log-level LEVEL to it',
    });
  checkLogging(connection.facts);
  const stop = connection.channel.onNotification((method, params) => {
    const message = messageIn(method, params);
    if (message && isAtLeast(message, level)) onMessage(message);
  });
  try {
    await connection.listen();
    await setSessionLevel(connection, level, { signal });
    onReady();
    await untilLost(connection, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    stop();
  }
}
