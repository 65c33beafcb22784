import type { Transport } from '@modelcontextprotocol/client';
import { ProtocolError } from '../../errors.ts';
import { isObject, textOf } from '../../lib/json/json.ts';
import type { Channel, JsonObject, RequestOptions } from './channel.ts';
import type { ServerFacts } from './facts/server-facts.ts';
import type { TransportKind } from './transports.ts';

/** What a handshake tells; `target` and `savedAt` are added by whoever remembers it. */
export type Negotiated = Omit<ServerFacts, 'target' | 'savedAt'>;

/** What this client says of itself. */
export interface Introduction {
  kind: TransportKind;
  version: string;
  capabilities: JsonObject;
}

/** The versions of the initialize handshake, newest first. */
const LEGACY_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', '2024-10-07'];

/**
 * Answers what a server may ask of any client, for connections without the SDK's client behind them. Set before the channel, which
 * takes what is its own first.
 */
export function answerBasics(transport: Transport): void {
  transport.onmessage = (message) => {
    const { id, method } = message as { id?: string | number | null; method?: unknown };
    if (id === undefined || id === null || typeof method !== 'string') return;
    const answer =
      method === 'ping'
        ? { jsonrpc: '2.0' as const, id, result: {} }
        : { jsonrpc: '2.0' as const, id, error: { code: -32601, message: 'Method not found' } };
    transport.send(answer).catch(() => {});
  };
}

/**
 * The initialize handshake (MCP 2025-11-25, basic/lifecycle), as raw frames. A server that leaves out what it should say of itself is none the worse
 * for it. Error: ProtocolError for a version that nobody knows.
 */
export async function initialize(
  channel: Channel,
  { kind, version, capabilities }: Introduction,
  options: RequestOptions,
): Promise<Negotiated> {
  const answer = (await channel.request(
    'initialize',
    {
      protocolVersion: LEGACY_VERSIONS[0],
      capabilities,
      clientInfo: { name: 'mcp2cli', version },
    },
    options,
  )) as JsonObject | null;
  const protocolVersion = answer?.['protocolVersion'];
  if (typeof protocolVersion !== 'string' || !LEGACY_VERSIONS.includes(protocolVersion))
    throw new ProtocolError(
      `the server speaks an unknown protocol version: ${textOf(protocolVersion ?? null)}`,
    );
  channel.speak(protocolVersion);
  await channel.notify('notifications/initialized', {});
  const { instructions, capabilities: can, serverInfo } = answer ?? {};
  return {
    transport: kind,
    era: 'legacy',
    protocolVersion,
    capabilities: isObject(can) ? can : {},
    serverInfo: isObject(serverInfo) ? serverInfo : null,
    instructions: typeof instructions === 'string' ? instructions : null,
    discover: null,
  };
}
