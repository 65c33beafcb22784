import type { Transport } from '@modelcontextprotocol/client';
import type { HttpTarget, StdioTarget, Target } from '../../config/target/target.ts';
import type { CliError } from '../../errors.ts';
import { hasCredentials, type TokenSource } from '../auth/token-source.ts';
import { StreamableHttp } from '../http/streamable-http.ts';
import { useAgents } from '../proxy/proxy.ts';
import { classifyFailure } from './failure.ts';
import type { Scrub } from './scrub.ts';

export type TransportKind = 'http' | 'sse' | 'stdio';

/** A transport that is not started yet, and what is known about its failures. */
export interface PreparedTransport {
  transport: Transport;
  kind: TransportKind;
  /** Rejects when a stdio server ends. */
  died?: Promise<never>;
  /** The last words of a stdio server, as the end of a sentence; empty when it said nothing. */
  said?(): string;
  /** Whether the server has shown that it knows this transport; for those that are tried. */
  isKnown?(): boolean;
  /** What went wrong, in the program's own errors. */
  explain(error: unknown): CliError;
  /** Whether the answer to the request of this id is an event stream; undefined where answers are not tied to requests. */
  streams?: (id: string) => boolean;
  /** Opens the GET stream of a session, where there are such. */
  listen?: () => Promise<void>;
  /** Tells the server that the session is over, where there are sessions. */
  endSession?: () => Promise<void>;
  /** Ends the process of a stdio server, closes sockets. */
  close(): Promise<void>;
}

export interface TransportOptions {
  /** What the person knows the server by. */
  name: string;
  /** The command of a stdio server and its folder as they were configured: what a variable holds may be a secret. */
  shown?: Pick<StdioTarget, 'command' | 'cwd'> | undefined;
  resume?: { sessionId: string; protocolVersion: string | null } | undefined;
  /** Takes out of the server's words what the person gave it as a secret. */
  scrub: Scrub;
  /** The tokens of a login to a server over HTTP; undefined where the target has credentials of its own. */
  tokens?: TokenSource | undefined;
  now: () => Date;
  /** Hears lines that have no secret in them any more. */
  log?: ((line: string) => void) | undefined;
  /** Hears the `Date` of each HTTP response. */
  onDate?: ((date: string) => void) | undefined;
}

/** The transport for a target. `kind` picks between Streamable HTTP and HTTP+SSE. */
export async function prepareTransport(
  target: Target,
  kind: TransportKind,
  options: TransportOptions,
): Promise<PreparedTransport> {
  if (target.kind === 'http') return prepareHttp(target, kind, options);
  const { openStdio } = await import('../stdio/open.ts');
  const server = openStdio(target, options.shown ?? target, options.log);
  return { ...server, kind: 'stdio', explain: (error) => server.explain(error, options.name) };
}

async function prepareHttp(
  target: HttpTarget,
  kind: TransportKind,
  { name, scrub, log = () => {}, ...options }: TransportOptions,
): Promise<PreparedTransport> {
  const { url, headers, proxy, ca } = target;
  const route = { proxy, ca, owner: name };
  const { tokens } = options;
  const credentials = () =>
    tokens ? (tokens.login ?? 'none') : hasCredentials(target) ? 'configured' : 'none';
  const http = { ...options, url, headers, route, log };
  const explain = (error: unknown) => classifyFailure(error, { name, scrub, credentials });
  const releaseAgents = useAgents();
  const closing = (transport: Transport) => async () => {
    await transport.close();
    releaseAgents();
  };
  if (kind === 'sse') {
    const { HttpSse } = await import('../http/sse-transport.ts');
    const transport = new HttpSse(http);
    return { transport, kind, explain, isKnown: () => transport.named, close: closing(transport) };
  }
  const transport = new StreamableHttp(http);
  return {
    transport,
    kind,
    explain,
    streams: (id) => transport.streams(id),
    listen: () => transport.listen(),
    endSession: () => transport.terminateSession(),
    close: closing(transport),
  };
}

export function sessionIdOf(transport: Transport): string | null {
  return transport.sessionId ?? null;
}
