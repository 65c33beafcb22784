import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';
import { stringifyJson } from '../../lib/json/exact-json.ts';
import type { JsonObject } from '../../lib/json/json.ts';
import { exchangeWith } from './authorized.ts';
import { drain, MAX_MESSAGE_BYTES, readChunks } from './body.ts';
import { BadAnswer } from './errors/bad-answer.ts';
import { httpError } from './errors/http-error.ts';
import { EventFramer, type StreamEvent } from './event-framer.ts';
import type { HttpRequest, HttpResponse } from './exchange.ts';
import { mediaType, takeEvent } from './intake.ts';
import type { HttpTransportOptions } from './streamable-http.ts';

/**
 * HTTP+SSE, the transport of MCP 2024-11-05, for servers that know no other: one event stream, whose first event names the URL to which messages
 * are posted. The session is the stream: when it ends, the connection is closed.
 */
export class HttpSse implements Transport {
  onclose: Transport['onclose'];
  onerror: Transport['onerror'];
  onmessage: Transport['onmessage'];
  #protocolVersion: string | undefined;
  readonly #options: HttpTransportOptions;
  readonly #url: URL;
  readonly #controller = new AbortController();
  #endpoint: URL | undefined;

  constructor(options: HttpTransportOptions) {
    this.#options = options;
    this.#url = new URL(options.url);
  }

  setProtocolVersion(version: string): void {
    this.#protocolVersion = version;
  }

  /** Whether the server has named it: then this is its transport. */
  get named(): boolean {
    return this.#endpoint !== undefined;
  }

  /** Resolves when the server has named the URL for messages. Rejects with HttpError, BadAnswer or FetchError. */
  async start(): Promise<void> {
    const response = await this.#exchange({
      method: 'GET',
      url: this.#url,
      headers: { ...this.#headers(), accept: 'text/event-stream' },
    });
    if (mediaType(response) !== 'text/event-stream') {
      response.message.destroy();
      throw new BadAnswer(`answered with no event stream (${mediaType(response) || 'no type'})`);
    }
    await new Promise<void>((resolve, reject) => {
      const framer = new EventFramer(MAX_MESSAGE_BYTES, (event) => {
        if (event.type !== 'endpoint') return takeEvent(event, undefined, this.#take, this.#options.log);
        this.#endpoint = this.#endpointOf(event);
        resolve();
      });
      readChunks(response, (chunk) => framer.push(chunk))
        .then(() => reject(new BadAnswer('ended its event stream before it named an endpoint')), reject)
        .finally(() => void this.close());
    });
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.#endpoint === undefined) throw new BadAnswer('has named no endpoint');
    const response = await this.#exchange({
      method: 'POST',
      url: this.#endpoint,
      headers: { ...this.#headers(), 'content-type': 'application/json' },
      body: stringifyJson(message) ?? '',
    });
    await drain(response);
  }

  async close(): Promise<void> {
    if (this.#controller.signal.aborted) return;
    this.#controller.abort(new Error('the connection was closed'));
    this.onclose?.();
  }

  #headers(): Record<string, string> {
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(this.#options.headers)) headers[name.toLowerCase()] = value;
    if (this.#protocolVersion) headers['mcp-protocol-version'] = this.#protocolVersion;
    return headers;
  }

  async #exchange(request: Omit<HttpRequest, 'signal' | 'route'>): Promise<HttpResponse> {
    const { log, onDate, now, route, tokens } = this.#options;
    log(`${request.method} ${request.url.pathname}`);
    const response = await exchangeWith(tokens, { ...request, route, signal: this.#controller.signal });
    const date = response.header('date');
    if (date !== undefined) onDate?.(date);
    if (response.ok) return response;
    log(`HTTP ${response.status}`);
    throw await httpError(response, { now: now(), inSession: false });
  }

  /** Credentials go with every message: the endpoint must be of the same origin. */
  #endpointOf({ data }: StreamEvent): URL {
    const endpoint = URL.canParse(data, this.#url.href) ? new URL(data, this.#url) : undefined;
    if (endpoint?.origin !== this.#url.origin) throw new BadAnswer('named an endpoint of another origin');
    return endpoint;
  }

  readonly #take = (message: JsonObject): void => {
    this.onmessage?.(message as unknown as JSONRPCMessage);
  };
}
