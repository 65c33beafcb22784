/** A door with a lock in front of a real MCP server: requests need a token of the authorization server (RFC 6750, RFC 9728). */
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { atTestEnd } from '../cli.ts';
import type { AuthorizationServer } from './authorization-server.ts';

export interface ProtectedServer {
  url: string;
  /** Tokens that were let in, in their order, each once. */
  readonly letIn: string[];
  /** Answers so far, by status. */
  readonly statuses: Record<number, number>;
  /** The scope that a tool's call needs, by the tool's name. */
  readonly needs: Record<string, string>;
}

export interface ProtectedOptions {
  /** The server behind the door. */
  inner: string;
  authorization: () => AuthorizationServer;
  /** `scopes_supported` of the metadata. */
  scopes?: string[];
}

export async function protectedServer({
  inner,
  authorization,
  scopes,
}: ProtectedOptions): Promise<ProtectedServer> {
  const target = new URL(inner);
  const state: ProtectedServer = { url: '', letIn: [], statuses: {}, needs: {} };
  const refuse = (response: ServerResponse, status: number, parameters: Record<string, string>) => {
    state.statuses[status] = (state.statuses[status] ?? 0) + 1;
    const { origin } = new URL(state.url);
    const all = { ...parameters, resource_metadata: `${origin}/.well-known/oauth-protected-resource/mcp` };
    const challenge = Object.entries(all).map(([name, value]) => `${name}="${value}"`);
    response.writeHead(status, {
      'www-authenticate': `Bearer ${challenge.join(', ')}`,
      'content-type': 'application/json',
    });
    response.end('{"error":"not let in"}');
  };
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '', state.url).pathname;
    if (path === '/.well-known/oauth-protected-resource/mcp') {
      const metadata = {
        resource: state.url,
        authorization_servers: [authorization().issuer],
        ...(scopes ? { scopes_supported: scopes } : {}),
      };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(metadata));
      return;
    }
    if (path.startsWith('/.well-known/')) return void response.writeHead(404).end();
    const body = await bodyOf(request);
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    const found = token === undefined ? undefined : await authorization().find(token);
    if (token === undefined || !found)
      return refuse(response, 401, token === undefined ? {} : { error: 'invalid_token' });
    const needed = state.needs[calledTool(body) ?? ''];
    if (needed !== undefined && !found.scope?.split(' ').includes(needed))
      return refuse(response, 403, { error: 'insufficient_scope', scope: needed });
    if (!state.letIn.includes(token)) state.letIn.push(token);
    const { authorization: _, host: __, ...headers } = request.headers;
    const onward = httpRequest(
      {
        host: target.hostname,
        port: target.port,
        path: (path === '/mcp' ? target.pathname : path) + new URL(request.url ?? '', inner).search,
        method: request.method,
        headers,
      },
      (answer) => {
        const status = answer.statusCode ?? 502;
        state.statuses[status] = (state.statuses[status] ?? 0) + 1;
        response.writeHead(status, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    onward.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  atTestEnd(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return state;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function calledTool(body: Buffer): string | undefined {
  try {
    const { method, params } = JSON.parse(body.toString('utf8')) as {
      method?: string;
      params?: { name?: string };
    };
    return method === 'tools/call' ? params?.name : undefined;
  } catch {
    return undefined;
  }
}
