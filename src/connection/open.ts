import { CliError, RpcError, TimeoutError, UnreachableError } from '../errors.ts';
import { Channel, type JsonObject, type RequestOptions } from './channel.ts';
import { CLIENT_CAPABILITIES } from './client-capabilities.ts';
import { answerBasics, initialize } from './handshake.ts';
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  PROTOCOL_VERSION_META_KEY,
} from './meta-keys.ts';
import type { Negotiated } from './negotiate.ts';
import { patiently, withSecondTry } from './second-try.ts';
import type { ServerFacts } from './server-facts.ts';
import type { Target } from './target.ts';
import { targetHash } from './target-hash.ts';
import {
  type PreparedTransport,
  prepareTransport,
  sessionIdOf,
  type TransportKind,
  type TransportOptions,
} from './transports.ts';

/** How long a server may take to hear of a cancellation or of the session's end, in milliseconds. */
const FAREWELL_MS = 1_000;

export interface OpenOptions extends TransportOptions {
  version: string;
  /** Unexpanded target, for the hash; `target` itself is ready to use. */
  identity: Target;
  /** Facts of an earlier connection to the same target. */
  known?: ServerFacts | undefined;
  /** Resume this session instead of opening one (legacy over HTTP): no round trips. */
  resume?: { sessionId: string; protocolVersion: string | null } | undefined;
  signal?: AbortSignal | undefined;
  /** What the client says that it can do (ClientCapabilities). */
  capabilities?: JsonObject | undefined;
  /** Gets the channel before the server can have asked anything. */
  onChannel?: ((channel: Channel) => void) | undefined;
  /** What was remembered turned out wrong only after connecting: forget it. */
  onStale?: (() => void) | undefined;
}

/** An open connection to one server. Close it, or the process does not end. */
export interface Connection {
  readonly facts: ServerFacts;
  readonly sessionId: string | null;
  readonly channel: Channel;
  request(method: string, params: JsonObject, options?: RequestOptions): Promise<unknown>;
  /** The params of a request that declares an extension too, as each request of 2026-07-28 does for itself. */
  declaring(params: JsonObject, extension: string): JsonObject;
  /** Opens the standalone GET stream of a resumed session, where servers may put their questions. */
  listen(): Promise<void>;
  /** `endSession` tells the server that the session is over (HTTP DELETE); never after a background submission. */
  close(options?: { endSession?: boolean }): Promise<void>;
}

/**
 * Connects: with remembered facts at once, otherwise by negotiation (modern, then legacy, then HTTP+SSE).
 * Errors: UnreachableError, AuthError, SessionGoneError for a session that is gone, RpcError when the server refuses, the signal's
 * reason when aborted.
 */
export async function openConnection(target: Target, options: OpenOptions): Promise<Connection> {
  const { signal, log } = options;
  return patiently(() => openSomehow(target, options), { signal, log });
}

async function openSomehow(target: Target, options: OpenOptions): Promise<Connection> {
  const { known, resume, log } = options;
  const kind = target.kind === 'stdio' ? 'stdio' : (known?.transport ?? 'http');
  try {
    return await openOnce(target, kind, options, known);
  } catch (error) {
    if (resume || !(error instanceof CliError)) throw error;
    if (known !== undefined && refusesRemembered(error)) {
      log?.(`what is remembered of the server was refused (${error.message}); negotiating again`);
      return openSomehow(target, { ...options, known: undefined });
    }
    if (known !== undefined || kind !== 'http' || !hasStatus(error, [400, 404, 405])) throw error;
    log?.(`no Streamable HTTP here (${error.message}); trying HTTP+SSE`);
    return openOnce(target, 'sse', options, undefined).catch(() => {
      throw error;
    });
  }
}

/** A server that was upgraded, or moved back, refuses the remembered version loudly. */
function refusesRemembered(error: CliError): boolean {
  return error instanceof RpcError || error.code === 'protocol' || hasStatus(error, [400, 404, 405]);
}

function hasStatus(error: CliError, statuses: readonly number[]): boolean {
  return error instanceof UnreachableError && statuses.includes(error.status ?? 0);
}

async function openOnce(
  target: Target,
  kind: TransportKind,
  options: OpenOptions,
  known: ServerFacts | undefined,
): Promise<Connection> {
  const { identity } = options;
  const shown = identity.kind === 'stdio' ? identity.command : undefined;
  const prepared = await prepareTransport(target, kind, { ...options, shown });
  const abort = abortable(options.signal);
  try {
    const connecting = connect(prepared, options, known);
    connecting.catch(() => {});
    const [channel, negotiated] = await Promise.race([
      connecting,
      abort.promise,
      ...(prepared.died ? [prepared.died] : []),
    ]);
    const facts: ServerFacts = {
      ...negotiated,
      target: targetHash(options.identity),
      savedAt: options.now().toISOString(),
    };
    return connection(prepared, channel, facts, options);
  } catch (error) {
    await prepared.close().catch(() => {});
    if (options.signal?.aborted) throw options.signal.reason;
    throw explainHandshake(error, prepared, options.name);
  } finally {
    abort.dispose();
  }
}

