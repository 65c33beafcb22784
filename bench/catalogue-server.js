// A server over stdio with as many tools as asked for, of about 10 kB each, and one small one, `echo`. Usage: node catalogue-server.js COUNT
import { createInterface } from 'node:readline';

const count = Number(process.argv[2]);
const property = (i) => ({
  type: ['string', 'integer', 'boolean', 'number'][i % 4],
  description: `What this is for, in as many words as people take for it, and an example or two. `.repeat(2),
});
const schema = (properties) => ({
  type: 'object',
  properties: Object.fromEntries(
    Array.from({ length: properties }, (_, i) => [`property_${i}`, property(i)]),
  ),
});
const echo = {
  name: 'echo',
  description: 'Say it again.',
  inputSchema: { type: 'object', properties: { message: { type: 'string' } }, required: ['message'] },
};

function tools() {
  const many = Array.from({ length: count }, (_, i) => ({
    name: `tool_${i}`,
    description: `Do something useful of kind ${i}.`,
    inputSchema: schema(45),
  }));
  return [...many, echo, { name: 'wide', description: 'Many properties.', inputSchema: schema(150) }];
}

function answer(method, params) {
  if (method === 'initialize')
    return {
      protocolVersion: params.protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: 'catalogue', version: '1' },
    };
  if (method === 'tools/list') return { tools: tools() };
  if (method === 'tools/call')
    return { content: [{ type: 'text', text: String(params.arguments?.message) }] };
  return undefined;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) continue;
  const result = answer(method, params);
  const reply = result ? { result } : { error: { code: -32601, message: 'Method not found' } };
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...reply })}\n`);
}
