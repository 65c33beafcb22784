import { rmSync } from 'node:fs';
import { type JobHost, startable } from '../../config/target/job-host.ts';
import type { Target } from '../../config/target/target.ts';
import { targetHash } from '../../config/target/target-hash.ts';
import type { Logins } from '../auth/logins.ts';
import { tokenSource } from '../auth/token-source.ts';
import { type ClientFeatures, serveFeatures } from '../client-features/client-features.ts';
import { readFacts, writeFacts } from './facts/facts-cache.ts';
import type { ServerFacts } from './facts/server-facts.ts';
import type { Connection } from './open.ts';

export interface ConnectTarget {
  /** What the person knows the server by. */
  name: string;
  version: string;
  /** Unexpanded. */
  identity: Target;
  /** Ready for use; variables are filled in when it is called. Error: UsageError. */
  target: () => Target;
  /** What starts this program's own server, for job files. */
  jobHost: JobHost;
  /** Where the facts about the server are remembered. */
  serverFile: string;
  /** Where the login of the instance is. */
  logins?: Logins | undefined;
  /** Where its tools are remembered. */
  catalogueFile: string;
  /** What the client does for the server by itself, and says that it can do; without it elicitation alone is declared. */
  features?: ClientFeatures | undefined;
  /** Milliseconds that connecting may take; no limit without it. */
  connectTimeoutMs?: number | undefined;
  now: () => Date;
  log: (line: string) => void;
  /** Hears the `Date` of each HTTP response. */
  onDate?: ((date: string) => void) | undefined;
}

export interface ConnectOptions {
  /** Into this session rather than a new one. */
  resume?: { session_id: string | null; protocol_version: string | null } | null | undefined;
  signal?: AbortSignal | undefined;
}

/** What is remembered of the server, if anything. */
export function rememberedFacts({ serverFile, identity, features }: ConnectTarget): ServerFacts | undefined {
  return readFacts(serverFile, targetHash(identity), features?.declared ?? '');
}

/** Connects with what is remembered of the server, and remembers what is learned. Errors: those of `openConnection`, UsageError. */
export async function connectTo(
  connectTarget: ConnectTarget,
  { resume, signal }: ConnectOptions = {},
): Promise<Connection> {
  const target = startable(connectTarget.target(), connectTarget.jobHost);
  const { features } = connectTarget;
  features?.check();
  const known = rememberedFacts(connectTarget);
  // The SDK is loaded with the first connection and not before.
  const { openConnection } = await import('./open.ts');
  const connection = await openConnection(target, {
    name: connectTarget.name,
    version: connectTarget.version,
    identity: connectTarget.identity,
    known,
    signal,
    connectTimeoutMs: connectTarget.connectTimeoutMs,
    tokens: connectTarget.logins && tokenSource(target, connectTarget.logins),
    now: connectTarget.now,
    log: connectTarget.log,
    onDate: connectTarget.onDate,
    capabilities: features?.capabilities,
    onChannel: features && ((channel) => serveFeatures(channel, features, connectTarget.log)),
    onStale: () => rmSync(connectTarget.serverFile, { force: true }),
    onToolsChanged: () => rmSync(connectTarget.catalogueFile, { force: true }),
    resume: resume?.session_id
      ? { sessionId: resume.session_id, protocolVersion: resume.protocol_version }
      : undefined,
  });
  if (!resume) remember(connectTarget, connection.facts, known);
  return connection;
}

function remember(connectTarget: ConnectTarget, facts: ServerFacts, before: ServerFacts | undefined): void {
  try {
    writeFacts(connectTarget.serverFile, facts, connectTarget.features?.declared ?? '', before);
  } catch (error) {
    connectTarget.log(`the server's version was not remembered: ${(error as Error).message}`);
  }
}
