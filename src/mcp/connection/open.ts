import type { Target } from '../../config/target/target.ts';
import { targetHash } from '../../config/target/target-hash.ts';
import { CliError, RpcError, TimeoutError, UnreachableError } from '../../errors.ts';
import { orAborted } from '../../lib/stop.ts';
import { CLIENT_CAPABILITIES } from '../client-features/client-capabilities.ts';
import { Channel, type JsonObject, type RequestOptions } from './channel.ts';
import { connectLimit, tooLate } from './connect-limit.ts';
import { cutFacts } from './facts/cut-facts.ts';
import type { ServerFacts } from './facts/server-facts.ts';
import { answerBasics, initialize } from './handshake.ts';
import { meet } from './meet.ts';
import { CLIENT_CAPABILITIES_META_KEY } from './meta-keys.ts';
import { type Scrub, scrubberWith, scrubError, secretsOf } from './scrub.ts';
import { patiently, withSecondTry } from './second-try.ts';
import {
  type PreparedTransport,
  prepareTransport,
  sessionIdOf,
  type TransportKind,
  type TransportOptions,
} from './transports.ts';

/** How long a server may take to hear of a cancellation or of the session's end, in milliseconds. */
const FAREWELL_MS = 1_000;

export interface OpenOptions extends Omit<TransportOptions, 'scrub' | 'shown'> {
  version: string;
  /** Unexpanded target, for the hash; `target` itself is ready to use. */
  identity: Target;
  /** Facts of an earlier connection to the same target. */
  known?: ServerFacts | undefined;
  /** Resume this session instead of opening one (legacy over HTTP): no round trips. */
  resume?: { sessionId: string; protocolVersion: string | null } | undefined;
  signal?: AbortSignal | undefined;
  /** Milliseconds that connecting may take in all: starting the server, and every attempt at a handshake. No limit without it. */
  connectTimeoutMs?: number | undefined;
  /** What the client says that it can do (ClientCapabilities). */
  capabilities?: JsonObject | undefined;
  /** Gets the channel before the server can have asked anything. */
  onChannel?: ((channel: Channel) => void) | undefined;
  /** What was remembered turned out wrong only after connecting: forget it. */
  onStale?: (() => void) | undefined;
  /** The server's tools are others than those that were read before: forget them. */
  onToolsChanged?: (() => void) | undefined;
}

/** An open connection to one server. Close it, or the process does not end. */
export interface Connection {
  readonly facts: ServerFacts;
  readonly sessionId: string | null;
  readonly channel: Channel;
  /** The server is this program itself, over job files of the user's. */
  readonly servesJobs: boolean;
  request(method: string, params: JsonObject, options?: RequestOptions): Promise<unknown>;
  /** The params of a request that declares an extension too, as each request of 2026-07-28 does for itself. */
  declaring(params: JsonObject, extension: string): JsonObject;
  /** Opens the standalone GET stream of a resumed session, where servers may put their questions. */
  listen(): Promise<void>;
  /** What was read of the server's tools earlier is no longer true. */
  toolsChanged(why: string): void;
  /** `endSession` tells the server that the session is over (HTTP DELETE); never after a background submission. */
  close(options?: { endSession?: boolean }): Promise<void>;
}

/**
 * Connects: with remembered facts at once, otherwise by negotiation (modern, then legacy, then HTTP+SSE).
 * Errors: UnreachableError, AuthError, SessionGoneError for a session that is gone, RpcError when the server refuses, the signal's
 * reason when aborted.
 */
export async function openConnection(target: Target, options: OpenOptions): Promise<Connection> {
  const { signal, log, connectTimeoutMs: limitMs } = options;
  const limit = connectLimit(limitMs);
  try {
    return await patiently(() => openSomehow(target, options, limit.signal), { signal, log, limitMs });
  } finally {
    limit.dispose();
  }
}

