// An MCP server of 2025-11-25 over stdio with resources or prompts alone, in any number, page by page: node readable-server.js MODE [FILE]
//   pages     10,000 resources on 200 pages
//   endless   a page that comes back for ever
//   prompts   prompts alone
//   silent    declares subscriptions, and knows no such method
//   watched   tells of each change of FILE to whoever subscribed to its resource
//   exact     numbers that JavaScript would write otherwise
//   log       log messages: some with every level that is set, some with each call of its tool "ping"
//   no-resources   declares none, and has none
import { readFileSync, watch } from 'node:fs';
import { createInterface } from 'node:readline';

const [mode, file] = process.argv.slice(2);
const PAGE = 50;
const PAGES = 200;
const subscribed = new Set();
/** Unset: nothing is told. */
let level;
const say = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);

if (mode === 'watched')
  watch(file, () => {
    for (const uri of subscribed) say({ method: 'notifications/resources/updated', params: { uri } });
  });

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params = {} } = JSON.parse(line);
  if (id === undefined || method === undefined) continue;
  if (mode === 'exact' && method === 'resources/list') sayExactly(id);
  else say({ id, ...handle(method, params) });
}

function handle(method, params) {
  switch (method) {
    case 'initialize':
      return {
        result: {
          protocolVersion: params.protocolVersion,
          capabilities: capabilities(),
          serverInfo: { name: 'readable', version: '1' },
        },
      };
    case 'ping':
      return { result: {} };
    case 'tools/list':
      return mode === 'log'
        ? { result: { tools: [{ name: 'ping', inputSchema: { type: 'object' } }] } }
        : noMethod();
    case 'logging/setLevel':
      if (mode !== 'log') return noMethod();
      level = params.level;
      for (const one of ['debug', 'info', 'warning']) log(one, `level ${level}`);
      return { result: {} };
    case 'tools/call':
      log('debug', { step: 1 });
      log('warning', 'that was loud');
      return { result: { content: [{ type: 'text', text: 'the tool' }] } };
    case 'resources/list':
      return resources(params.cursor);
    case 'resources/templates/list':
      return mode === 'pages' ? { result: { resourceTemplates: [] } } : noMethod();
    case 'resources/read':
      if (mode === 'no-resources') return noMethod();
      return {
        result: { contents: [{ uri: params.uri, text: file ? readFileSync(file, 'utf8') : 'text' }] },
      };
    case 'resources/subscribe':
      if (mode !== 'watched') return noMethod();
      subscribed.add(params.uri);
      return { result: {} };
    case 'resources/unsubscribe':
      subscribed.delete(params.uri);
      return { result: {} };
    case 'prompts/list':
      return mode === 'prompts' ? { result: { prompts: [{ name: 'only' }] } } : noMethod();
    case 'prompts/get':
      return { result: { messages: [{ role: 'user', content: { type: 'text', text: 'only this' } }] } };
    default:
      return noMethod();
  }
}

function sayExactly(id) {
  const list = '[{"uri":"doc://1","name":"one","size":725653563933458432,"priority":1.50}]';
  process.stdout.write(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"resources":${list}}}\n`);
}

/** This server does not sort by level: clients have to. */
function log(severity, data) {
  if (level !== undefined)
    say({ method: 'notifications/message', params: { level: severity, logger: 'reader', data } });
}

function noMethod() {
  return { error: { code: -32601, message: 'Method not found' } };
}

function capabilities() {
  if (mode === 'prompts') return { prompts: {} };
  if (mode === 'no-resources') return { tools: {} };
  if (mode === 'log') return { tools: {}, logging: {} };
  return { resources: { subscribe: mode !== 'pages' } };
}

function resources(cursor = '0') {
  if (mode === 'prompts' || mode === 'no-resources') return noMethod();
  const page = Number(cursor);
  const list = Array.from({ length: mode === 'pages' ? PAGE : 2 }, (_, i) => ({
    uri: `doc://${page * PAGE + i}`,
    name: `document ${page * PAGE + i}`,
  }));
  if (mode === 'endless') return { result: { resources: list, nextCursor: String((page + 1) % 3) } };
  const next = mode === 'pages' && page + 1 < PAGES ? { nextCursor: String(page + 1) } : {};
  return { result: { resources: list, ...next } };
}