/** The channel, and what the server said about itself: now, or when it was last asked. */
async function connect(
  prepared: PreparedTransport,
  options: OpenOptions,
  known: ServerFacts | undefined,
): Promise<[Channel, Negotiated]> {
  const { transport, kind } = prepared;
  const { resume, version, capabilities = CLIENT_CAPABILITIES } = options;
  if (!resume && kind !== 'sse' && (!known || (known.era === 'modern' && !known.discover))) {
    // The SDK's client, which finds out the version, is loaded for that and not before.
    const { negotiate } = await import('./negotiate.ts');
    const negotiated = await negotiate(prepared, version, capabilities, options.log);
    return [channelOf(prepared, negotiated, options, capabilities), negotiated];
  }
  const remembered: Negotiated = known ?? {
    transport: kind,
    era: 'legacy',
    protocolVersion: resume?.protocolVersion ?? null,
    capabilities: {},
    serverInfo: null,
    instructions: null,
    discover: null,
  };
  answerBasics(transport);
  const channel = channelOf(prepared, remembered, options, capabilities);
  await transport.start();
  if (resume) return [channel, remembered];
  if (remembered.era === 'legacy')
    return [channel, await initialize(channel, transport, { kind, version, capabilities })];
  transport.setProtocolVersion?.(remembered.protocolVersion ?? '');
  return [channel, remembered];
}

function channelOf(
  prepared: PreparedTransport,
  { era, protocolVersion }: Negotiated,
  { version, onChannel }: OpenOptions,
  capabilities: JsonObject,
): Channel {
  const channel = new Channel(prepared.transport, {
    envelope:
      era === 'modern'
        ? {
            [PROTOCOL_VERSION_META_KEY]: protocolVersion,
            [CLIENT_INFO_META_KEY]: { name: 'mcp2cli', version },
            [CLIENT_CAPABILITIES_META_KEY]: capabilities,
          }
        : undefined,
    cancelByClosing: era === 'modern' && prepared.kind === 'http',
    classify: (error) => prepared.explain(error),
    streams: prepared.streams,
    scrub: prepared.scrub,
  });
  onChannel?.(channel);
  return channel;
}

function connection(
  prepared: PreparedTransport,
  channel: Channel,
  facts: ServerFacts,
  options: OpenOptions,
): Connection {
  const { transport, kind } = prepared;
  const { log, onStale, version, capabilities = CLIENT_CAPABILITIES } = options;
  const request = withSecondTry((...asked) => channel.request(...asked), {
    log,
    // A session that was resumed has a task in it: a new one would not know it.
    reopen:
      facts.era === 'legacy' && kind === 'http' && !options.resume
        ? async () => void (await initialize(channel, transport, { kind, version, capabilities }))
        : undefined,
  });
  return {
    facts,
    channel,
    declaring: (params, extension) => ({
      ...params,
      _meta: {
        ...(params['_meta'] as JsonObject | undefined),
        [CLIENT_CAPABILITIES_META_KEY]: { ...capabilities, extensions: { [extension]: {} } },
      },
    }),
    get sessionId() {
      return sessionIdOf(transport);
    },
    async request(method, params, requestOptions) {
      try {
        return await request(method, params, requestOptions);
      } catch (error) {
        throw facts.era === 'modern' ? afterRefusal(error, onStale) : error;
      }
    },
    async listen() {
      // Another process may hold the one stream that some servers allow (409), others have none (405): both are fine.
      await prepared.listen?.().catch((error: unknown) => log?.(`no GET stream: ${String(error)}`));
    },
    async close({ endSession = false } = {}) {
      await Promise.race([channel.farewell(), unrefTimeout(FAREWELL_MS)]);
      if (endSession && prepared.endSession && sessionIdOf(transport) !== null)
        await Promise.race([prepared.endSession().catch(() => {}), unrefTimeout(FAREWELL_MS)]);
      await prepared.close().catch(() => {});
    },
  };
}

/**
 * A modern connection costs no round trip, so that the server has gone back to the old handshake shows with the first request:
 * UnsupportedProtocolVersion (-32022), an HTTP refusal, or what servers say to a request outside a session (-32000, -32600). The memory
 * is dropped, so that the next command asks anew. Nothing is sent again here: only the first two say for sure that nothing was run.
 */
function afterRefusal(error: unknown, onStale: (() => void) | undefined): unknown {
  if (!(error instanceof CliError)) return error;
  const code = error instanceof RpcError ? error.rpcCode : undefined;
  const sure = code === -32022 || hasStatus(error, [400, 404, 405]);
  if (!sure && code !== -32000 && code !== -32600) return error;
  onStale?.();
  if (sure)
    return new UnreachableError(`${error.message} (the server has changed its protocol version)`, {
      cause: error,
      hint: 'nothing was run; run the command again, the version will be asked anew',
    });
  return new RpcError(code ?? 0, error.message, (error as RpcError).data, {
    cause: error,
    hint: 'if the server has changed its protocol version: that will be asked anew by the next command',
  });
}

/** The handshake's own failures: a server that answers nothing is unreachable, whatever it is called on the way. */
function explainHandshake(error: unknown, prepared: PreparedTransport, name: string): CliError {
  const code = (error as { code?: unknown } | null)?.code;
  // The SDK's client reports a JSON-RPC error of the handshake under its numeric code.
  if (!(error instanceof CliError) && typeof code === 'number') {
    const { message } = error as Error;
    // Without the error as its cause: that one has the message as it came.
    return new RpcError(code, `${name} refused the connection: ${prepared.scrub?.(message) ?? message}`);
  }
  if (error instanceof TimeoutError || code === 'REQUEST_TIMEOUT')
    return prepared.explain(
      new UnreachableError(
        prepared.kind === 'stdio'
          ? 'no answer to the handshake'
          : `cannot reach ${name}: no answer to the handshake`,
        { cause: error },
      ),
    );
  return prepared.explain(error);
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