async function openSomehow(target: Target, options: OpenOptions, late: AbortSignal): Promise<Connection> {
  const { known, resume, log } = options;
  const kind = target.kind === 'stdio' ? 'stdio' : (known?.transport ?? 'http');
  try {
    return await openOnce(target, kind, options, known, late);
  } catch (error) {
    if (resume || !(error instanceof CliError)) throw error;
    if (known !== undefined && refusesRemembered(error)) {
      log?.(`what is remembered of the server was refused (${error.message}); negotiating again`);
      return openSomehow(target, { ...options, known: undefined }, late);
    }
    if (known !== undefined || kind !== 'http' || !hasStatus(error, [400, 404, 405])) throw error;
    log?.(`no Streamable HTTP here (${error.message}); trying HTTP+SSE`);
    let isSse = false;
    const onKnown = () => {
      isSse = true;
    };
    // What fails where the server knows HTTP+SSE is the reason; else it is what Streamable HTTP said.
    return openOnce(target, 'sse', options, undefined, late, onKnown).catch((second: unknown) => {
      throw late.aborted || isSse ? second : error;
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

/** `late` is aborted when connecting has taken too long. `onKnown` hears, when it fails, that the server knows the transport. */
async function openOnce(
  target: Target,
  kind: TransportKind,
  given: OpenOptions,
  known: ServerFacts | undefined,
  late: AbortSignal,
  onKnown = () => {},
): Promise<Connection> {
  const { log, tokens } = given;
  const scrub = scrubberWith(tokens?.handedOut, secretsOf(target));
  const options: OpenOptions = { ...given, log: log && ((line) => log(scrub(line))) };
  const prepared = await prepare(target, kind, options, scrub);
  const channel = channelOver(prepared, scrub, options);
  options.onChannel?.(channel);
  const signal = options.signal ? AbortSignal.any([options.signal, late]) : late;
  let missing: string | undefined;
  const onLate = () => {
    missing = channel.awaiting;
  };
  late.addEventListener('abort', onLate, { once: true });
  try {
    const { version, capabilities = CLIENT_CAPABILITIES, resume } = options;
    const introduction = { version, capabilities, known, resume };
    const meeting = meet(channel, prepared, introduction, signal);
    const negotiated = await orAborted(
      prepared.died ? Promise.race([meeting, prepared.died]) : meeting,
      signal,
    );
    const facts: ServerFacts = {
      ...cutFacts(negotiated),
      target: targetHash(options.identity),
      savedAt: options.now().toISOString(),
    };
    return connection(prepared, channel, facts, options);
  } catch (error) {
    if (prepared.isKnown?.()) onKnown();
    await prepared.close().catch(() => {});
    if (options.signal?.aborted) throw withWords(options.signal.reason, scrub(prepared.said?.() ?? ''));
    if (late.aborted) throw tooLate(prepared, options.name, options.connectTimeoutMs ?? 0, missing);
    throw explainHandshake(error, prepared, options.name);
  } finally {
    late.removeEventListener('abort', onLate);
  }
}

/** A transport whose errors have none of the target's secrets in them. */
async function prepare(
  target: Target,
  kind: TransportKind,
  options: OpenOptions,
  scrub: Scrub,
): Promise<PreparedTransport> {
  const { identity } = options;
  const shown = identity.kind === 'stdio' ? identity : undefined;
  const prepared = await prepareTransport(target, kind, { ...options, shown, scrub });
  return { ...prepared, explain: (error) => scrubError(prepared.explain(error), scrub) };
}

function channelOver(prepared: PreparedTransport, scrub: Scrub, { log }: OpenOptions): Channel {
  const { transport, explain, streams } = prepared;
  answerBasics(transport);
  const { onerror } = transport;
  transport.onerror = (error) => {
    onerror?.call(transport, error);
    log?.(`transport: ${error.message}`);
  };
  return new Channel(transport, { classify: explain, streams, scrub, log });
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
        ? async () => {
            const introduction = { kind, version, capabilities };
            await initialize(channel, introduction, { timeoutMs: options.connectTimeoutMs });
          }
        : undefined,
  });
  return {
    facts,
    channel,
    servesJobs: options.identity.kind === 'stdio' && options.identity.jobs !== undefined,
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
    toolsChanged(why) {
      log?.(`the server's tools have changed: ${why}`);
      options.onToolsChanged?.();
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
  return new RpcError(code ?? 0, error.message, (error as RpcError).more, {
    cause: error,
    hint: 'if the server has changed its protocol version: that will be asked anew by the next command',
  });
}

/** The end of `--timeout` while connecting, with what the server said instead of answering. */
function withWords(reason: unknown, said: string): unknown {
  if (!(reason instanceof TimeoutError) || said === '') return reason;
  return new TimeoutError(`${reason.message}${said}`, { hint: reason.hint, cause: reason });
}

/** The handshake's own failures: a server that refuses it has refused the connection. */
function explainHandshake(error: unknown, prepared: PreparedTransport, name: string): CliError {
  const explained = prepared.explain(error);
  if (explained instanceof RpcError)
    return new RpcError(
      explained.rpcCode,
      `${name} refused the connection: ${explained.message}`,
      explained.more,
    );
  return explained;
}

function unrefTimeout(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
