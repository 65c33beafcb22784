import type { IncomingMessage } from 'node:http';
import type { RequestOptions } from 'node:https';
import { urlToHttpOptions } from 'node:url';
import { agentFor, endIdleSockets, proxyRefusal, type Route } from '../proxy/proxy.ts';
import { ACCEPTED_ENCODINGS } from './decompress.ts';
import { FetchError } from './errors/fetch-error.ts';
import { nodeHttp, nodeHttps } from './node-modules.ts';

export interface HttpRequest {
  method: 'GET' | 'POST' | 'DELETE';
  url: URL;
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>;
  body?: string | undefined;
  /** The instance's own way to the server. */
  route?: Route | undefined;
  /** Aborting closes the connection, also while the body is being read. */
  signal: AbortSignal;
}

/** A response whose body has not been read yet: read it (body.ts), or its connection stays open. */
export interface HttpResponse {
  /** Where it came from, after redirects. */
  url: URL;
  status: number;
  statusText: string;
  ok: boolean;
  header(name: string): string | undefined;
  message: IncomingMessage;
}

const MAX_REDIRECTS = 5;

/**
 * Sends one request and resolves with its response's head. On node:http, because the global `fetch` costs about 95 ms of start-up on Node 20
 * (docs/measurements.md). Redirects within the origin are followed where they keep the method.
 * Rejects with FetchError when there is no response, and with the signal's reason when aborted.
 */
export async function exchange(request: HttpRequest): Promise<HttpResponse> {
  const been: string[] = [];
  let { url } = request;
  for (;;) {
    const response = await exchangeOnce(request, url);
    const target = been.length >= MAX_REDIRECTS ? undefined : followable(request.method, url, response);
    if (target === undefined) return response;
    response.message.resume();
    been.push(url.href);
    // A call would go out to the same place twice.
    if (been.includes(target.href)) throw new FetchError('it redirects in a circle', { maybeSent: false });
    url = target;
  }
}

/** Where a redirect leads to, if the request may be sent again there. */
function followable(method: string, from: URL, response: HttpResponse): URL | undefined {
  const to = redirectTarget(response);
  if (to === undefined) return undefined;
  // 301, 302 and 303 turn a POST into a GET (RFC 9110, 15.4).
  const keepsMethod = method === 'GET' || response.status === 307 || response.status === 308;
  const keepsUser =
    !(to.username || to.password) || (to.username === from.username && to.password === from.password);
  return keepsMethod && keepsUser && isWithinOrigin(from, to) ? to : undefined;
}

/** The URL that a redirect names. */
export function redirectTarget({ status, url, header }: HttpResponse): URL | undefined {
  const location = [301, 302, 303, 307, 308].includes(status) ? header('location') : undefined;
  return location !== undefined && URL.canParse(location, url.href) ? new URL(location, url) : undefined;
}

/** The same scheme, host and port, or https in place of http, both on their own port. */
function isWithinOrigin(from: URL, to: URL): boolean {
  if (from.protocol === to.protocol && from.host === to.host) return true;
  const upgrade = from.protocol === 'http:' && to.protocol === 'https:';
  return upgrade && from.hostname === to.hostname && from.port === '' && to.port === '';
}

async function exchangeOnce(
  { method, headers, body, route, signal }: HttpRequest,
  url: URL,
): Promise<HttpResponse> {
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new FetchError(`not an http(s) URL: ${url.protocol}`, {
      code: 'ERR_INVALID_PROTOCOL',
      maybeSent: false,
    });
  const agent = await agentFor(url, route);
  signal.throwIfAborted();
  endIdleSockets(agent);
  const options: RequestOptions = {
    ...placeOf(url),
    method,
    agent,
    headers: {
      'accept-encoding': ACCEPTED_ENCODINGS,
      'user-agent': 'mcp2cli',
      ...headers,
      ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    },
  };
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    let connected = false;
    const isTls = url.protocol === 'https:';
    const request = (isTls ? nodeHttps() : nodeHttp()).request(options);
    // Without an error of its own: a socket whose response is being read has nobody who listens for one.
    const onAbort = () => request.destroy();
    signal.addEventListener('abort', onAbort, { once: true });
    request.once('close', () => signal.removeEventListener('abort', onAbort));
    request.once('socket', (socket) => {
      if (request.reusedSocket || !socket.connecting) connected = !isTls || request.reusedSocket;
      // A socket that is used again keeps its listeners: one each would pile up.
      if (!request.reusedSocket)
        socket.once(isTls ? 'secureConnect' : 'connect', () => {
          connected = true;
        });
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (signal.aborted) return reject(signal.reason);
      reject(new FetchError(describe(error), { code: error.code, maybeSent: connected, cause: error }));
    });
    request.once('response', (response) => {
      response.on('error', () => {});
      resolve(response);
    });
    request.end(body);
  }).catch((error: unknown) => {
    // What node:http refuses before it sends anything, such as a header that has a line break in it.
    if (error instanceof TypeError) throw new FetchError(error.message, { maybeSent: false, cause: error });
    throw error;
  });
  const refusal = await proxyRefusal(agent, message.statusCode ?? 0, url);
  if (refusal) {
    message.resume();
    throw refusal;
  }
  return responseOf(url, message);
}

/** By the URL: a transport sends thousands of requests to its own. */
const places = new WeakMap<URL, RequestOptions>();

/** What a URL says of a request. */
function placeOf(url: URL): RequestOptions {
  const known = places.get(url);
  if (known) return known;
  const place = urlToHttpOptions(url);
  places.set(url, place);
  return place;
}

function responseOf(url: URL, message: IncomingMessage): HttpResponse {
  const status = message.statusCode ?? 0;
  return {
    url,
    status,
    statusText: message.statusMessage ?? '',
    ok: status >= 200 && status < 300,
    header(name) {
      const value = message.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    message,
  };
}

/** Words for a failed connection; AggregateError (several addresses tried) has an empty message of its own. */
function describe(error: NodeJS.ErrnoException): string {
  const inner = error instanceof AggregateError ? (error.errors[0] as Error | undefined) : undefined;
  return error.message || inner?.message || error.code || 'connection failed';
}
