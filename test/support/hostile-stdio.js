// A stdio server by hand, with tasks of MCP 2025-11-25, that misbehaves on request: one tool for each misdeed. HOSTILE_CALLS names a file that
// gets the arguments of every tools/call, a line each.
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const { HOSTILE_CALLS } = process.env;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const text = (words) => ({ content: [{ type: 'text', text: words }] });
const tasks = new Map();
const MIB = 'x'.repeat(1024 * 1024);

function drained(stream, chunk) {
  return new Promise((resolve) => (stream.write(chunk) ? resolve() : stream.once('drain', resolve)));
}

async function flood(stream, mib, line) {
  for (let i = 0; i < mib; i++) await drained(stream, line);
}

const TOOLS = {
  task: async ({ ms = 200 }) => {
    await sleep(ms);
    return text('done');
  },
  'stderr-flood': async ({ size }) => {
    await flood(process.stderr, size, `${'e'.repeat(1024 * 1024)}\n`);
    return text('flooded');
  },
  // A message that never ends.
  'stdout-flood': async ({ size }) => {
    await flood(process.stdout, size, MIB);
    return text('flooded');
  },
  garbage: async () => {
    for (const line of [
      '',
      'no JSON',
      '{',
      '[]',
      'null',
      '0',
      '{"jsonrpc":"1.0"}',
      '{"jsonrpc":"2.0","id":{}}',
      '\u0000',
    ])
      process.stdout.write(`${line}\n`);
    return text('among garbage');
  },
  deep: ({ size }, id) =>
    void process.stdout.write(
      `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"content":[],"structuredContent":${'{"a":'.repeat(size)}1${'}'.repeat(size)}}}\n`,
    ),
  'elicit-flood': async ({ size }) => {
    const requestedSchema = { type: 'object', properties: { yes: { type: 'boolean' } } };
    for (let i = 0; i < size; i++)
      await drained(
        process.stdout,
        `${JSON.stringify({ jsonrpc: '2.0', id: `ask-${i}`, method: 'elicitation/create', params: { message: `${i}?`, requestedSchema } })}\n`,
      );
    return text('asked enough');
  },
  exit: () => process.exit(3),
  half: () => void process.stdout.write('{"jsonrpc":"2.0","id', () => process.exit(0)),
  'wrong-id': () => void send({ id: 'another', result: text('for somebody else') }),
  environment: () => text(JSON.stringify(Object.keys(process.env))),
};

const SIZE = {
  type: 'object',
  properties: { size: { type: 'integer' }, ms: { type: 'integer' }, n: { type: 'string' } },
};

const view = ({ id, status }) => ({
  taskId: id,
  status,
  createdAt: new Date().toISOString(),
  lastUpdatedAt: new Date().toISOString(),
  ttl: null,
  pollInterval: 500,
});

function find({ taskId }) {
  const one = tasks.get(taskId);
  if (!one) throw Object.assign(new Error('Task not found'), { code: -32602 });
  return one;
}

const METHODS = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {}, tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } },
    serverInfo: { name: 'hostile-stdio', version: '1' },
  }),
  'tools/list': () => ({
    tools: Object.keys(TOOLS).map((name) => ({
      name,
      inputSchema: SIZE,
      execution: { taskSupport: name === 'task' ? 'optional' : 'forbidden' },
    })),
  }),
  'tools/call': ({ name, arguments: args = {}, task }, id) => {
    if (HOSTILE_CALLS) appendFileSync(HOSTILE_CALLS, `${JSON.stringify({ name, ...args })}\n`);
    const running = TOOLS[name](args, id);
    if (!task) return running;
    const one = { id: `task-${process.pid}-${tasks.size + 1}`, status: 'working' };
    one.result = Promise.resolve(running).then((result) => {
      if (one.status === 'working') one.status = 'completed';
      return result;
    });
    tasks.set(one.id, one);
    return { task: view(one) };
  },
  'tasks/get': (params) => view(find(params)),
  'tasks/result': (params) => find(params).result,
  'tasks/cancel': (params) => {
    const one = find(params);
    if (one.status === 'working') one.status = 'cancelled';
    return view(one);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params = {} } = JSON.parse(line);
  if (id !== undefined && method !== undefined) void respond(id, method, params);
}

async function respond(id, method, params) {
  try {
    const handler = METHODS[method];
    if (!handler) throw Object.assign(new Error('Method not found'), { code: -32601 });
    const result = await handler(params, id);
    if (result !== undefined) send({ id, result });
  } catch (error) {
    send({ id, error: { code: error.code ?? -32603, message: error.message } });
  }
}

function send(message) {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
}
