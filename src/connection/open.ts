import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  Client,
  PROTOCOL_VERSION_META_KEY,
  StreamableHTTPClientTransport,
  type Transport,
} from '@modelcontextprotocol/client';
import { CliError, SessionGoneError, TimeoutError, UnreachableError } from '../errors.ts';
import { Channel, type JsonObject, type RequestOptions, type ServerRequest } from './channel.ts';
import { classifyFailure, httpFailure } from './failure.ts';
import { nodeFetch } from './node-fetch.ts';
import { closeAgents } from './proxy.ts';
import type { ServerFacts } from './server-facts.ts';
import type { StdioProcess } from './stdio.ts';
import { type HttpTarget, type Target, targetHash } from './target.ts';

/**
 * What this client can do, the same for every connection: some servers list other tools for other capabilities, so a varying
 * declaration would make the catalogue vary.
 */
const CLIENT_CAPABILITIES = { elicitation: { form: {}, url: {} } };

/** How long a silent stdio server may keep the version probe waiting, in milliseconds; legacy servers often say nothing. */
const PROBE_TIMEOUT_MS = 5_000;

/** How long a server may take to answer the handshake, in milliseconds; a stdio server may be fetched by npx first. */
const HANDSHAKE_TIMEOUT_MS = 120_000;

/** How long a server may take to hear of a cancellation or of the session's end, in milliseconds. */
const FAREWELL_MS = 1_000;

export interface OpenOptions {
  /** What the person knows the server by, for messages. */
  name: string;
  version: string;
  /** Unexpanded target, for the hash; `target` itself is ready to use. */
  identity: Target;
  /** Facts of an earlier connection to the same target. */
  known?: ServerFacts | undefined;
  /** Resume this session instead of opening one (legacy over HTTP). */
  resume?: { sessionId: string; protocolVersion: string | null } | undefined;
  signal?: AbortSignal | undefined;
  now: () => Date;
  /** Lines for `--verbose`. */
  log?: ((line: string) => void) | undefined;
}

/** An open connection to one server. Close it, or the process does not end. */
export interface Connection {
  readonly facts: ServerFacts;
  readonly sessionId: string | null;
  readonly channel: Channel;
  request(method: string, params: JsonObject, options?: RequestOptions): Promise<unknown>;
  onServerRequest(handler: ((request: ServerRequest) => boolean) | undefined): void;
  /** Opens the standalone GET stream of a resumed session, where servers may put their questions. */
  listen(): Promise<void>;
  /** `endSession` tells the server that the session is over (HTTP DELETE); never after a background submission. */
  close(options?: { endSession?: boolean }): Promise<void>;
}

/**
 * Connects: with remembered facts at once, otherwise by negotiation (modern, then legacy, then HTTP+SSE).
 * Errors: UnreachableError, AuthError, SessionGoneError for a session that is gone, the signal's reason when aborted.
 */
export async function openConnection(target: Target, options: OpenOptions): Promise<Connection> {
  if (options.resume || options.known === undefined) return attempt(target, options, options.known);
  try {
    return await attempt(target, options, options.known);
  } catch (error) {
    // A server that was upgraded or moved back refuses the remembered version loudly: ask once more, without the memory.
    if (error instanceof CliError && (error.code === 'rpc_error' || staleStatus(error))) {
      options.log?.(`remembered protocol version refused (${error.message}); negotiating again`);
      return attempt(target, options, undefined);
    }
    throw error;
  }
}

function staleStatus(error: CliError): boolean {
  return error instanceof UnreachableError && [400, 404, 405].includes(error.status ?? 0);
}

