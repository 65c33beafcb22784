/** A server of protocol 2026-07-28 over HTTP, by version 2 of the official SDK; it knows no handshake of older versions. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { createMcpHandler, type McpServer, ProtocolError, Server } from '@modelcontextprotocol/server';
import { atTestEnd } from './cli.ts';

const TOOLS = {
  echo: { type: 'object' as const, properties: { message: { type: 'string' } }, required: ['message'] },
  fail: { type: 'object' as const },
  refuse: { type: 'object' as const },
  work: { type: 'object' as const, properties: { steps: { type: 'integer', default: 3 } } },
} satisfies Record<string, { type: 'object'; [more: string]: unknown }>;

/** Starts the server, or one that `make` makes anew for each request; closed when the test has finished. `notify` tells those who listen. */
export async function modernServer(
  make: () => Server | McpServer = instance,
): Promise<{ url: string; notify: ReturnType<typeof createMcpHandler>['notify'] }> {
  const handler = createMcpHandler(() => make(), { legacy: 'reject' });
  const http = createServer(async (incoming, outgoing) => {
    const response = await handler.fetch(requestOf(incoming));
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.flushHeaders();
    if (response.body) Readable.fromWeb(response.body as never).pipe(outgoing);
    else outgoing.end();
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  atTestEnd(async () => {
    http.closeAllConnections();
    http.close();
    await handler.close();
  });
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`;
  return { url, notify: handler.notify };
}

function requestOf(incoming: IncomingMessage): Request {
  const { method = 'GET', headers, url } = incoming;
  return new Request(`http://${headers.host}${url}`, {
    method,
    headers: new Headers(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    ...(method === 'POST' ? { body: Readable.toWeb(incoming) as never, duplex: 'half' } : {}),
  } as RequestInit);
}

function instance(): Server {
  const server = new Server({ name: 'modern', version: '1' }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/list', () => ({
    tools: Object.entries(TOOLS).map(([name, inputSchema]) => ({ name, inputSchema })),
  }));
  server.setRequestHandler('tools/call', async ({ params }, { mcpReq }) => {
    const { name, arguments: args = {} } = params;
    if (name === 'refuse') throw new ProtocolError(-32603, 'refused on purpose');
    if (name === 'work') {
      const total = Number(args['steps'] ?? 3);
      const progressToken = mcpReq._meta?.progressToken;
      for (let progress = 1; progressToken !== undefined && progress <= total; progress++)
        await mcpReq.notify({
          method: 'notifications/progress',
          params: { progressToken, progress, total, message: `step ${progress}` },
        });
    }
    const text = name === 'echo' ? String(args['message']) : `${name} done`;
    return { content: [{ type: 'text', text }], ...(name === 'fail' ? { isError: true } : {}) };
  });
  return server;
}
