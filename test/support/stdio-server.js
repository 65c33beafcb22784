// A small MCP server over stdio, by hand: it starts fast and can misbehave. Arguments are ignored, but for what `describe` shows of them.
//
//   STDIO_NOISE=text   written to stderr at the start, as it stands
//   STDIO_PID=file     the process id is written there when a call of `hang` has arrived
import { writeFileSync } from 'node:fs';
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
  hang: {
    description: 'Never answer.',
    inputSchema: object(),
    run() {
      if (process.env.STDIO_PID) writeFileSync(process.env.STDIO_PID, String(process.pid));
    },
  },
};

if (process.env.STDIO_NOISE) process.stderr.write(process.env.STDIO_NOISE);

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params = {} } = JSON.parse(line);
  if (id === undefined || method === undefined) continue;
  const answer = handle(method, params);
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
