import type { Transport } from '@modelcontextprotocol/client';
import { CliError, UnreachableError } from '../../errors.ts';
import { isObject } from '../../lib/json/json.ts';
import { monotonic } from '../../lib/monotonic.ts';
import { randomId } from '../../lib/random-id.ts';
import { Listeners, type ServerRequest } from './listeners.ts';
import { resultIn } from './response.ts';
import { NO_SECRETS, type Scrub } from './scrub.ts';

export type { ServerRequest } from './listeners.ts';

export type JsonObject = Record<string, unknown>;

export interface RequestOptions {
  /** Aborting ends the wait; `cancelOnAbort` says whether the server hears of it. */
  signal?: AbortSignal | undefined;
  /** Tell the server that the request is no longer wanted (MCP cancellation), rather than just stop listening. */
  cancelOnAbort?: boolean;
  /** Milliseconds until UnreachableError. No limit without it. */
  timeoutMs?: number | undefined;
  /** Arguments that go into headers, too, by the headers' names; not encoded yet. Only HTTP has such. */
  mirrored?: Readonly<Record<string, string>> | undefined;
  /** Hears the request's JSON-RPC id: a subscription is known by it. */
  onId?: ((id: string) => void) | undefined;
}

/** How the protocol version that was agreed on wants requests to be sent. Until it is known: as the old ones want it. */
export interface Manner {
  /** `_meta` of every request (the 2026-07-28 envelope); nothing on older versions. */
  envelope?: JsonObject | undefined;
  /** True where closing the request's stream is the cancellation (2026-07-28 over HTTP). */
  cancelByClosing: boolean;
}

export interface ChannelOptions {
  classify: (error: unknown) => CliError;
  /** Takes secrets out of what the server says when it refuses, and of what it tells beside its results. */
  scrub?: Scrub | undefined;
  log?: ((line: string) => void) | undefined;
  /** Whether the answer to this request is still streaming; where it is not, a request that was sent has been answered or never will be. */
  streams?: ((id: string) => boolean) | undefined;
}

/** What a transport tells beside a message. */
interface MessageExtra {
  /** The request whose HTTP response brought it. */
  requestId?: string | number | undefined;
}

interface Pending {
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
  method: string;
}

/**
 * Requests as raw JSON-RPC frames over an SDK transport that is already connected. Raw, because results must stay as the server sent
 * them (the SDK's schemas drop and reject fields), because task answers to `tools/call` are refused by the SDK's client, and because
 * two processes on one session must not share ids: the SDK numbers from 0 in each, so ids are random strings here.
 */
export class Channel {
  readonly #transport: Transport;
  readonly #options: ChannelOptions;
  readonly #scrub: Scrub;
  /** Set when the version is known. */
  manner: Manner = { cancelByClosing: false };
  readonly #pending = new Map<string, Pending>();
  readonly #listeners: Listeners;
  readonly #closeListeners = new Set<(why: CliError) => void>();
  #closed: CliError | undefined;
  #answeredAt = Number.NEGATIVE_INFINITY;
  /** Cancellations on their way: closing the connection must not overtake them. */
  readonly #farewells = new Set<Promise<void>>();

  constructor(transport: Transport, options: ChannelOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#scrub = options.scrub ?? NO_SECRETS;
    this.#listeners = new Listeners(this.#scrub, (line) => this.#say(line));
    const forward = transport.onmessage;
    transport.onmessage = (message, extra) => {
      // A batch (JSON-RPC 2.0, section 6; MCP 2025-03-26): each message is taken for itself.
      for (const one of Array.isArray(message) ? message : [message])
        if (!this.#receive(one, extra as MessageExtra | undefined)) forward?.call(transport, one, extra);
    };
    const onclose = transport.onclose;
    transport.onclose = () => {
      // First whoever knows why it was closed: the error tells it.
      onclose?.call(transport);
      this.#fail(options.classify(new UnreachableError('the connection was closed', { maybeSent: true })));
    };
  }

  /** Called for every notification. Returns the way to stop. */
  onNotification(listener: (method: string, params: JsonObject) => void): () => void {
    return this.#listeners.onNotification(listener);
  }

  /**
   * The handler returns true when it takes the request over (and answers it with `respond`, now or never); the newest handler is asked
   * first. Returns the way to stop.
   */
  onServerRequest(handler: (request: ServerRequest) => boolean): () => void {
    return this.#listeners.onRequest(handler);
  }

  /** Called once when the connection is closed, with the reason. */
  onClose(listener: (why: CliError) => void): void {
    this.#closeListeners.add(listener);
  }

  /** Why the connection was closed; undefined while it is open. */
  get closed(): CliError | undefined {
    return this.#closed;
  }

  /** When the server has last answered a request, by the clock that never jumps; long ago where a request could not be sent or was refused since. */
  get answeredAt(): number {
    return this.#answeredAt;
  }

  /** Answers a server's request, whichever process received it: the session carries it. */
  async respond(id: string | number, result: JsonObject): Promise<void> {
    await this.#answer({ jsonrpc: '2.0', id, result });
  }

  /** Refuses a server's request. */
  async refuse(id: string | number, error: { code: number; message: string }): Promise<void> {
    await this.#answer({ jsonrpc: '2.0', id, error });
  }

  async #answer(frame: Parameters<Transport['send']>[0]): Promise<void> {
    try {
      await this.#transport.send(frame);
    } catch (error) {
      throw this.#options.classify(error);
    }
  }

