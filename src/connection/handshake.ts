import type { Transport } from '@modelcontextprotocol/client';
import { ProtocolError } from '../errors.ts';
import type { Channel, JsonObject } from './channel.ts';
import type { Negotiated } from './negotiate.ts';
import type { TransportKind } from './transports.ts';

/** How long a server may take to answer the handshake, in milliseconds; a stdio server may be fetched by npx first. */
export const HANDSHAKE_TIMEOUT_MS = 120_000;

/** The versions of the initialize handshake, newest first. */
const LEGACY_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', '2024-10-07'];

/**
 * Answers what a server may ask of any client, for connections without the SDK's client behind them. Set before the channel, which
 * takes what is its own first.
 */
export function answerBasics(transport: Transport): void {
  transport.onmessage = (message) => {
    const { id, method } = message as { id?: string | number; method?: string };
    if (id === undefined || method === undefined) return;
    const answer =
      method === 'ping'
        ? { jsonrpc: '2.0' as const, id, result: {} }
        : { jsonrpc: '2.0' as const, id, error: { code: -32601, message: 'Method not found' } };
    transport.send(answer).catch(() => {});
  };
}

/**
 * The initialize handshake of a server that is known to be legacy (MCP 2025-11-25, basic/lifecycle), as raw frames: the SDK's client
 * would build its schemas of all results for it, 18 ms of every call. Error: ProtocolError for a version that nobody knows.
 */
export async function initialize(
  channel: Channel,
  transport: Transport,
  { kind, version, capabilities }: { kind: TransportKind; version: string; capabilities: JsonObject },
): Promise<Negotiated> {
  const answer = (await channel.request(
    'initialize',
    {
      protocolVersion: LEGACY_VERSIONS[0],
      capabilities,
      clientInfo: { name: 'mcp2cli', version },
    },
    { timeoutMs: HANDSHAKE_TIMEOUT_MS },
  )) as JsonObject | null;
  const protocolVersion = answer?.['protocolVersion'];
  if (typeof protocolVersion !== 'string' || !LEGACY_VERSIONS.includes(protocolVersion))
    throw new ProtocolError(`the server speaks an unknown protocol version: ${String(protocolVersion)}`);
  transport.setProtocolVersion?.(protocolVersion);
  await channel.notify('notifications/initialized', {});
  const { instructions } = answer ?? {};
  return {
    transport: kind,
    era: 'legacy',
    protocolVersion,
    capabilities: (answer?.['capabilities'] ?? {}) as JsonObject,
    serverInfo: (answer?.['serverInfo'] ?? null) as JsonObject | null,
    instructions: typeof instructions === 'string' ? instructions : null,
    discover: null,
  };
}
