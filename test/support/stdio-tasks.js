// A stdio server with tasks of MCP 2025-11-25, by hand, for what the official one does not do: accept late, ask before it accepts, fail polls.
// Its one tool, `task`, takes ms (how long it works), until and accept (paths: it works until the one is there, and is accepted when the other is),
// before (a question first), polls (`fail`) and stubborn (cancelling changes nothing). COUNT names a file that gets a line for each call of the
// tool, and for each cancellation.
import { appendFileSync, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

const { COUNT } = process.env;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const tasks = new Map();
const asked = new Map();
const now = () => new Date().toISOString();
const properties = {
  ms: { type: 'integer' },
  until: { type: 'string' },
  accept: { type: 'string' },
  before: { type: 'string' },
  polls: { type: 'string' },
  stubborn: { type: 'boolean' },
};

class RpcError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

const view = ({ id, status }) => ({
  taskId: id,
  status,
  createdAt: now(),
  lastUpdatedAt: now(),
  ttl: null,
  pollInterval: 500,
});

async function call({ name, arguments: args = {}, task }) {
  if (COUNT) appendFileSync(COUNT, `${name}\n`);
  const said = args.before === undefined ? undefined : await ask(args.before);
  if (args.accept) await there(args.accept);
  const { polls, stubborn } = args;
  const one = { id: `task-${tasks.size + 1}`, status: 'working', polls, stubborn };
  one.result = (args.until ? there(args.until) : sleep(args.ms ?? 100)).then(() => {
    if (one.status === 'working') one.status = 'completed';
    return { content: [{ type: 'text', text: said ? `done: ${JSON.stringify(said)}` : 'done' }] };
  });
  if (!task) return one.result;
  tasks.set(one.id, one);
  return { task: view(one) };
}

async function there(path) {
  while (!existsSync(path)) await sleep(10);
}

function ask(message) {
  const id = `ask-${asked.size + 1}`;
  const requestedSchema = { type: 'object', properties: { yes: { type: 'boolean' } }, required: ['yes'] };
  return new Promise((resolve) => {
    asked.set(id, resolve);
    send({ id, method: 'elicitation/create', params: { message, requestedSchema } });
  });
}

function find({ taskId }) {
  const one = tasks.get(taskId);
  if (!one) throw new RpcError(-32602, 'Task not found');
  return one;
}

const METHODS = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {}, tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } },
    serverInfo: { name: 'stdio-tasks', version: '1' },
  }),
  'tools/list': () => ({
    tools: [
      { name: 'task', inputSchema: { type: 'object', properties }, execution: { taskSupport: 'required' } },
    ],
  }),
  'tools/call': call,
  'tasks/get': (params) => {
    const one = find(params);
    if (one.polls === 'fail') throw new RpcError(-32603, 'cannot tell');
    return view(one);
  },
  'tasks/result': (params) => {
    const one = find(params);
    if (one.polls === 'fail') throw new RpcError(-32603, 'cannot tell');
    return one.result;
  },
  'tasks/cancel': (params) => {
    if (COUNT) appendFileSync(COUNT, 'cancel\n');
    const one = find(params);
    if (!one.stubborn) one.status = 'cancelled';
    return view(one);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params = {}, result } = JSON.parse(line);
  if (id !== undefined && method === undefined) asked.get(id)?.(result);
  if (id !== undefined && method !== undefined) void respond(id, method, params);
}

async function respond(id, method, params) {
  try {
    const handler = METHODS[method];
    if (!handler) throw new RpcError(-32601, 'Method not found');
    send({ id, result: await handler(params) });
  } catch (error) {
    send({ id, error: { code: error.code ?? -32603, message: error.message } });
  }
}

function send(message) {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
}
