import type { JSONRPCMessage, Transport, TransportSendOptions } from '@modelcontextprotocol/client';
import { stringifyJson } from '../../lib/json/exact-json.ts';
import type { JsonObject } from '../../lib/json/json.ts';
import type { Route } from '../proxy/proxy.ts';
import { exchangeWith, type Tokens } from './authorized.ts';
import { drain } from './body.ts';
import { httpError } from './errors/http-error.ts';
import type { HttpResponse } from './exchange.ts';
import { type Asked, mediaType, takeBody, takeEvent } from './intake.ts';
import { messageHeaders, withoutMirrored } from './message-headers.ts';
import { followStream } from './stream-follower.ts';

/** What this program's own channel says beside what the SDK's interface knows of. */
export interface SendOptions extends TransportSendOptions {
  /** Arguments that are repeated in headers, by the headers' names. */
  mirrored?: Readonly<Record<string, string>>;
  /** What makes `requestSignal`: closing the connection aborts it, too. */
  controller?: AbortController;
}

export interface HttpTransportOptions {
  url: string;
  /** The person's own headers; they go to this origin only. */
  headers: Readonly<Record<string, string>>;
  /** The instance's own way to the server. */
  route?: Route | undefined;
  /** The tokens of a login; undefined where the headers have credentials. */
  tokens?: Tokens | undefined;
  /** Into this session rather than a new one. */
  resume?: { sessionId: string; protocolVersion: string | null } | undefined;
  now: () => Date;
  log: (line: string) => void;
  /** Hears the `Date` of each response. */
  onDate?: ((date: string) => void) | undefined;
}

/**
 * Streamable HTTP (MCP 2025-11-25 and 2026-07-28, basic/transports): a POST for each message, whose response is JSON or an event stream, and a GET
 * stream for what the server says by itself. Rejects with HttpError, BadAnswer, FetchError, or the signal's reason.
 */
export class StreamableHttp implements Transport {
  onclose: Transport['onclose'];
  onerror: Transport['onerror'];
  onmessage: Transport['onmessage'];
  sessionId: string | undefined;
  #protocolVersion: string | undefined;
  readonly #options: HttpTransportOptions;
  readonly #url: URL;
  /** What is going on; closing ends it. */
  readonly #open = new Set<AbortController>();
  /** Requests whose answers are event streams that are being read. */
  readonly #streaming = new Set<string | number>();
  /** The GET stream of the session, while there is one. */
  #standalone: { opened: Promise<void>; controller: AbortController } | undefined;
  #closed = false;
  #posted: { of: string; headers: Readonly<Record<string, string>> } | undefined;

  constructor(options: HttpTransportOptions) {
    this.#options = options;
    this.#url = new URL(options.url);
    this.sessionId = options.resume?.sessionId;
    this.#protocolVersion = options.resume?.protocolVersion ?? undefined;
  }

  async start(): Promise<void> {}

  setProtocolVersion(version: string): void {
    this.#protocolVersion = version;
  }

  /** Whether the answer to this request is an event stream that is still being read. */
  streams(id: string): boolean {
    return this.#streaming.has(id);
  }

