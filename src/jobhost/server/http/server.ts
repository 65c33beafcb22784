import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { IDLE_CONNECTION_MS } from '../../../lib/idle-connections.ts';
import { parseJson } from '../../../lib/json/exact-json.ts';
import { isObject, type JsonObject } from '../../../lib/json/json.ts';
import { PROTOCOL_VERSION_META_KEY } from '../../../mcp/connection/meta-keys.ts';
import { nodeHttp } from '../../../mcp/http/node-modules.ts';
import { CODE, type Host } from '../host.ts';
import { ClientSession, refusal } from '../session.ts';
import { LEGACY_VERSIONS, MODERN_VERSION } from '../versions.ts';
import { gate } from './gate.ts';
import { type Address, listenFailure } from './listen-address.ts';
import { headerProblem } from './modern-headers.ts';
import { ReplyStream } from './reply-stream.ts';
import { type HttpSession, HttpSessions } from './sessions.ts';

const PATH = '/mcp';

/** The largest body of a request, in bytes. */
const LARGEST_BODY = 16 * 1024 * 1024;

/** How long answers that are on their way may take when the server ends, in milliseconds. */
const FAREWELL_MS = 2_000;

export interface HttpOptions extends Address {
  /** Clients must send it (`Authorization: Bearer`). */
  token: string | undefined;
}

export interface ServedHttp {
  url: string;
  /** Ends all sessions, answers what is under way with an error, and stops listening. */
  close(): Promise<void>;
}

/** Serves Streamable HTTP to any number of clients (MCP 2025-11-25 and 2026-07-28, basic/transports). Error: CliError when the address cannot be had. */
export async function serveHttp(host: Host, options: HttpOptions): Promise<ServedHttp> {
  const check = gate(options, options.token);
  const sessions = new HttpSessions(host);
  /** Requests of 2026-07-28, which have no session. */
  const single = new Set<ClientSession>();

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refused = check(request.headers);
    if (refused?.status === 401) response.setHeader('www-authenticate', 'Bearer');
    if (refused) return refuse(response, refused.status, -32_000, refused.message);
    if ((request.url ?? '/').split('?')[0] !== PATH)
      return refuse(response, 404, -32_000, `not found: the server is at ${PATH}`);
    if (request.method === 'POST') return post(request, response);
    if (request.method !== 'GET' && request.method !== 'DELETE') {
      response.setHeader('allow', 'GET, POST, DELETE');
      return refuse(response, 405, -32_000, 'method not allowed');
    }
    // What is of 2026-07-28 is POSTed.
    if (request.headers['mcp-protocol-version'] === MODERN_VERSION)
      return refuse(response, 405, -32_000, 'method not allowed in this version of the protocol');
    const session = sessionOf(request, response);
    if (!session) return;
    if (request.method === 'GET') {
      if (!accepts(request, 'text/event-stream'))
        return refuse(response, 406, -32_000, 'a GET must accept text/event-stream');
      return session.listen(response);
    }
    sessions.end(session, new Error('the client has ended the session'));
    response.writeHead(200).end();
  }

  async function post(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? ''))
      return refuse(response, 415, -32_000, 'the content type must be application/json');
    const body = await read(request, response);
    if (body === undefined) return;
    const first = Array.isArray(body) ? body[0] : body;
    const params = isObject(first) && isObject(first['params']) ? first['params'] : {};
    const meta = isObject(params['_meta']) ? params['_meta'] : {};
    const modern =
      !Array.isArray(body) &&
      (meta[PROTOCOL_VERSION_META_KEY] !== undefined ||
        request.headers['mcp-protocol-version'] === MODERN_VERSION);
    if (modern) return postAlone(body, request, response);
    const starts = isObject(first) && first['method'] === 'initialize' && !Array.isArray(body);
    const session = starts ? sessions.create() : sessionOf(request, response);
    if (!session) return;
    if (starts) response.setHeader('mcp-session-id', session.id);
    session.open += 1;
    response.once('close', () => {
      session.open -= 1;
    });
    await answer(session.client, body, request, response, false);
  }

  /** A request of 2026-07-28 is a client of its own; hanging up cancels it. */
  async function postAlone(body: unknown, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const problem = headerProblem(body, request.headers);
    if (problem) {
      const { id } = body as JsonObject;
      const of = typeof id === 'string' || typeof id === 'number' ? id : null;
      return json(response, 400, refusal(of, problem.code, problem.message));
    }
    const client = new ClientSession(host, () => {});
    single.add(client);
    response.once('close', () => {
      single.delete(client);
      client.close(new Error('the client has gone'));
    });
    await answer(client, body, request, response, true);
  }

  function sessionOf(request: IncomingMessage, response: ServerResponse): HttpSession | undefined {
    const { 'mcp-session-id': id, 'mcp-protocol-version': version } = request.headers;
    if (version !== undefined && !LEGACY_VERSIONS.some((known) => known === version)) {
      refuse(response, 400, -32_000, `unsupported protocol version: ${String(version)}`);
      return undefined;
    }
    if (typeof id !== 'string') {
      refuse(response, 400, -32_000, 'an Mcp-Session-Id header is required: begin with initialize');
      return undefined;
    }
    const session = sessions.find(id);
    if (!session) refuse(response, 404, -32_001, 'session not found');
    return session;
  }

  const http = nodeHttp().createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      host.log(`a request failed: ${(error as Error).message}`);
      if (response.headersSent) response.destroy();
      else refuse(response, 500, CODE.internal, 'internal error');
    });
  });
  http.keepAliveTimeout = IDLE_CONNECTION_MS;
  await listening(http, options);
  const shown = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `http://${shown}:${(http.address() as AddressInfo).port}${PATH}`,
    async close() {
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      const reason = new Error('the server ends');
      for (const client of [...single]) client.close(reason);
      sessions.endAll(reason);
      http.closeIdleConnections();
      const timer = setTimeout(() => http.closeAllConnections(), FAREWELL_MS);
      await closed;
      clearTimeout(timer);
    },
  };
}

