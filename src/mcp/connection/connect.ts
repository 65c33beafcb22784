import { rmSync } from 'node:fs';
import type { Target } from '../../config/target.ts';
import { targetHash } from '../../config/target-hash.ts';
import { type ClientDuties, serveDuties } from './client-features.ts';
import { readFacts, writeFacts } from './facts-cache.ts';
import type { Connection } from './open.ts';
import type { ServerFacts } from './server-facts.ts';

export interface Reach {
  /** What the person knows the server by. */
  name: string;
  version: string;
  /** Unexpanded. */
  identity: Target;
  /** Ready for use; variables are filled in when it is called. Error: UsageError. */
  target: () => Target;
  /** Where the facts about the server are remembered. */
  serverFile: string;
  /** What the client does for the server by itself, and says that it can do; without it elicitation alone is declared. */
  duties?: ClientDuties | undefined;
  /** Milliseconds that connecting may take; no limit without it. */
  connectTimeoutMs?: number | undefined;
  now: () => Date;
  log: (line: string) => void;
  /** Hears the `Date` of each HTTP response. */
  onDate?: ((date: string) => void) | undefined;
}

export interface ReachOptions {
  /** Into this session rather than a new one. */
  resume?: { session_id: string | null; protocol_version: string | null } | null | undefined;
  signal?: AbortSignal | undefined;
}

/** What is remembered of the server, if anything. */
export function rememberedFacts({ serverFile, identity, duties }: Reach): ServerFacts | undefined {
  return readFacts(serverFile, targetHash(identity), duties?.declared ?? '');
}

/** Connects with what is remembered of the server, and remembers what is learned. Errors: those of `openConnection`, UsageError. */
export async function connectTo(reach: Reach, { resume, signal }: ReachOptions = {}): Promise<Connection> {
  const target = reach.target();
  const { duties } = reach;
  duties?.check();
  const known = rememberedFacts(reach);
  // The SDK is loaded with the first connection and not before.
  const { openConnection } = await import('./open.ts');
  const connection = await openConnection(target, {
    name: reach.name,
    version: reach.version,
    identity: reach.identity,
    known,
    signal,
    connectTimeoutMs: reach.connectTimeoutMs,
    now: reach.now,
    log: reach.log,
    onDate: reach.onDate,
    capabilities: duties?.capabilities,
    onChannel: duties && ((channel) => serveDuties(channel, duties, reach.log)),
    onStale: () => rmSync(reach.serverFile, { force: true }),
    resume: resume?.session_id
      ? { sessionId: resume.session_id, protocolVersion: resume.protocol_version }
      : undefined,
  });
  if (!resume) remember(reach, connection.facts, known);
  return connection;
}

function remember(reach: Reach, facts: ServerFacts, before: ServerFacts | undefined): void {
  try {
    writeFacts(reach.serverFile, facts, reach.duties?.declared ?? '', before);
  } catch (error) {
    reach.log(`the server's version was not remembered: ${(error as Error).message}`);
  }
}
