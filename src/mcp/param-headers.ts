/** Calls whose arguments are repeated in headers (MCP 2026-07-28 over HTTP, `x-mcp-header`). */

import { fetchTools } from '../catalog/fetch.ts';
import { RpcError } from '../errors.ts';
import type { BackendCallOptions, ToolCall } from '../jobs/ports.ts';
import { sameJson } from '../lib/json/json.ts';
import { markedValues } from '../tools/schema/header-marks.ts';
import { repeatsArguments } from './connection/facts/server-facts.ts';
import type { Connection } from './connection/open.ts';

/** HeaderMismatch: the request was refused for its headers, before anything was run. */
const HEADER_MISMATCH = -32020;

type Mirrored = NonNullable<ToolCall['mirrored']>;

/**
 * Makes the sender of a connection's calls. A server that refuses a call for its headers may have changed the tool since its definition was read:
 * the definition is read again, and the call sent once more if it wants other headers now. Errors: those of `send`.
 */
export function paramHeaders(connection: Connection) {
  const hasHeaders = repeatsArguments(connection.facts);
  /** Definitions that turned out to be newer than the caller's. */
  const schemas = new Map<string, unknown>();

  const freshHeaders = async (call: ToolCall, signal: AbortSignal | undefined): Promise<Mirrored> => {
    const { entries } = await fetchTools(
      (method, params, options) => connection.request(method, params, { ...options, signal }),
      () => {},
    );
    const tool = entries.find(({ name }) => name === call.name);
    if (tool) schemas.set(call.name, tool.inputSchema);
    return markedValues(tool?.inputSchema, call.arguments);
  };

  return async <T>(
    call: ToolCall,
    { signal }: BackendCallOptions,
    send: (mirrored: Mirrored | undefined) => Promise<T>,
  ): Promise<T> => {
    if (!hasHeaders) return send(undefined);
    const mirrored = schemas.has(call.name)
      ? markedValues(schemas.get(call.name), call.arguments)
      : call.mirrored;
    try {
      return await send(mirrored);
    } catch (error) {
      if (!(error instanceof RpcError) || error.rpcCode !== HEADER_MISMATCH) throw error;
      const fresh = await freshHeaders(call, signal as AbortSignal | undefined).catch(() => undefined);
      if (fresh === undefined || sameJson(fresh, mirrored ?? {})) throw error;
      connection.toolsChanged(`${call.name} wants other headers than before`);
      return send(fresh);
    }
  };
}
