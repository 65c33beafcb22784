import { Client, SdkErrorCode, SdkHttpError, type Transport } from '@modelcontextprotocol/client';
import { UnreachableError } from '../errors.ts';
import { deeperThan } from '../json.ts';
import { DEEPEST } from './channel.ts';
import { HANDSHAKE_TIMEOUT_MS } from './handshake.ts';
import { HttpError } from './http/http-error.ts';
import type { ServerFacts } from './server-facts.ts';
import type { PreparedTransport } from './transports.ts';

/** How long a silent stdio server may keep the version probe waiting, in milliseconds; legacy servers often say nothing. */
const PROBE_TIMEOUT_MS = 5_000;

/** What a handshake tells; `target` and `savedAt` are added by whoever remembers it. */
export type Negotiated = Omit<ServerFacts, 'target' | 'savedAt'>;

/**
 * First contact: the SDK's client finds out which protocol versions the server speaks (modern, then legacy) and connects. What is
 * learned makes this step unnecessary next time (handshake.ts).
 */
export async function negotiate(
  { transport, kind }: PreparedTransport,
  version: string,
  capabilities: Record<string, unknown>,
  log: ((line: string) => void) | undefined,
): Promise<Negotiated> {
  const client = new Client(
    { name: 'mcp2cli', version },
    {
      capabilities,
      versionNegotiation: { mode: 'auto', probe: { timeoutMs: PROBE_TIMEOUT_MS } },
    },
  );
  // The SDK reports every frame here that it does not know, answers to raw requests that came too late included.
  client.onerror = (error) => log?.(`sdk: ${error.message}`);
  const refused = tellingStatuses(transport);
  await client.connect(transport, { timeout: HANDSHAKE_TIMEOUT_MS }).catch((error: unknown) => {
    const last = refused.last;
    throw last && (error as { data?: { status?: unknown } }).data?.status === last.status ? last : error;
  });
  const facts: Negotiated = {
    transport: kind,
    era: client.getProtocolEra() ?? 'legacy',
    protocolVersion: client.getNegotiatedProtocolVersion() ?? null,
    capabilities: (client.getServerCapabilities() ?? {}) as Record<string, unknown>,
    serverInfo: (client.getServerVersion() ?? null) as Record<string, unknown> | null,
    instructions: client.getInstructions() ?? null,
    discover: (client.getDiscoverResult() as Record<string, unknown> | undefined) ?? null,
  };
  if (deeperThan(facts, DEEPEST))
    throw new UnreachableError(`its handshake is nested deeper than ${DEEPEST} levels`);
  return facts;
}

/**
 * The SDK's client knows statuses by its own errors only, and decides by them whether a server is an older one. Returns where the last one is
 * kept as this program knows it.
 */
function tellingStatuses(transport: Transport): { last: HttpError | undefined } {
  const refused = { last: undefined as HttpError | undefined };
  const send = transport.send.bind(transport);
  transport.send = (message, options) =>
    send(message, options).catch((error: unknown) => {
      if (!(error instanceof HttpError)) throw error;
      refused.last = error;
      const { status, statusText, body: text } = error;
      const data = { status, statusText, text };
      throw new SdkHttpError(SdkErrorCode.ClientHttpNotImplemented, error.message, data, { cause: error });
    });
  return refused;
}