  /**
   * Sends a request and resolves with the `result` member as received.
   * Errors: RpcError for an error response, UnreachableError, the signal's reason when aborted, otherwise what `classify` makes of the
   * transport's failure.
   */
  async request(method: string, params: JsonObject, options: RequestOptions = {}): Promise<unknown> {
    if (this.#closed) throw this.#closed;
    options.signal?.throwIfAborted();
    const id = `m2c-${randomId()}`;
    options.onId?.(id);
    const meta = { ...this.manner.envelope, ...(params['_meta'] as JsonObject | undefined) };
    const frame = {
      jsonrpc: '2.0' as const,
      id,
      method,
      params: Object.keys(meta).length > 0 ? { ...params, _meta: meta } : params,
    };
    const stream = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    let onAbort: (() => void) | undefined;
    try {
      return await new Promise<unknown>((resolve, reject) => {
        this.#pending.set(id, { resolve, reject, method });
        const giveUp = (reason: Error, tell: boolean) => {
          if (tell && !this.manner.cancelByClosing) this.#cancel(id, reason.message);
          stream.abort(reason);
          reject(reason);
        };
        onAbort = () => giveUp(toError(options.signal?.reason), options.cancelOnAbort === true);
        options.signal?.addEventListener('abort', onAbort, { once: true });
        if (options.timeoutMs !== undefined)
          timer = setTimeout(
            () =>
              giveUp(
                new UnreachableError(`no answer to ${method} in time`, { maybeSent: true }),
                options.cancelOnAbort === true,
              ),
            options.timeoutMs,
          );
        this.#transport
          .send(frame, {
            requestSignal: stream.signal,
            // This program's own transports know of these.
            ...{ controller: stream },
            ...(options.mirrored ? { mirrored: options.mirrored } : {}),
            // This program's own transports tell the reason, where they know one.
            onRequestStreamEnd: (why?: unknown) =>
              reject(
                why !== undefined
                  ? this.#options.classify(why)
                  : new UnreachableError(`the connection was lost before the answer to ${method}`, {
                      maybeSent: true,
                    }),
              ),
          })
          .then(() => {
            if (this.#pending.has(id) && this.#options.streams?.(id) === false)
              reject(
                new UnreachableError(`the server's answer to ${method} is no answer to it`, {
                  maybeSent: true,
                }),
              );
          })
          .catch((error: unknown) => {
            // Whatever was answered before says nothing about the session any more.
            this.#answeredAt = Number.NEGATIVE_INFINITY;
            reject(this.#options.classify(error));
          });
      });
    } finally {
      clearTimeout(timer);
      if (onAbort) options.signal?.removeEventListener('abort', onAbort);
      this.#pending.delete(id);
    }
  }

  /** Tells the transport which protocol version was agreed on: over HTTP each request says it. */
  speak(protocolVersion: string): void {
    this.#transport.setProtocolVersion?.(protocolVersion);
  }

  /** The request that has waited the longest for its answer. */
  get awaiting(): string | undefined {
    return this.#pending.values().next().value?.method;
  }

  async notify(method: string, params: JsonObject): Promise<void> {
    const meta = this.manner.envelope;
    await this.#transport.send({
      jsonrpc: '2.0',
      method,
      params: meta ? { ...params, _meta: meta } : params,
    });
  }

  #cancel(requestId: string, reason: string): void {
    // Best effort: whether the server heard of it shows in what it does.
    const farewell = this.notify('notifications/cancelled', { requestId, reason })
      .catch(() => {})
      .finally(() => this.#farewells.delete(farewell));
    this.#farewells.add(farewell);
  }

  /** Resolves when the server has been told of every cancellation. */
  async farewell(): Promise<void> {
    await Promise.all(this.#farewells);
  }

  /** Takes what belongs to this channel; false leaves it to others. Never throws: an answer that cannot be read ends its request with an error. */
  #receive(message: unknown, extra: MessageExtra | undefined): boolean {
    if (!isObject(message)) return this.#say(`what the server sent is no message: ${typeof message}`);
    if (typeof message['method'] === 'string') return this.#listeners.tell(message, message['method']);
    const pending = this.#answered(message, extra);
    if (!pending) return false;
    this.#answeredAt = monotonic();
    try {
      pending.resolve(resultIn(message, pending.method, this.#scrub));
    } catch (error) {
      const what = `the server's answer to ${pending.method} cannot be read: ${(error as Error).message}`;
      pending.reject(
        error instanceof CliError ? error : new UnreachableError(this.#scrub(what), { maybeSent: true }),
      );
    }
    return true;
  }

  /** The request that a response is for. An error without an id is for the one that it can only be meant for (JSON-RPC 2.0, section 5). */
  #answered(message: JsonObject, extra: MessageExtra | undefined): Pending | undefined {
    const { id } = message;
    if (id !== undefined && id !== null) return this.#pending.get(String(id));
    if (message['error'] === undefined || message['error'] === null) return undefined;
    if (extra?.requestId !== undefined) return this.#pending.get(String(extra.requestId));
    return this.#pending.size === 1 ? [...this.#pending.values()][0] : undefined;
  }

  #say(line: string): true {
    this.#options.log?.(this.#scrub(line));
    return true;
  }

  #fail(error: CliError): void {
    if (this.#closed) return;
    this.#closed = error;
    for (const listener of this.#closeListeners)
      try {
        listener(error);
      } catch (thrown) {
        this.#say(`the end of the connection could not be dealt with: ${(thrown as Error).message}`);
      }
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
