import { StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import type { CliError } from '../errors.ts';
import { classifyFailure } from './failure.ts';
import { FetchError, nodeFetch } from './node-fetch.ts';
import { useAgents } from './proxy.ts';
import { type Scrub, scrubbed, scrubberOf } from './scrub.ts';
import type { HttpTarget, Target } from './target.ts';

export type TransportKind = 'http' | 'sse' | 'stdio';

/** A transport that is not started yet, and what is known about its failures. */
export interface PreparedTransport {
  transport: Transport;
  kind: TransportKind;
  /** Rejects when a stdio server ends. */
  died?: Promise<never>;
  /** What went wrong, in the program's own errors. */
  explain(error: unknown): CliError;
  /** Takes out of a server's error what the person sent in headers. */
  scrub?: Scrub;
  /** Whether the answer to the request of this id is an event stream; undefined where answers are not tied to requests. */
  streams?: (id: string) => boolean;
  /** Ends the process of a stdio server, closes sockets. */
  close(): Promise<void>;
}

export interface TransportOptions {
  /** What the person knows the server by. */
  name: string;
  /** The command of a stdio server as it was configured: what a variable holds may be a secret. */
  shown?: string | undefined;
  resume?: { sessionId: string; protocolVersion: string | null } | undefined;
  now: () => Date;
  log?: ((line: string) => void) | undefined;
  /** Hears the `Date` of each HTTP response. */
  onDate?: ((date: string) => void) | undefined;
}

/** The SDK's transport for a target. `kind` picks between Streamable HTTP and HTTP+SSE. */
export async function prepareTransport(
  target: Target,
  kind: TransportKind,
  options: TransportOptions,
): Promise<PreparedTransport> {
  if (target.kind === 'stdio') {
    const { openStdio } = await import('./stdio.ts');
    const { transport, died, ...process } = await openStdio(
      target,
      options.shown ?? target.command,
      options.log,
    );
    return {
      transport,
      kind: 'stdio',
      died,
      explain: (error) => process.explain(error, options.name),
      close: () => process.close(),
    };
  }
  const retryAfter = { ms: undefined as number | undefined };
  const releaseAgents = useAgents();
  const streaming = new Set<string>();
  const scrub = scrubberOf(target.headers);
  const transport = await httpTransport(target, kind, { ...options, scrub }, retryAfter, streaming);
  return {
    transport,
    kind,
    scrub,
    ...(kind === 'http' ? { streams: (id: string) => streaming.has(id) } : {}),
    explain: (error) =>
      classifyFailure(error, {
        name: options.name,
        session: sessionIdOf(transport) !== null,
        retryAfterMs: retryAfter.ms,
      }),
    async close() {
      await transport.close();
      releaseAgents();
    },
  };
}

/** The session that the transport is in, if any. */
export function sessionIdOf(transport: Transport): string | null {
  return transport.sessionId ?? null;
}

async function httpTransport(
  target: HttpTarget,
  kind: TransportKind,
  options: TransportOptions & { scrub: Scrub },
  retryAfter: { ms: number | undefined },
  streaming: Set<string>,
): Promise<Transport> {
  const straight = refusingCircles(nodeFetch);
  const fetch = async (url: string | URL, init?: RequestInit): Promise<Response> => {
    options.log?.(`${init?.method ?? 'GET'} ${new URL(url).pathname}`);
    const response = await straight(url, init);
    const date = response.headers.get('date');
    if (date !== null) options.onDate?.(date);
    if (response.headers.get('content-type')?.includes('text/event-stream')) {
      const id = /"id":"([^"]+)"/.exec(String(init?.body ?? '').slice(0, 200))?.[1];
      if (id !== undefined) streaming.add(id);
    }
    if (!response.ok) {
      options.log?.(`HTTP ${response.status}`);
      retryAfter.ms = retryAfterMs(response.headers.get('retry-after'), options.now());
      return scrubbed(response, options.scrub);
    }
    return response;
  };
  const requestInit = { headers: target.headers };
  if (kind === 'sse') {
    const { sseTransport } = await import('./sse.ts');
    return sseTransport(target.url, { fetch, requestInit });
  }
  const { resume } = options;
  return new StreamableHTTPClientTransport(new URL(target.url), {
    fetch,
    requestInit,
    ...(resume ? { sessionId: resume.sessionId } : {}),
    ...(resume?.protocolVersion ? { protocolVersion: resume.protocolVersion } : {}),
  });
}

/**
 * The SDK follows a redirect within an origin by sending the request again where it leads to. One that leads to where the request has been is
 * refused: a call would go out to the same place twice.
 */
function refusingCircles(fetch: typeof nodeFetch): typeof nodeFetch {
  /** Where bodies were, as long as they are redirected; each has an id of its own in it. */
  const redirected = new Map<string, Set<string>>();
  return async (url, init) => {
    const { href } = new URL(url);
    const body = String(init?.body ?? '');
    const been = redirected.get(body) ?? new Set();
    redirected.delete(body);
    if (body !== '' && been.has(href))
      throw new FetchError('it redirects in a circle', undefined, false, undefined);
    const response = await fetch(url, init);
    if (response.status >= 300 && response.status < 400) redirected.set(body, been.add(href));
    return response;
  };
}

/** `Retry-After` in milliseconds: seconds or an HTTP date (RFC 9110, 10.2.3). */
export function retryAfterMs(header: string | null, now: Date): number | undefined {
  if (header === null) return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime());
}
