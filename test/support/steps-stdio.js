// A stdio server by hand whose tools are steps: STEPS_CALLS names a file that gets the `id` of every call, a line each; STEPS_GATE one that must be
// there before `gate` answers, and without which `needs-gate` fails. `fails` fails so many times, by the calls of its id in that file.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const { STEPS_CALLS = '', STEPS_GATE = '' } = process.env;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const answer = (structuredContent) => ({
  content: [{ type: 'text', text: JSON.stringify(structuredContent) }],
  structuredContent,
});
const cancelled = new Set();

const TOOLS = {
  count: async ({ n = 0, by = 0, ms = 0 }) => {
    if (ms > 0) await sleep(ms);
    return answer({ sum: n + by });
  },
  fails: async ({ id = '', n = 0, times = 0 }) => {
    const calls = readFileSync(STEPS_CALLS, 'utf8')
      .split('\n')
      .filter((one) => one === id).length;
    return calls > times ? answer({ sum: n }) : { ...answer({ sum: -1 }), isError: true };
  },
  gate: async ({ sum = 0 }, id) => {
    while (!existsSync(STEPS_GATE) && !cancelled.has(id)) await sleep(10);
    return answer({ sum });
  },
  'needs-gate': async () =>
    existsSync(STEPS_GATE)
      ? answer({ sum: 0 })
      : { content: [{ type: 'text', text: 'the gate is shut' }], isError: true },
};

const NUMBERS = ['n', 'by', 'ms', 'sum', 'times'].map((name) => [name, { type: 'integer' }]);
const inputSchema = {
  type: 'object',
  properties: { id: { type: 'string' }, ...Object.fromEntries(NUMBERS) },
};

const METHODS = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'steps', version: '1' },
  }),
  'tools/list': () => ({ tools: Object.keys(TOOLS).map((name) => ({ name, inputSchema })) }),
  'tools/call': ({ name, arguments: args = {} }, id) => {
    if (STEPS_CALLS) appendFileSync(STEPS_CALLS, `${args.id ?? name}\n`);
    return TOOLS[name](args, id);
  },
  ping: () => ({}),
};

const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
createInterface({ input: process.stdin }).on('line', async (line) => {
  const { id, method, params = {} } = JSON.parse(line);
  if (method === 'notifications/cancelled') cancelled.add(params.requestId);
  if (id === undefined) return;
  const answers = METHODS[method];
  if (answers) send({ id, result: await answers(params, id) });
  else send({ id, error: { code: -32601, message: `no ${method}` } });
});
process.stdin.on('end', () => process.exit());
