/** What was negotiated with a server once and is remembered, so that the next process need not ask again. */
export interface ServerFacts {
  /** Hash of the target that these facts are about. */
  target: string;
  transport: 'http' | 'sse' | 'stdio';
  /** `legacy`: initialize handshake, up to 2025-11-25; `modern`: server/discover, 2026-07-28 and later. */
  era: 'legacy' | 'modern';
  protocolVersion: string | null;
  capabilities: Record<string, unknown>;
  serverInfo: Record<string, unknown> | null;
  instructions: string | null;
  /** The DiscoverResult of a modern server, verbatim. */
  discover: Record<string, unknown> | null;
  /** ISO 8601 UTC. */
  savedAt: string;
}

/** Whether calls repeat marked arguments in headers there, and tools with wrong marks may not be used: 2026-07-28 over HTTP alone. */
export function repeatsArguments({ era, transport }: Pick<ServerFacts, 'era' | 'transport'>): boolean {
  return era === 'modern' && transport === 'http';
}
