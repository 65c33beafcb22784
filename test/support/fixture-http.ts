/** A plain MCP server over HTTP in this process, on the SDK's low-level Server: its tools are what the test says, as it says it. */
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { startHost } from '../../src/demo/http-host.ts';
import { DemoService } from '../../src/demo/service.ts';
import { atTestEnd } from './cli.ts';

export interface FixtureServer {
  url: string;
  /** What `tools/list` answers; may be changed while the server runs. Nobody checks it: not even an inputSchema is needed. */
  tools: Record<string, unknown>[];
  /** JSON-RPC messages by method. */
  readonly requests: Record<string, number>;
}

/** Starts the server. A call answers with its own name and arguments as JSON. Closed when the test has finished. */
export async function fixtureServer(tools: Record<string, unknown>[]): Promise<FixtureServer> {
  const { stats } = new DemoService({ speed: 1, pollIntervalMs: 100 });
  const state = { tools };
  const host = await startHost({
    host: '127.0.0.1',
    port: 0,
    stats,
    health: {},
    factory: { create: () => serverOf(state), close: () => {} },
  });
  atTestEnd(() => host.close());
  return Object.assign(state, { url: host.url, requests: stats.requests });
}

function serverOf(state: { tools: unknown[] }): Server {
  const server = new Server({ name: 'fixture', version: '1' }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: state.tools as never }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }): CallToolResult => {
    const { name, arguments: args } = params;
    return { content: [{ type: 'text', text: JSON.stringify({ name, args }) }] };
  });
  return server;
}
