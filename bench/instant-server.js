// An MCP server over HTTP with a tool, `echo`, that answers at once: what is measured against it is the client's work; `pause` answers after so many milliseconds. Prints its address.
import { createServer } from 'node:http';

const TOOLS = [
  {
    name: 'echo',
    inputSchema: { type: 'object', properties: { message: { type: 'string' } }, required: ['message'] },
  },
  {
    name: 'pause',
    inputSchema: { type: 'object', properties: { ms: { type: 'integer' } }, required: ['ms'] },
  },
];

function answer({ method, params }) {
  if (method === 'initialize')
    return {
      result: {
        protocolVersion: '2025-11-25',
        capabilities: { tools: {} },
        serverInfo: { name: 'instant', version: '1.0.0' },
      },
    };
  if (method === 'tools/list') return { result: { tools: TOOLS } };
  if (method === 'tools/call')
    return { result: { content: [{ type: 'text', text: params.arguments.message ?? 'done' }] } };
  return { error: { code: -32601, message: 'unknown method' } };
}

const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', () => {
    if (request.method !== 'POST') return response.writeHead(405).end();
    const message = JSON.parse(body);
    if (message.id === undefined) return response.writeHead(202).end();
    response.setHeader('Content-Type', 'application/json');
    const reply = () => response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, ...answer(message) }));
    const { ms } = message.params?.arguments ?? {};
    if (ms === undefined) reply();
    else setTimeout(reply, ms);
  });
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/mcp`));
