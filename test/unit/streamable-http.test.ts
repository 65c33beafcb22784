/** What the HTTP transport writes and reads: numbers as they are written, the headers that repeat a request, one connection for all. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, it } from 'vitest';
import { parseJson, stringifyJson } from '../../src/lib/json/exact-json.ts';
import { StreamableHttp } from '../../src/mcp/http/streamable-http.ts';
import { useAgents } from '../../src/mcp/proxy/proxy.ts';

const NUMBERS = '{"id":725653563933458432,"huge":1e400,"price":1.10}';
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A server that answers each POST with what `answer` makes of its body, and a transport to it. */
async function talk(answer: (body: string) => { type: string; text: string }) {
  const seen: { headers: IncomingHttpHeaders; body: string; port: number | undefined }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    seen.push({ headers: request.headers, body, port: request.socket.remotePort });
    const { type, text } = answer(body);
    response.writeHead(200, { 'content-type': type }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const release = useAgents();
  const transport = new StreamableHttp({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    headers: { 'X-Team': 'a', Accept: 'text/plain' },
    now: () => new Date(),
    log: () => {},
  });
  closing.push(
    release,
    () => server.close(),
    () => void transport.close(),
  );
  return { seen, server, transport };
}

const call = (id: string, meta?: Record<string, unknown>, name = 'pay') => ({
  jsonrpc: '2.0' as const,
  id,
  method: 'tools/call',
  params: { name, arguments: parseJson(NUMBERS), ...(meta ? { _meta: meta } : {}) },
});

it.each([
  ['JSON', 'application/json', (text: string) => text],
  ['an event stream', 'text/event-stream', (text: string) => `data: ${text}\n\n`],
])('keeps the text of numbers both ways, in %s', async (_, type, framed) => {
  const { seen, transport } = await talk(() => ({
    type,
    text: framed(`{"jsonrpc":"2.0","id":"1","result":${NUMBERS}}`),
  }));
  const message = new Promise<unknown>((resolve) => {
    transport.onmessage = resolve;
  });
  await transport.send(call('1'));
  expect(stringifyJson(((await message) as { result: unknown }).result)).toBe(NUMBERS);
  expect(seen[0]?.body).toContain(`"arguments":${NUMBERS}`);
});

it('sends the headers of the session, of the person, and of what the request says', async () => {
  const { seen, transport } = await talk(() => ({ type: 'application/json', text: '[]' }));
  transport.sessionId = 's-1';
  transport.setProtocolVersion('2025-11-25');
  await transport.send(call('1'));
  const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };
  await transport.send(call('2', meta));
  await transport.send(call('3', meta, 'größe'));
  const [old, modern, encoded] = seen.map(({ headers }) => headers);
  expect(old).toMatchObject({
    'x-team': 'a',
    accept: 'text/plain, application/json, text/event-stream',
    'content-type': 'application/json',
    'mcp-session-id': 's-1',
    'mcp-protocol-version': '2025-11-25',
  });
  expect(old).not.toHaveProperty('mcp-method');
  expect(modern).toMatchObject({
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': 'pay',
  });
  expect(encoded?.['mcp-name']).toBe(`=?base64?${Buffer.from('größe').toString('base64')}?=`);
  // One connection, used again.
  expect(new Set(seen.map(({ port }) => port)).size).toBe(1);
});

it('closes a connection that nobody uses before a server would', async () => {
  const answer = '{"jsonrpc":"2.0","id":"1","result":{}}';
  const { server, transport } = await talk(() => ({ type: 'application/json', text: answer }));
  // This one never does.
  server.keepAliveTimeout = 0;
  const ended = new Promise((resolve) => {
    server.on('connection', (socket) => socket.once('end', () => resolve('by us')));
  });
  await transport.send(call('1'));
  expect(await ended).toBe('by us');
});

/** A server in a thread of its own, which notes when a connection is closed: the test's own thread stands still until then. */
const APART = `
const { workerData: closed, parentPort } = require('node:worker_threads');
const server = require('node:http').createServer((request, response) => {
  request.resume().on('end', () => {
    response.setHeader('content-type', 'application/json');
    response.end('{"jsonrpc":"2.0","id":"1","result":{}}');
  });
});
server.on('connection', (socket) => socket.on('close', () => {
  Atomics.add(closed, 0, 1);
  Atomics.notify(closed, 0);
}));
server.keepAliveTimeout = 3_100;
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

it('sends nothing into a connection that the server closed while this process was held up', async () => {
  const closed = new Int32Array(new SharedArrayBuffer(4));
  const server = new Worker(APART, { eval: true, workerData: closed });
  const port = await new Promise<number>((resolve) => server.once('message', resolve));
  const transport = new StreamableHttp({
    url: `http://127.0.0.1:${port}/mcp`,
    headers: {},
    now: () => new Date(),
    log: () => {},
  });
  closing.push(
    useAgents(),
    () => void transport.close(),
    () => void server.terminate(),
  );
  await transport.send(call('1'));
  // As a slow disk does: no timer runs, and nothing is heard of the server.
  Atomics.wait(closed, 0, 0);
  await expect(transport.send(call('1'))).resolves.toBeUndefined();
});