  /** Resolves when the message was taken: with JSON, when it was handed on; with an event stream, when it has begun. */
  async send(sent: JSONRPCMessage, options: SendOptions = {}): Promise<void> {
    const message = sent as JsonObject;
    const { method, id } = message as { method?: string; id?: string | number };
    const opening = method === 'initialize';
    // A new session: the stream of an old one is of no use.
    if (opening) this.#standalone?.controller.abort();
    const controller = this.#begin(options);
    try {
      const response = await this.#exchange('POST', controller.signal, {
        headers: {
          ...this.#postHeaders(!opening),
          ...messageHeaders(message, options.mirrored),
        },
        body: stringifyJson(message) ?? '',
      });
      if (!response.ok)
        throw await httpError(response, {
          now: this.#options.now(),
          inSession: !opening && this.#inSession(),
        });
      if (opening) this.sessionId = response.header('mcp-session-id') || undefined;
      if (method === undefined || id === undefined) {
        await drain(response);
        if (method === 'notifications/initialized')
          this.listen().catch((error: Error) => this.#options.log(`no GET stream: ${error.message}`));
      } else if (mediaType(response) === 'text/event-stream') {
        this.#streaming.add(id);
        void this.#readAnswerStream(response, { id, method, answered: false }, controller, options);
      } else await takeBody(response, { id, method, answered: false }, this.#take);
    } catch (error) {
      if (options.requestSignal?.aborted) throw options.requestSignal.reason;
      throw error;
    } finally {
      if (id === undefined || !this.#streaming.has(id)) this.#end(controller);
    }
  }

  /** Opens the session's GET stream, where a server may put its questions. Resolves, too, when the server has none (405). */
  listen(): Promise<void> {
    if (this.#standalone) return this.#standalone.opened;
    const controller = this.#begin();
    const standalone = { controller, opened: this.#openStandalone(controller) };
    standalone.opened.catch(() => {});
    this.#standalone = standalone;
    return standalone.opened;
  }

  /** Tells the server that the session is over. Rejects as `send` does. */
  async terminateSession(): Promise<void> {
    if (!this.#inSession()) return;
    const controller = this.#begin();
    try {
      const response = await this.#exchange('DELETE', controller.signal, { headers: this.#headers({}) });
      await drain(response);
      this.sessionId = undefined;
    } finally {
      this.#end(controller);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const controller of this.#open) controller.abort(new Error('the connection was closed'));
    this.onclose?.();
  }

  #inSession(): boolean {
    return this.sessionId !== undefined;
  }

  #begin({ requestSignal: also, controller: given }: SendOptions = {}): AbortController {
    const controller = given ?? new AbortController();
    if (this.#closed) controller.abort(new Error('the connection was closed'));
    this.#open.add(controller);
    if (given || !also) return controller;
    const onAbort = () => controller.abort(also.reason);
    also.addEventListener('abort', onAbort, { once: true, signal: controller.signal });
    if (also.aborted) onAbort();
    return controller;
  }

  #end(controller: AbortController): void {
    this.#open.delete(controller);
  }

  /** The headers of a message, made once for a session: thousands of calls have the same. */
  #postHeaders(session: boolean): Readonly<Record<string, string>> {
    const of = `${session ? (this.sessionId ?? '') : ''}\n${session}\n${this.#protocolVersion ?? ''}`;
    if (this.#posted?.of !== of) {
      const headers = this.#headers({ session, accept: ['application/json', 'text/event-stream'] });
      this.#posted = { of, headers: { ...withoutMirrored(headers), 'content-type': 'application/json' } };
    }
    return this.#posted.headers;
  }

  #headers({
    session = true,
    accept = [],
  }: {
    session?: boolean;
    accept?: string[];
  }): Record<string, string> {
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(this.#options.headers)) headers[name.toLowerCase()] = value;
    const accepted = [...(headers['accept']?.split(',').map((type) => type.trim()) ?? []), ...accept];
    if (accepted.length > 0) headers['accept'] = [...new Set(accepted)].join(', ');
    if (session && this.sessionId !== undefined) headers['mcp-session-id'] = this.sessionId;
    if (this.#protocolVersion) headers['mcp-protocol-version'] = this.#protocolVersion;
    return headers;
  }

  async #exchange(
    method: 'GET' | 'POST' | 'DELETE',
    signal: AbortSignal,
    rest: { headers: Record<string, string>; body?: string },
  ): Promise<HttpResponse> {
    const { log, onDate, route, tokens } = this.#options;
    log(`${method} ${this.#url.pathname}`);
    const response = await exchangeWith(tokens, { method, url: this.#url, route, signal, ...rest });
    const date = response.header('date');
    if (date !== undefined) onDate?.(date);
    if (!response.ok) log(`HTTP ${response.status}`);
    return response;
  }

  async #readAnswerStream(
    first: HttpResponse,
    asked: Asked,
    controller: AbortController,
    { onRequestStreamEnd }: TransportSendOptions,
  ): Promise<void> {
    const why = await followStream(first, {
      kind: 'answer',
      signal: controller.signal,
      log: this.#options.log,
      resume: (lastEventId) => this.#get(controller.signal, lastEventId),
      take: (event) => {
        takeEvent(event, asked, this.#take, this.#options.log);
        return asked.answered;
      },
    });
    const aborted = controller.signal.aborted;
    this.#streaming.delete(asked.id);
    this.#end(controller);
    // The reason is told beside what the SDK's interface knows of.
    if (!aborted) (onRequestStreamEnd as ((why?: Error) => void) | undefined)?.(why ?? asked.instead);
  }

  async #openStandalone(controller: AbortController): Promise<void> {
    const over = () => {
      this.#end(controller);
      if (this.#standalone?.controller === controller) this.#standalone = undefined;
    };
    const resume = (lastEventId: string) => this.#get(controller.signal, lastEventId);
    try {
      const first = await resume('');
      if (!first) return over();
      void followStream(first, {
        kind: 'standalone',
        signal: controller.signal,
        log: this.#options.log,
        resume,
        take: (event) => {
          takeEvent(event, undefined, this.#take, this.#options.log);
          return false;
        },
      }).then(over);
    } catch (error) {
      over();
      throw error;
    }
  }

  /** A stream by GET; undefined where the server has none. */
  async #get(signal: AbortSignal, lastEventId: string): Promise<HttpResponse | undefined> {
    const resuming = lastEventId === '' ? {} : { 'last-event-id': lastEventId };
    const headers = { ...this.#headers({ accept: ['text/event-stream'] }), ...resuming };
    const response = await this.#exchange('GET', signal, { headers });
    if (response.ok && mediaType(response) === 'text/event-stream') return response;
    if (response.ok || response.status === 405) {
      response.message.destroy();
      return undefined;
    }
    throw await httpError(response, { now: this.#options.now(), inSession: this.#inSession() });
  }

  readonly #take = (message: JsonObject): void => {
    this.onmessage?.(message as unknown as JSONRPCMessage);
  };
}