async function attempt(
  target: Target,
  options: OpenOptions,
  known: ServerFacts | undefined,
): Promise<Connection> {
  if (target.kind === 'stdio') return openOnce(target, options, known, 'stdio');
  if (known?.transport === 'sse') return openOnce(target, options, known, 'sse');
  try {
    return await openOnce(target, options, known, 'http');
  } catch (error) {
    const status = error instanceof UnreachableError ? error.status : undefined;
    if (known !== undefined || options.resume || ![400, 404, 405].includes(status ?? 0)) throw error;
    options.log?.(`no Streamable HTTP here (HTTP ${status}); trying HTTP+SSE`);
    try {
      return await openOnce(target, options, undefined, 'sse');
    } catch {
      throw error;
    }
  }
}

async function openOnce(
  target: Target,
  options: OpenOptions,
  known: ServerFacts | undefined,
  kind: 'http' | 'sse' | 'stdio',
): Promise<Connection> {
  const retryAfter = { ms: undefined as number | undefined };
  let process: StdioProcess | undefined;
  let transport: Transport;
  if (target.kind === 'stdio') {
    const { openStdio } = await import('./stdio.ts');
    process = await openStdio(target, options.log);
    transport = process.transport;
  } else {
    transport = await httpTransport(target, kind, options, retryAfter);
  }
  const context = () => ({
    name: options.name,
    session: (transport as { sessionId?: string }).sessionId !== undefined,
    retryAfterMs: retryAfter.ms,
  });
  const client = new Client(
    { name: 'mcp2cli', version: options.version },
    {
      capabilities: CLIENT_CAPABILITIES,
      versionNegotiation: { mode: 'auto', probe: { timeoutMs: PROBE_TIMEOUT_MS } },
    },
  );
  // The SDK reports every frame that it does not know here, own raw answers of late included.
  client.onerror = (error) => options.log?.(`sdk: ${error.message}`);
  const abort = abortable(options.signal);
  try {
    const legacy = options.resume !== undefined || known?.era === 'legacy' || kind === 'sse';
    const modern = known?.era === 'modern' && known.discover ? known.discover : undefined;
    const connecting = client.connect(transport, {
      timeout: HANDSHAKE_TIMEOUT_MS,
      ...(legacy
        ? { prior: { kind: 'legacy' } }
        : modern
          ? { prior: { kind: 'modern', discover: modern } }
          : {}),
    } as Parameters<Client['connect']>[1]);
    await Promise.race([connecting, abort.promise, ...(process ? [process.died] : [])]);
  } catch (error) {
    await client.close().catch(() => {});
    await transport.close().catch(() => {});
    closeAgents();
    if (options.signal?.aborted) throw options.signal.reason;
    throw process ? process.explain(error, options.name) : classifyHandshake(error, context());
  } finally {
    abort.dispose();
  }
  return connection(target, options, known, kind, client, transport, process, context);
}

async function httpTransport(
  target: HttpTarget,
  kind: 'http' | 'sse' | 'stdio',
  options: OpenOptions,
  retryAfter: { ms: number | undefined },
): Promise<Transport> {
  const fetch = async (url: string | URL, init?: RequestInit): Promise<Response> => {
    options.log?.(`${init?.method ?? 'GET'} ${new URL(url).pathname}`);
    const response = await nodeFetch(url, init);
    if (!response.ok) {
      options.log?.(`HTTP ${response.status}`);
      retryAfter.ms = retryAfterMs(response.headers.get('retry-after'), options.now());
    }
    return response;
  };
  const requestInit = { headers: target.headers };
  if (kind === 'sse') {
    const { SSEClientTransport } = await import('@modelcontextprotocol/client');
    return new SSEClientTransport(new URL(target.url), { fetch, requestInit });
  }
  return new StreamableHTTPClientTransport(new URL(target.url), {
    fetch,
    requestInit,
    ...(options.resume
      ? {
          sessionId: options.resume.sessionId,
          ...(options.resume.protocolVersion ? { protocolVersion: options.resume.protocolVersion } : {}),
        }
      : {}),
  });
}

