/**
 * An MCP server over HTTP by hand (2025-11-25 with tasks, JSON answers), which does anything that a test wants instead: its answers are
 * bytes, nobody checks them. It counts every `tools/call` by its arguments.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { atTestEnd } from './cli.ts';
import type { Ledger } from './ledger.ts';

export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  /** The JSON-RPC method; `GET` and `DELETE` for those of HTTP. */
  method: string;
  id: unknown;
  params: Record<string, unknown>;
  /** Answers as a well-behaved server does. */
  result(value: unknown): void;
  error(code: number, message: string, data?: unknown): void;
  /** Answers with this JSON text as it stands. */
  raw(text: string, headers?: Record<string, string>): void;
  /** Begins an event stream; each call sends one message. */
  stream(): (message: unknown) => void;
}

/** Takes the exchange over, or lets it pass (`false`). */
export type Misdeed = (exchange: Exchange) => unknown;

export interface Hostile {
  url: string;
  /** Answered to tools/list, tools/call, tasks/get and tasks/result; tests change them. */
  tools: unknown[];
  task: Record<string, unknown>;
  callResult: unknown;
  /** Takes over requests of this method (`*`: all) from now on, at most `times` times. */
  on(method: string, misdeed: Misdeed, times?: number): void;
  /** Behaves from now on. */
  behave(): void;
  /** Everything that came, in order. */
  readonly seen: { method: string; headers: IncomingMessage['headers']; at: number }[];
  count(method: string): number;
  /** How often each call (its arguments as JSON) was received. */
  readonly calls: ReadonlyMap<string, number>;
  /** Tells the ledger of every call that was received more than once. */
  audit(book: Ledger): void;
}

export const TOOL = {
  name: 'work',
  description: 'Work.',
  inputSchema: { type: 'object', properties: { n: { type: 'string' } } },
  execution: { taskSupport: 'optional' },
};

export const TASK = 'task-of-the-hostile-server';

/** Starts the server; it is closed, with all connections, when the test has finished. */
export async function hostileServer(): Promise<Hostile> {
  const misdeeds: { method: string; misdeed: Misdeed; left: number }[] = [];
  const calls = new Map<string, number>();
  const seen: Hostile['seen'] = [];
  const http = createServer((request, response) => {
    response.on('error', () => {});
    void serve(request, response).catch(() => response.destroy());
  });
  const state: Omit<Hostile, 'url'> = {
    tools: [TOOL],
    task: { taskId: TASK, status: 'working', ttl: null, pollInterval: 500, createdAt: AT, lastUpdatedAt: AT },
    callResult: { content: [{ type: 'text', text: 'worked' }] },
    on: (method, misdeed, times = Number.POSITIVE_INFINITY) =>
      void misdeeds.unshift({ method, misdeed, left: times }),
    behave: () => void misdeeds.splice(0),
    seen,
    count: (method) => seen.filter((one) => one.method === method).length,
    calls,
    audit(book) {
      for (const [call, times] of calls) if (times > 1) book.twice(`${call}: ${times} times`);
    },
  };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
    const exchange = exchangeOf(request, response, body);
    const { method } = exchange;
    seen.push({ method, headers: request.headers, at: performance.now() });
    if (method === 'tools/call') {
      const call = JSON.stringify(exchange.params['arguments']);
      calls.set(call, (calls.get(call) ?? 0) + 1);
    }
    const bad = misdeeds.find((one) => (one.method === method || one.method === '*') && one.left > 0);
    if (bad) {
      bad.left -= 1;
      if ((await bad.misdeed(exchange)) !== false) return;
    }
    behaved(exchange, state);
  }

  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  atTestEnd(() => {
    http.closeAllConnections();
    http.close();
  });
  return Object.assign(state, { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp` });
}

const AT = '2026-03-30T10:15:30Z';
const JSON_TYPE = { 'content-type': 'application/json' };

function exchangeOf(
  request: IncomingMessage,
  response: ServerResponse,
  body: Record<string, unknown>,
): Exchange {
  const { id, params } = body;
  const raw: Exchange['raw'] = (text, headers = {}) => {
    response.writeHead(200, { ...JSON_TYPE, ...headers }).end(text);
  };
  const answer = (rest: object) => raw(JSON.stringify({ jsonrpc: '2.0', id, ...rest }));
  return {
    request,
    response,
    method:
      typeof body['method'] === 'string'
        ? body['method']
        : request.method === 'POST'
          ? 'answer'
          : `${request.method}`,
    id,
    params: (params ?? {}) as Record<string, unknown>,
    result: (result) => answer({ result }),
    error: (code, message, data) => answer({ error: { code, message, data } }),
    raw,
    stream() {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      return (message) => void response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
    },
  };
}

const CAPABILITIES = { tools: {}, tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } };

function behaved(exchange: Exchange, state: Omit<Hostile, 'url'>): void {
  const { method, id, params, response, result, error } = exchange;
  const notification = id === undefined || method === 'answer';
  if (method === 'GET') response.writeHead(405).end();
  else if (notification) response.writeHead(202).end();
  else if (method === 'initialize') {
    response.setHeader('mcp-session-id', 'session-of-the-hostile-server');
    const serverInfo = { name: 'hostile', version: '1' };
    result({ protocolVersion: '2025-11-25', capabilities: CAPABILITIES, serverInfo });
  } else if (method === 'tools/list') result({ tools: state.tools });
  else if (method === 'tools/call')
    result(params['task'] === undefined ? state.callResult : { task: state.task });
  else if (method === 'tasks/get') result(state.task);
  else if (method === 'tasks/cancel') result({ ...state.task, status: 'cancelled' });
  else if (method === 'tasks/result') whenEnded(response, state, () => result(state.callResult));
  else error(-32601, 'Method not found');
}

/** `tasks/result` blocks until the task has ended. */
function whenEnded(response: ServerResponse, state: Omit<Hostile, 'url'>, answer: () => void): void {
  const timer = setInterval(() => {
    if (!ENDED.has(String(state.task['status']))) return;
    clearInterval(timer);
    answer();
  }, 20);
  response.once('close', () => clearInterval(timer));
}

const ENDED = new Set(['completed', 'failed', 'cancelled']);
