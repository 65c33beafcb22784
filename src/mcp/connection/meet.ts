import type { Channel } from './channel.ts';
import type { ServerFacts } from './facts/server-facts.ts';
import { type Introduction, initialize, type Negotiated } from './handshake.ts';
import { mannerOf, negotiate } from './negotiate.ts';
import type { PreparedTransport } from './transports.ts';

/** What each side knows of the other. */
export interface Acquaintance extends Omit<Introduction, 'kind'> {
  /** Facts of an earlier connection. */
  known: ServerFacts | undefined;
  /** The session that goes on. */
  resume: { protocolVersion: string | null } | undefined;
}

/** What the server says about itself: now, or when it was last asked. The channel is started, and sends as the server wants it. */
export async function meet(
  channel: Channel,
  { transport, kind }: PreparedTransport,
  { version, capabilities, known, resume }: Acquaintance,
  signal: AbortSignal,
): Promise<Negotiated> {
  const introduction: Introduction = { kind, version, capabilities };
  const start = () => transport.start();
  if (!resume && kind !== 'sse' && (!known || (known.era === 'modern' && !known.discover)))
    return negotiate(channel, start, introduction, signal);
  const remembered: Negotiated = known ?? {
    transport: kind,
    era: 'legacy',
    protocolVersion: resume?.protocolVersion ?? null,
    capabilities: {},
    serverInfo: null,
    instructions: null,
    discover: null,
  };
  channel.manner = mannerOf(remembered, introduction);
  await start();
  if (resume) return remembered;
  if (remembered.era === 'legacy') return initialize(channel, introduction, { signal });
  channel.speak(remembered.protocolVersion ?? '');
  return remembered;
}
