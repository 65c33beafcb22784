// An MCP server over stdio with the tools that the official server scenarios call, for `mcp2cli serve` to serve.
import { setTimeout as sleep } from 'node:timers/promises';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { CallToolRequestSchema, ListToolsRequestSchema, McpError } from '@modelcontextprotocol/sdk/types.js';

const IMAGE = {
  type: 'image',
  data: 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  mimeType: 'image/png',
};
const AUDIO = {
  type: 'audio',
  data: 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=',
  mimeType: 'audio/wav',
};
const text = (words) => ({ type: 'text', text: words });
const resource = (uri, mimeType, words) => ({ type: 'resource', resource: { uri, mimeType, text: words } });

const SCHEMA_2020_12 = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
};

const server = new Server(
  { name: 'served-tools', version: '1.0.0' },
  { capabilities: { tools: {}, logging: {} } },
);

const logs =
  (...lines) =>
  async (_, { sendNotification }) => {
    for (const data of lines) {
      await sendNotification({ method: 'notifications/message', params: { level: 'info', data } });
      await sleep(50);
    }
    return { content: [text('logged')] };
  };

/** Each with what it does; arguments only where a scenario gives some. */
const TOOLS = {
  test_simple_text: () => ({ content: [text('This is a simple text response for testing.')] }),
  test_image_content: () => ({ content: [IMAGE] }),
  test_audio_content: () => ({ content: [AUDIO] }),
  test_embedded_resource: () => ({
    content: [resource('test://embedded-resource', 'text/plain', 'This is an embedded resource content.')],
  }),
  test_multiple_content_types: () => ({
    content: [
      text('Multiple content types test:'),
      IMAGE,
      resource('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
    ],
  }),
  test_tool_with_logging: logs('Tool execution started', 'Tool processing data', 'Tool execution completed'),
  test_logging_tool: logs('a line'),
  test_error_handling: () => ({
    isError: true,
    content: [text('This tool intentionally returns an error for testing')],
  }),
  async test_tool_with_progress(_, { _meta, sendNotification }) {
    for (const progress of [0, 50, 100]) {
      const params = { progressToken: _meta?.progressToken, progress, total: 100 };
      if (params.progressToken !== undefined)
        await sendNotification({ method: 'notifications/progress', params });
      await sleep(50);
    }
    return { content: [text('done')] };
  },
  json_schema_2020_12_tool: () => ({ content: [text('fits')] }),
  greet: ({ name }) => ({ content: [text(`Hello, ${name}!`)] }),
  async slow_compute({ seconds = 1 }, { signal }) {
    await sleep(seconds * 1000, undefined, { signal });
    return { content: [text(`Computed for ${seconds} s`)] };
  },
  async failing_job() {
    await sleep(1000);
    return { isError: true, content: [text('The job failed')] };
  },
  protocol_error_job() {
    throw new McpError(-32603, 'The job fell over');
  },
};

const SCHEMAS = {
  json_schema_2020_12_tool: SCHEMA_2020_12,
  greet: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
  slow_compute: { type: 'object', properties: { seconds: { type: 'number' }, label: { type: 'string' } } },
};

server.setRequestHandler(ListToolsRequestSchema, () => ({
  tools: Object.keys(TOOLS).map((name) => ({
    name,
    description: name.replaceAll('_', ' '),
    inputSchema: SCHEMAS[name] ?? { type: 'object' },
  })),
}));
server.setRequestHandler(CallToolRequestSchema, ({ params }, extra) => {
  const tool = TOOLS[params.name];
  if (!tool) throw new McpError(-32602, `no tool ${params.name}`);
  return tool(params.arguments ?? {}, extra);
});
await server.connect(new StdioServerTransport());
process.stdin.once('end', () => process.exit(0));
