import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { Readable } from 'node:stream';
import { agentFor } from './proxy.ts';

/** Largest response body that is read, in bytes after decompression; an event of an event stream counts as a body. */
export const MAX_RESPONSE_BYTES = 64 * 1024 * 1024;

/** The request did not get an HTTP response. */
export class FetchError extends Error {
  readonly code: string | undefined;
  /** True once a connection stood: the server may have read the request. */
  readonly maybeSent: boolean;

  constructor(message: string, code: string | undefined, maybeSent: boolean, cause: unknown) {
    super(message, { cause });
    this.name = 'FetchError';
    this.code = code;
    this.maybeSent = maybeSent;
  }
}

/**
 * A `fetch` on node:http, because the global one costs about 95 ms of start-up on Node 20 (docs/measurements.md). It covers what the
 * MCP SDK's transports use: POST and GET with string bodies, streamed bodies, manual redirects (the transports follow those of the
 * same origin themselves), abort signals, gzip/deflate/br, `HTTP(S)_PROXY`/`NO_PROXY`, keep-alive.
 *
 * Rejects with FetchError when there is no response, and with the signal's reason when aborted.
 */
export async function nodeFetch(input: string | URL, init: RequestInit = {}): Promise<Response> {
  const url = new URL(input);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new FetchError(`not an http(s) URL: ${url.protocol}`, 'ERR_INVALID_PROTOCOL', false, undefined);
  const agent = await agentFor(url);
  const signal = init.signal ?? undefined;
  if (signal?.aborted) throw signal.reason;

  const headers: Record<string, string> = { 'accept-encoding': 'gzip, deflate, br', 'user-agent': 'mcp2cli' };
  if (init.headers !== undefined)
    for (const [k, v] of headerEntries(init.headers)) headers[k.toLowerCase()] = v;
  const body = init.body === undefined || init.body === null ? undefined : String(init.body);
  if (body !== undefined) headers['content-length'] = String(Buffer.byteLength(body));

  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    let connected = false;
    const options: RequestOptions = { method: init.method ?? 'GET', headers, agent };
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options);
    // Without an error of its own: a socket whose response is being read has nobody who listens for one.
    const onAbort = () => request.destroy();
    signal?.addEventListener('abort', onAbort, { once: true });
    request.once('socket', (socket) => {
      if (request.reusedSocket || !socket.connecting)
        connected = url.protocol === 'http:' || request.reusedSocket;
      // A socket that is used again keeps its listeners: one each would pile up.
      if (!request.reusedSocket)
        socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
          connected = true;
        });
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (signal?.aborted) return reject(signal.reason);
      reject(new FetchError(describe(error), error.code, connected, error));
    });
    request.once('response', (response) => {
      // Aborting after the headers ends the body; its reader sees the error.
      response.once('close', () => signal?.removeEventListener('abort', onAbort));
      response.on('error', () => {});
      resolve(response);
    });
    request.end(body);
  });
  return new NodeResponse(url, message) as unknown as Response;
}

/** Words for a failed connection; AggregateError (several addresses tried) has an empty message of its own. */
function describe(error: NodeJS.ErrnoException): string {
  const inner = error instanceof AggregateError ? (error.errors[0] as Error | undefined) : undefined;
  return error.message || inner?.message || error.code || 'connection failed';
}

function headerEntries(headers: NonNullable<RequestInit['headers']>): Iterable<[string, string]> {
  if (Symbol.iterator in headers) return headers as Iterable<[string, string]>;
  return Object.entries(headers as Record<string, string>);
}

/** The part of `Response` that the SDK's transports read. */
class NodeResponse {
  readonly url: string;
  readonly status: number;
  readonly statusText: string;
  readonly ok: boolean;
  readonly type = 'default';
  readonly redirected = false;
  readonly headers: { get(name: string): string | null; has(name: string): boolean };
  readonly #message: IncomingMessage;
  #body: ReadableStream | undefined;

  constructor(url: URL, message: IncomingMessage) {
    this.url = url.href;
    this.#message = message;
    this.status = message.statusCode ?? 0;
    this.statusText = message.statusMessage ?? '';
    this.ok = this.status >= 200 && this.status < 300;
    const get = (name: string): string | null => {
      const value = message.headers[name.toLowerCase()];
      return value === undefined ? null : Array.isArray(value) ? value.join(', ') : value;
    };
    this.headers = { get, has: (name) => get(name) !== null };
  }

  get body(): ReadableStream {
    this.#body ??= toWebStream(this.#message);
    return this.#body;
  }

  async text(): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of bounded(this.#message)) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString('utf8');
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }
}

function toWebStream(message: IncomingMessage): ReadableStream {
  const source = bounded(message);
  // Hand-made rather than Readable.toWeb: that one turns a socket that dies mid-stream into an uncaught error on Node 20.
  return new ReadableStream({
    async pull(controller) {
      try {
        const { value, done } = await source.next();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        controller.error(error);
      }
    },
    cancel() {
      message.destroy();
    },
  });
}

/** The decoded body, refusing to hold more than MAX_RESPONSE_BYTES of one document or one event. */
async function* bounded(message: IncomingMessage): AsyncGenerator<Uint8Array> {
  const isEventStream = (message.headers['content-type'] ?? '').includes('text/event-stream');
  let count = 0;
  for await (const chunk of await decoded(message)) {
    const bytes = chunk as Buffer;
    const boundary = isEventStream ? bytes.lastIndexOf('\n\n') : -1;
    count = boundary >= 0 ? bytes.length - boundary : count + bytes.length;
    if (count > MAX_RESPONSE_BYTES) {
      message.destroy();
      throw new FetchError(
        `its answer is larger than ${MAX_RESPONSE_BYTES / 1024 / 1024} MiB`,
        undefined,
        true,
        undefined,
      );
    }
    yield bytes;
  }
}

async function decoded(message: IncomingMessage): Promise<Readable> {
  const encoding = (message.headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding === 'identity') return message;
  const zlib = await import('node:zlib');
  // Sync flush: an event stream must hand out each event as it arrives.
  const flush = { flush: zlib.constants.Z_SYNC_FLUSH, finishFlush: zlib.constants.Z_SYNC_FLUSH };
  const decoder =
    encoding === 'gzip' || encoding === 'x-gzip'
      ? zlib.createGunzip(flush)
      : encoding === 'deflate'
        ? zlib.createInflate(flush)
        : encoding === 'br'
          ? zlib.createBrotliDecompress({ flush: zlib.constants.BROTLI_OPERATION_FLUSH })
          : undefined;
  if (decoder === undefined)
    throw new FetchError(`its answer has an unknown encoding: ${encoding}`, undefined, true, undefined);
  message.once('error', (error) => decoder.destroy(error));
  message.once('aborted', () => decoder.destroy(new Error('the connection was cut')));
  return message.pipe(decoder);
}
