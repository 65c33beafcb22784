// An MCP server over stdio that has the tools of a JSON file, whatever is in there: node listing-server.js FILE. A call tells its arguments.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const tools = JSON.parse(readFileSync(process.argv[2], 'utf8'));

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params = {} } = JSON.parse(line);
  if (id === undefined || method === undefined) continue;
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...handle(method, params) })}\n`);
}

function handle(method, params) {
  if (method === 'initialize')
    return {
      result: {
        protocolVersion: params.protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: 'listing-server', version: '1' },
      },
    };
  if (method === 'tools/list') return { result: { tools } };
  if (method === 'tools/call')
    return { result: { content: [{ type: 'text', text: JSON.stringify(params.arguments ?? {}) }] } };
  return { error: { code: -32601, message: 'Method not found' } };
}
