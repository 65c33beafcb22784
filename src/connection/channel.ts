import type { Transport } from '@modelcontextprotocol/client';
import { type CliError, RpcError, UnreachableError } from '../errors.ts';
import { deeperThan } from '../json.ts';
import { randomId } from './random-id.ts';
import type { Scrub } from './scrub.ts';

/** How deep a message may be nested. */
export const DEEPEST = 200;

/** The same for a list of what the server has: one odd schema must not cost the others. Some thousands overflow the stack of JSON.stringify. */
const DEEPEST_LIST = 2_000;

export type JsonObject = Record<string, unknown>;

export interface RequestOptions {
  /** Aborting ends the wait; `cancelOnAbort` says whether the server hears of it. */
  signal?: AbortSignal | undefined;
  /** Tell the server that the request is no longer wanted (MCP cancellation), rather than just stop listening. */
  cancelOnAbort?: boolean;
  /** Milliseconds until UnreachableError. No limit without it. */
  timeoutMs?: number | undefined;
}

/** A request that the server puts to this client, under its own JSON-RPC id. */
export interface ServerRequest {
  id: string | number;
  method: string;
  params: JsonObject;
}

export interface ChannelOptions {
  /** `_meta` of every request (the 2026-07-28 envelope); nothing on older versions. */
  envelope?: JsonObject | undefined;
  /** True where closing the request's stream is the cancellation (2026-07-28 over HTTP). */
  cancelByClosing: boolean;
  classify: (error: unknown) => CliError;
  /** Takes secrets out of the words of an error. */
  scrub?: Scrub | undefined;
  /** Whether the answer to this request is still streaming; where it is not, a request that was sent has been answered or never will be. */
  streams?: ((id: string) => boolean) | undefined;
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
  readonly #pending = new Map<string, Pending>();
  readonly #notificationListeners = new Set<(method: string, params: JsonObject) => void>();
  /** The newest first. */
  #serverRequestHandlers: ((request: ServerRequest) => boolean)[] = [];
  readonly #closeListeners = new Set<(why: CliError) => void>();
  #closed: CliError | undefined;
  /** Cancellations on their way: closing the connection must not overtake them. */
  readonly #farewells = new Set<Promise<void>>();

  constructor(transport: Transport, options: ChannelOptions) {
    this.#transport = transport;
    this.#options = options;
    const forward = transport.onmessage;
    transport.onmessage = (message, extra) => {
      if (!this.#take(message as JsonObject)) forward?.call(transport, message, extra);
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
    this.#notificationListeners.add(listener);
    return () => this.#notificationListeners.delete(listener);
  }

  /**
   * The handler returns true when it takes the request over (and answers it with `respond`, now or never); the newest handler is asked
   * first. Returns the way to stop.
   */
  onServerRequest(handler: (request: ServerRequest) => boolean): () => void {
    this.#serverRequestHandlers = [handler, ...this.#serverRequestHandlers];
    return () => {
      this.#serverRequestHandlers = this.#serverRequestHandlers.filter((other) => other !== handler);
    };
  }

  /** Called once when the connection is closed, with the reason. */
  onClose(listener: (why: CliError) => void): void {
    this.#closeListeners.add(listener);
  }

  /** Why the connection was closed; undefined while it is open. */
  get closed(): CliError | undefined {
    return this.#closed;
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
    const meta = { ...this.#options.envelope, ...(params['_meta'] as JsonObject | undefined) };
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
          if (tell && !this.#options.cancelByClosing) this.#cancel(id, reason.message);
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
            // This program's own transport tells the reason, where it knows one.
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
          .catch((error: unknown) => reject(this.#options.classify(error)));
      });
    } finally {
      clearTimeout(timer);
      if (onAbort) options.signal?.removeEventListener('abort', onAbort);
      this.#pending.delete(id);
    }
  }

  async notify(method: string, params: JsonObject): Promise<void> {
    const meta = this.#options.envelope;
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

  /** Takes what belongs to this channel's requests; everything else is the SDK's. */
  #take(message: JsonObject): boolean {
    if (typeof message['method'] === 'string') {
      // A notification is passed over; a request is refused by whoever takes what is left.
      if (deeperThan(message, DEEPEST)) return message['id'] === undefined;
      const params = (message['params'] ?? {}) as JsonObject;
      const { id, method } = message as { id?: string | number; method: string };
      if (id !== undefined)
        return this.#serverRequestHandlers.some((handler) => handler({ id, method, params }));
      for (const listener of this.#notificationListeners) listener(method, params);
      // The SDK's client would call the token unknown.
      return method === 'notifications/progress';
    }
    const pending = this.#pending.get(String(message['id']));
    if (!pending) return false;
    const deepest = pending.method.endsWith('/list') ? DEEPEST_LIST : DEEPEST;
    if (deeperThan(message, deepest)) {
      const what = `the server's answer to ${pending.method} is nested deeper than ${deepest} levels`;
      pending.reject(new UnreachableError(what, { maybeSent: true }));
      return true;
    }
    const error = message['error'] as { code?: unknown; message?: unknown; data?: unknown } | undefined;
    if (error !== undefined && error !== null) {
      const { scrub = (text) => text } = this.#options;
      const data = error.data === undefined ? undefined : JSON.parse(scrub(JSON.stringify(error.data)));
      pending.reject(new RpcError(Number(error.code), scrub(String(error.message ?? 'error')), data));
    } else pending.resolve(message['result']);
    return true;
  }

  #fail(error: CliError): void {
    if (this.#closed) return;
    this.#closed = error;
    for (const listener of this.#closeListeners) listener(error);
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
