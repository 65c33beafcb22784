/** Hosts MCP servers over Streamable HTTP on node:http: one SDK server for each session. */
import { randomUUID } from 'node:crypto';
import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { ServerNotification, ServerRequest } from '@modelcontextprotocol/sdk/types.js';
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import { IDLE_CONNECTION_MS } from '../lib/idle-connections.ts';
import type { DemoStats } from './service.ts';
import { count } from './service.ts';

export type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

/** Makes the server of a session, and gives up what the sessions share. */
export interface SessionServerFactory {
  create(): Server;
  close(): void;
}

/** What a test may look at, and answer in the server's place. */
export interface Intercepted {
  method: string;
  headers: IncomingMessage['headers'];
  /** The JSON body of a POST. */
  body: unknown;
  /** The body's JSON-RPC method, where it is one message that has one. */
  rpcMethod: string | undefined;
}

export interface HostOptions {
  host: string;
  port: number;
  factory: SessionServerFactory;
  stats: DemoStats;
  /** What GET /healthz says, beside `ok`. */
  health: Record<string, unknown>;
  /** Called for each request to /mcp, before anything else happens; true when it was answered (or cut off) here. */
  intercept?: ((request: Intercepted, response: ServerResponse) => boolean | Promise<boolean>) | undefined;
}

export interface Host {
  url: string;
  /** Forgets all sessions, as a server does that was restarted. Returns how many there were. */
  dropSessions(): Promise<number>;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 4 * 1024 * 1024;

interface Session {
  server: Server;
  transport: StreamableHTTPServerTransport;
}

/** Starts listening. Rejects when the port cannot be had. */
export async function startHost(options: HostOptions): Promise<Host> {
  const { factory, stats } = options;
  const sessions = new Map<string, Session>();
  // Filled in when the port is known: the port belongs to the Host header.
  const allowedHosts = new Set<string>();

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!trusted(request, allowedHosts)) return refuse(response, 403, -32000, 'Host or origin not allowed');
    const path = (request.url ?? '/').split('?')[0];
    if (path === '/healthz') return json(response, 200, { ok: true, ...options.health, stats });
    if (path !== '/mcp') return refuse(response, 404, -32000, 'Not found: the server is at /mcp');

    let body: unknown;
    if (request.method === 'POST') {
      const read = await readJson(request);
      if ('error' in read) return refuse(response, read.status, -32700, read.error);
      body = read.value;
    }
    const rpcMethod = field(body, 'method');
    if (
      await options.intercept?.(
        { method: request.method ?? '', headers: request.headers, body, rpcMethod },
        response,
      )
    )
      return;
    if (rpcMethod !== undefined) count(stats.requests, rpcMethod);

    const session = await sessionOf(request, response, body);
    if (!session) return;
    if (rpcMethod === 'tasks/result') cancelWhenGone(session.transport, body, response);
    await session.transport.handleRequest(request, response, body);
  }

  async function sessionOf(
    request: IncomingMessage,
    response: ServerResponse,
    body: unknown,
  ): Promise<Session | undefined> {
    const id = request.headers['mcp-session-id'];
    if (typeof id === 'string') {
      const session = sessions.get(id);
      if (!session) refuse(response, 404, -32001, 'Session not found');
      return session;
    }
    if (isInitializeRequest(body)) return open();
    refuse(response, 400, -32000, 'Bad Request: Mcp-Session-Id header is required');
    return undefined;
  }

  async function open(): Promise<Session> {
    const server = factory.create();
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => {
        stats.sessions += 1;
        sessions.set(id, session);
      },
      onsessionclosed: (id) => {
        stats.sessionsEnded += 1;
        sessions.delete(id);
      },
    });
    const session = { server, transport };
    // The SDK declares its own transport's `onclose` in a way that exactOptionalPropertyTypes refuses.
    await server.connect(transport as Transport);
    return session;
  }

  async function dropSessions(): Promise<number> {
    const dropped = [...sessions.values()];
    sessions.clear();
    await Promise.all(dropped.map(({ server }) => server.close()));
    return dropped.length;
  }

  const http = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else refuse(response, 500, -32603, error instanceof Error ? error.message : String(error));
    });
  });
  http.keepAliveTimeout = IDLE_CONNECTION_MS;
  const port = await listen(http, options);
  const shown = options.host.includes(':') ? `[${options.host}]` : options.host;
  for (const name of new Set([shown, '127.0.0.1', 'localhost', '[::1]'])) allowedHosts.add(`${name}:${port}`);

  let closing: Promise<void> | undefined;
  return {
    url: `http://${shown}:${port}/mcp`,
    dropSessions,
    close() {
      closing ??= (async () => {
        const closed = new Promise<void>((resolve) => http.close(() => resolve()));
        await dropSessions();
        factory.close();
        http.closeAllConnections();
        await closed;
      })();
      return closing;
    },
  };
}

/**
 * A page in a browser can be led to send requests to this machine under a name of its own (DNS rebinding), so only requests for the names of
 * this machine are served, and only from pages of this server, if from a page at all.
 */
function trusted(request: IncomingMessage, allowedHosts: ReadonlySet<string>): boolean {
  if (!allowedHosts.has(request.headers.host ?? '')) return false;
  const origin = request.headers.origin;
  return origin === undefined || allowedHosts.has(origin.replace(/^http:\/\//, ''));
}

/**
 * The SDK's `tasks/result` goes on when its client hangs up, and then takes the task's next question out of the queue to send it nowhere. The
 * waiter that hung up is taken out here; a `tools/call` goes on, as the specification asks.
 */
function cancelWhenGone(
  transport: StreamableHTTPServerTransport,
  body: unknown,
  response: ServerResponse,
): void {
  const requestId = (body as { id?: string | number }).id;
  response.once('close', () => {
    if (response.writableFinished || requestId === undefined) return;
    transport.onmessage?.({
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId, reason: 'The client hung up' },
    });
  });
}

function listen(http: HttpServer, { port, host }: HostOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, host, () => {
      http.off('error', reject);
      resolve((http.address() as AddressInfo).port);
    });
  });
}

async function readJson(
  request: IncomingMessage,
): Promise<{ value: unknown } | { error: string; status: number }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return { error: 'Request body too large', status: 413 };
    chunks.push(chunk);
  }
  try {
    return { value: JSON.parse(Buffer.concat(chunks).toString('utf8')) };
  } catch {
    return { error: 'Parse error: Invalid JSON', status: 400 };
  }
}

function field(body: unknown, name: string): string | undefined {
  const value = (body as Record<string, unknown> | null | undefined)?.[name];
  return typeof value === 'string' ? value : undefined;
}

function refuse(response: ServerResponse, status: number, code: number, message: string): void {
  json(response, status, { jsonrpc: '2.0', error: { code, message }, id: null });
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
