// A small MCP server over stdio, by hand: it starts fast and can misbehave. Arguments are ignored, but for what `describe` shows of them.
//
//   STDIO_NOISE=text     written to stderr at the start, as it stands
//   STDIO_CHATTER=text   a line that is no JSON, written to stdout before every answer
//   STDIO_STUBBORN=1     neither the end of stdin nor SIGTERM ends it
import { createInterface } from 'node:readline';

const text = (words) => ({ content: [{ type: 'text', text: words }] });
const object = (properties = {}, required = []) => ({ type: 'object', properties, required });

const TOOLS = {
  describe: {
    description: 'Tell how the server was started.',
    inputSchema: object({ variables: { type: 'array', items: { type: 'string' } } }),
    run: ({ variables = [] }) =>
      text(
        JSON.stringify({
          pid: process.pid,
          argv: process.argv.slice(2),
          cwd: process.cwd(),
          env: Object.fromEntries(variables.map((name) => [name, process.env[name] ?? null])),
        }),
      ),
  },
  die: {
    description: 'End in the middle of the call, with last words.',
    inputSchema: object(),
    run() {
      process.stderr.write('about to fall over\n', () => process.exit(3));
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
  const { id, method, params = {} } = JSON.parse(line);
  if (id === undefined || method === undefined) continue;
  const answer = handle(method, params);
  if (STDIO_CHATTER) process.stdout.write(`${STDIO_CHATTER}\n`);
  if (answer) process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...answer })}\n`);
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
    const result = TOOLS[params.name].run(params.arguments ?? {});
    return result && { result };
  }
  return { error: { code: -32601, message: 'Method not found' } };
}
