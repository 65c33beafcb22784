/** The official SDK's own client, for tests of servers. The program under test has its own connection. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { ElicitRequest, ElicitResult } from '@modelcontextprotocol/sdk/types.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';

export interface ConnectOptions {
  /** Goes on with a session that another client opened. */
  sessionId?: string;
  /** Answers questions. Without it the client declares no elicitation, unless it resumes a session. */
  elicit?: (request: ElicitRequest) => ElicitResult | Promise<ElicitResult>;
  /** Sees every message that arrives, answers included. */
  onMessage?: (message: Record<string, unknown>) => void;
}

export interface Connected {
  client: Client;
  sessionId: string;
}

let resumed = 0;

/** Connects an SDK client to a Streamable HTTP server. */
export async function connect(url: string, options: ConnectOptions = {}): Promise<Connected> {
  const client = new Client(
    { name: 'test', version: '1' },
    { capabilities: options.elicit ? { elicitation: {} } : {} },
  );
  if (options.elicit) client.setRequestHandler(ElicitRequestSchema, options.elicit);
  if (options.sessionId !== undefined)
    // Two clients on one session must not use the same ids, and the SDK numbers from 0 in each (wire.md).
    Object.assign(client, { _requestMessageId: ++resumed * 100_000 });
  const transport = new StreamableHTTPClientTransport(
    new URL(url),
    options.sessionId === undefined ? {} : { sessionId: options.sessionId },
  );
  if (options.sessionId !== undefined) transport.setProtocolVersion('2025-11-25');
  // The SDK's own transport does not fit its own interface under exactOptionalPropertyTypes.
  await client.connect(transport as Transport);
  const forward = transport.onmessage;
  transport.onmessage = (message) => {
    options.onMessage?.(message as Record<string, unknown>);
    forward?.(message);
  };
  return { client, sessionId: transport.sessionId ?? '' };
}
