/** The fixture server over HTTP. Knows nothing of tests, so that it can also be a program of its own. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import {
  createMcpHandler,
  hostHeaderValidationResponse,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  originValidationResponse,
} from '@modelcontextprotocol/server';
import type { HostOptions } from '../../../src/demo/http-host.ts';
import type { DemoServer } from '../../../src/demo/server.ts';
import { count } from '../../../src/demo/service.ts';
import { createInstance, extensionMissing } from './instance.ts';
import { goodbye, subscribe, type TaskListen, taskListen } from './listen.ts';
import { Service } from './service.ts';

export interface Tasks2026Options {
  /** 2 is twice as fast: every duration, arguments included, is divided by it. */
  speed?: number;
  /** Milliseconds between polls that tasks hint at. */
  pollIntervalMs?: number;
  /** Milliseconds that a task is kept from its creation; null is for ever, an hour the default. */
  ttlMs?: number | null;
  /** False: `subscriptions/listen` honours no task ids. */
  subscriptions?: boolean;
  /** Answer a request in the server's place (an error status, a cut connection). HTTP only. */
  intercept?: HostOptions['intercept'];
}

export interface Tasks2026Server extends DemoServer {
  /** Forgets all tasks, as a server does that was restarted; so does `dropSessions`, there being no sessions. Returns how many there were. */
  forgetTasks(): number;
}

/** The service behind a server of these options. */
export function serviceOf({ speed = 1, pollIntervalMs, ttlMs = 60 * 60 * 1000 }: Tasks2026Options): Service {
  const interval = pollIntervalMs ?? Math.max(20, Math.round(500 / speed));
  return new Service(speed, { ttlMs, pollIntervalMs: interval });
}

/** Starts the server on a free port of this machine, and resolves when it listens. */
export async function startTasks2026(options: Tasks2026Options): Promise<Tasks2026Server> {
  const service = serviceOf(options);
  const { stats, tasks } = service;
  const handler = createMcpHandler(() => createInstance(service), { legacy: 'reject' });
  const farewells = new Set<() => void>();

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const path = (incoming.url ?? '/').split('?')[0];
    if (path === '/healthz') return json(outgoing, 200, { ok: true, stats });
    if (path !== '/mcp') return json(outgoing, 404, { error: 'The server is at /mcp' });
    const text = await read(incoming);
    const body = parse(text);
    const rpcMethod = (body as { method?: string } | undefined)?.method;
    const { method = 'GET', headers } = incoming;
    if (await options.intercept?.({ method, headers, body, rpcMethod }, outgoing)) return;
    if (rpcMethod !== undefined) count(stats.requests, rpcMethod);

    const request = requestOf(incoming, text, outgoing);
    const refused =
      hostHeaderValidationResponse(request, localhostAllowedHostnames()) ??
      originValidationResponse(request, localhostAllowedOrigins());
    const response = refused ?? (await handler.fetch(request));
    const listen = taskListen(body);
    const streams = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    if (!listen || !streams) return pass(response, outgoing);
    if (listen.declared && options.subscriptions === false) return pass(response, outgoing);
    await response.body?.cancel();
    if (listen.declared) return stream(listen, outgoing);
    const { code, message, data } = extensionMissing();
    json(outgoing, 400, { jsonrpc: '2.0', id: listen.id, error: { code, message, data } });
  }

  function stream(listen: TaskListen, outgoing: ServerResponse): void {
    outgoing.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    const send = (message: JSONRPCMessage) =>
      void outgoing.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
    const stop = subscribe(listen, tasks, send);
    const farewell = () => {
      send(goodbye(listen));
      outgoing.end();
    };
    farewells.add(farewell);
    outgoing.once('close', () => {
      farewells.delete(farewell);
      stop();
    });
    // As the SDK does for a request of which it honours nothing.
    if (!listen.taskIds.some((id) => tasks.has(id))) farewell();
  }

  const http = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch((error: unknown) => {
      if (outgoing.headersSent) outgoing.destroy();
      else json(outgoing, 500, { error: String(error) });
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));

  const forgetTasks = () => tasks.forget();
  let closing: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`,
    stats,
    forgetTasks,
    dropSessions: async () => forgetTasks(),
    close() {
      closing ??= (async () => {
        const closed = new Promise<void>((resolve) => http.close(() => resolve()));
        for (const farewell of farewells) farewell();
        forgetTasks();
        await handler.close();
        http.closeAllConnections();
        await closed;
      })();
      return closing;
    },
  };
}

function requestOf(incoming: IncomingMessage, text: string, outgoing: ServerResponse): Request {
  const { method = 'GET', headers, url } = incoming;
  // A client that hangs up cancels its call.
  const gone = new AbortController();
  outgoing.once('close', () => gone.abort());
  return new Request(`http://${headers.host}${url}`, {
    method,
    headers: new Headers(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    signal: gone.signal,
    ...(method === 'POST' ? { body: text } : {}),
  });
}

function pass(response: Response, outgoing: ServerResponse): void {
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.flushHeaders();
  if (!response.body) return void outgoing.end();
  // A stream that breaks has lost its client.
  const source = Readable.fromWeb(response.body as never).on('error', () => outgoing.destroy());
  source.pipe(outgoing);
}

function json(outgoing: ServerResponse, status: number, value: object): void {
  outgoing.writeHead(status, { 'content-type': 'application/json' });
  outgoing.end(JSON.stringify(value));
}

async function read(incoming: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of incoming.setEncoding('utf8')) text += chunk;
  return text;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The SDK says what is wrong with it.
    return undefined;
  }
}