async function answer(
  client: ClientSession,
  body: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  statuses: boolean,
): Promise<void> {
  const batch = Array.isArray(body);
  const answers = (batch ? body : [body]).filter(needsAnswer).length;
  if (answers === 0 && !(batch && body.length === 0)) {
    await client.receive(body, () => {});
    response.writeHead(202).end();
    return;
  }
  const stream = new ReplyStream(response, {
    streams: accepts(request, 'text/event-stream'),
    answers: Math.max(answers, 1),
    batch: batch && answers > 1,
    statuses,
  });
  await client.receive(body, (message) => stream.send(message));
  stream.finish();
}

/** Whether something is answered: a request, or what is no message at all. */
function needsAnswer(message: unknown): boolean {
  if (!isObject(message) || message['jsonrpc'] !== '2.0') return true;
  if (typeof message['method'] === 'string') return message['id'] !== undefined;
  return !Object.hasOwn(message, 'result') && !Object.hasOwn(message, 'error');
}

function accepts(request: IncomingMessage, type: string): boolean {
  const { accept = '' } = request.headers;
  return accept.includes(type) || accept.includes('*/*');
}

/** The body as JSON; undefined when it was refused. */
async function read(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= LARGEST_BODY) chunks.push(chunk);
    else if (!response.headersSent) {
      response.setHeader('connection', 'close');
      refuse(response, 413, CODE.request, `a request may have ${LARGEST_BODY / 1024 / 1024} MiB at most`);
      request.resume();
      break;
    }
  }
  if (response.headersSent) return undefined;
  try {
    return parseJson(Buffer.concat(chunks).toString('utf8'));
  } catch {
    refuse(response, 400, CODE.parse, 'Parse error: not JSON');
    return undefined;
  }
}

function listening(http: HttpServer, options: HttpOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) => reject(listenFailure(error, options)));
    http.listen(options.port, options.host, resolve);
  });
}

function refuse(response: ServerResponse, status: number, code: number, message: string): void {
  json(response, status, refusal(null, code, message));
}

function json(response: ServerResponse, status: number, body: JsonObject): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
