// A small MCP server over stdio, by hand: it starts fast and can misbehave. Arguments are ignored, but for what `describe` shows of them.
//
//   STDIO_NOISE=text     written to stderr at the start, as it stands
//   STDIO_CHATTER=text   a line that is no JSON, written to stdout before every answer
//   STDIO_STUBBORN=1     neither the end of stdin nor SIGTERM ends it
import { EventEmitter, once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
/** What waits for the client's answers, by the ids of the requests. */
const asked = new Map();
let flaked = 0;
/** How often `elicit` was called; told as `call`. */
let elicitations = 0;
const elicited = new EventEmitter();
const text = (words) => ({ content: [{ type: 'text', text: words }] });
/** Resolves when the file is there, or none is asked for. */
const there = async (path) => {
  while (path && !existsSync(path)) await sleep(10);
};
const object = (properties = {}, required = []) => ({ type: 'object', properties, required });

const TOOLS = {
  describe: {
    description: 'Tell how the server was started.',
    inputSchema: object({ variables: { type: 'array', items: { type: 'string' } } }),
    run: ({ variables = [] }) =>
      text(
        JSON.stringify({
          argv: process.argv.slice(2),
          cwd: process.cwd(),
          env: Object.fromEntries(variables.map((name) => [name, process.env[name] ?? null])),
        }),
      ),
  },
  pid: {
    description: 'Tell which process this is.',
    inputSchema: object(),
    run: () => text(String(process.pid)),
  },
  die: {
    description: 'End in the middle of the call, with last words; with a file, when that is there.',
    inputSchema: object({ until: { type: 'string' } }),
    async run({ until }) {
      await there(until);
      process.stderr.write('about to fall over\n', () => process.exit(3));
      return new Promise(() => {});
    },
  },
  flood: {
    description: 'Write lines to stderr, then answer.',
    inputSchema: object({ lines: { type: 'integer' } }, ['lines']),
    run({ lines }) {
      for (let i = 1; i <= lines; i++) process.stderr.write(`line ${i} ${'x'.repeat(200)}\n`);
      return text('flooded');
    },
  },
  slow: {
    description:
      'Answer after some milliseconds, or when a file is there; one of four steps is done at once.',
    inputSchema: object({ ms: { type: 'integer' }, until: { type: 'string' } }),
    run: async ({ ms = 0, until }, progressToken) => {
      if (progressToken !== undefined)
        send({ method: 'notifications/progress', params: { progressToken, progress: 1, total: 4 } });
      await sleep(ms);
      await there(until);
      return text('slept');
    },
  },
  elicit: {
    description: 'Ask after some milliseconds, and tell the answer. It does not say for which call it asks.',
    inputSchema: object(
      {
        tag: { type: 'string' },
        delay: { type: 'integer' },
        among: { type: 'integer', description: 'Ask only when there have been as many of these calls.' },
      },
      ['tag'],
    ),
    run: async ({ tag, delay = 0, among = 1 }) => {
      elicitations += 1;
      elicited.emit('call');
      while (elicitations < among) await once(elicited, 'call');
      await sleep(delay);
      const requestedSchema = object({ yes: { type: 'boolean', default: true } }, ['yes']);
      const answer = await ask('elicitation/create', { message: `${tag}?`, requestedSchema });
      return text(`${tag}: ${JSON.stringify(answer)}`);
    },
  },
  flaky: {
    description: 'Fail the first times, then tell how often it was called.',
    inputSchema: object({ failures: { type: 'integer' } }, ['failures']),
    run({ failures }) {
      flaked += 1;
      return { ...text(`call ${flaked}`), ...(flaked <= failures ? { isError: true } : {}) };
    },
  },
  typed: {
    description: 'Give back what is to be structured content, right or wrong.',
    inputSchema: object({ content: { type: 'object' } }, ['content']),
    outputSchema: object({ rows: { type: 'integer' } }, ['rows']),
    run: ({ content }) => ({ ...text('typed'), structuredContent: content }),
  },
  hang: {
    description: 'Never answer, but tell stderr that it was called.',
    inputSchema: object(),
    run() {
      process.stderr.write(`hanging ${process.pid}\n`);
    },
  },
};

const { STDIO_NOISE, STDIO_CHATTER, STDIO_STUBBORN } = process.env;
if (STDIO_NOISE) process.stderr.write(STDIO_NOISE);
if (STDIO_STUBBORN) {
  process.on('SIGTERM', () => {});
  setInterval(() => {}, 60_000);
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params = {}, result } = JSON.parse(line);
  if (id !== undefined && method === undefined) asked.get(id)?.(result);
  if (id === undefined || method === undefined) continue;
  void respond(id, handle(method, params));
}

async function respond(id, handled) {
  const answer = await handled;
  if (STDIO_CHATTER) process.stdout.write(`${STDIO_CHATTER}\n`);
  if (answer) send({ id, ...answer });
}

function send(message) {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
}

/** Asks the client, which answers with a message of the same id. */
function ask(method, params) {
  const id = `ask-${asked.size + 1}`;
  return new Promise((resolve) => {
    asked.set(id, resolve);
    send({ id, method, params });
  });
}

function handle(method, params) {
  if (method === 'initialize')
    return {
      result: {
        protocolVersion: params.protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: 'stdio-server', version: '1' },
      },
    };
  if (method === 'tools/list')
    return {
      result: { tools: Object.entries(TOOLS).map(([name, { run: _, ...rest }]) => ({ name, ...rest })) },
    };
  if (method === 'tools/call' && Object.hasOwn(TOOLS, params.name)) {
    const result = TOOLS[params.name].run(params.arguments ?? {}, params._meta?.progressToken);
    return result && Promise.resolve(result).then((settled) => ({ result: settled }));
  }
  return { error: { code: -32601, message: 'Method not found' } };
}