function connection(
  target: Target,
  options: OpenOptions,
  known: ServerFacts | undefined,
  kind: 'http' | 'sse' | 'stdio',
  client: Client,
  transport: Transport,
  process: StdioProcess | undefined,
  context: () => { name: string; session: boolean; retryAfterMs: number | undefined },
): Connection {
  const discover = client.getDiscoverResult() as JsonObject | undefined;
  const negotiated = client.getNegotiatedProtocolVersion();
  // A resumed session runs no handshake: what the SDK does not know then is what was stored.
  const facts: ServerFacts =
    options.resume && known
      ? known
      : {
          target: targetHash(options.identity),
          transport: kind,
          era: client.getProtocolEra() ?? 'legacy',
          protocolVersion: negotiated ?? options.resume?.protocolVersion ?? null,
          capabilities: (client.getServerCapabilities() ?? {}) as JsonObject,
          serverInfo: (client.getServerVersion() ?? null) as JsonObject | null,
          instructions: client.getInstructions() ?? null,
          discover: discover ?? null,
          savedAt: options.now().toISOString(),
        };
  const modern = facts.era === 'modern';
  const channel = new Channel(transport, {
    envelope: modern
      ? {
          [PROTOCOL_VERSION_META_KEY]: facts.protocolVersion,
          [CLIENT_INFO_META_KEY]: { name: 'mcp2cli', version: options.version },
          [CLIENT_CAPABILITIES_META_KEY]: CLIENT_CAPABILITIES,
        }
      : undefined,
    cancelByClosing: modern && kind === 'http',
    classify: (error) =>
      process?.exited ? process.explain(error, options.name) : classifyFailure(error, context()),
  });
  const sessionId = () => (transport as { sessionId?: string }).sessionId ?? null;
  return {
    facts,
    channel,
    get sessionId() {
      return sessionId();
    },
    request: (method, params, requestOptions) => channel.request(method, params, requestOptions),
    onServerRequest: (handler) => channel.onServerRequest(handler),
    async listen() {
      // Another process may hold the one stream that some servers allow (409), others have none (405): both are fine.
      if (transport instanceof StreamableHTTPClientTransport)
        await transport
          .resumeStream('')
          .catch((error: unknown) => options.log?.(`no GET stream: ${String(error)}`));
    },
    async close({ endSession = false } = {}) {
      await Promise.race([channel.farewell(), unrefTimeout(FAREWELL_MS)]);
      if (
        endSession &&
        target.kind === 'http' &&
        transport instanceof StreamableHTTPClientTransport &&
        sessionId()
      )
        await Promise.race([transport.terminateSession().catch(() => {}), unrefTimeout(FAREWELL_MS)]);
      await client.close().catch(() => {});
      closeAgents();
    },
  };
}

/** The handshake's own failures: a server that answers nothing is unreachable, whatever the SDK calls it. */
function classifyHandshake(
  error: unknown,
  context: { name: string; session: boolean; retryAfterMs: number | undefined },
): CliError {
  if (httpFailure(error) === undefined && error instanceof Error) {
    const code = (error as { code?: unknown }).code;
    if (typeof code === 'number')
      return new CliError('rpc_error', 1, `${context.name} refused the connection: ${error.message}`, {
        cause: error,
        details: { rpc_code: code },
      });
    if (code === 'REQUEST_TIMEOUT')
      return new UnreachableError(`cannot reach ${context.name}: no answer to the handshake`, {
        cause: error,
      });
  }
  const classified = classifyFailure(error, context);
  if (classified instanceof TimeoutError || classified instanceof SessionGoneError) return classified;
  return classified;
}

/** `Retry-After` in milliseconds: seconds or an HTTP date (RFC 9110, 10.2.3). */
export function retryAfterMs(header: string | null, now: Date): number | undefined {
  if (header === null) return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime());
}

function abortable(signal: AbortSignal | undefined): { promise: Promise<never>; dispose: () => void } {
  let onAbort = () => {};
  const promise = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal?.reason);
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
  });
  promise.catch(() => {});
  return { promise, dispose: () => signal?.removeEventListener('abort', onAbort) };
}

function unrefTimeout(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
