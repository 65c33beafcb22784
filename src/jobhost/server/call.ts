import type { JsonObject } from '../../lib/json/json.ts';
import type { LogLevel } from '../../mcp/log-level.ts';
import type { Host } from './host.ts';

/** A request as its handler sees it. */
export interface Call {
  readonly host: Host;
  readonly method: string;
  readonly params: JsonObject;
  readonly id: string | number;
  /** 2026-07-28: everything comes with the request. Otherwise a session of the initialize handshake. */
  readonly modern: boolean;
  /** Tasks of the client's generation: it may have them. */
  readonly tasks: boolean;
  /** Ends with the request: cancelled, the client gone, the server closing. */
  readonly signal: AbortSignal;
  /** The least severe log messages to tell; none without it. */
  readonly level: LogLevel | undefined;
  /** Tells something that belongs to this request, before its answer. */
  notify(method: string, params: JsonObject): void;
  /** What goes on behind the request, as long as the client is there: `tell` reaches it then. */
  afterwards(work: (tell: Call['notify'], signal: AbortSignal) => Promise<void>): void;
}

export type Send = (message: JsonObject) => void;
