/** A forward proxy in this process: plain HTTP in absolute-form, and tunnels (CONNECT). Whatever host is asked for, it connects to 127.0.0.1. */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Certificate } from './certificates.ts';
import { atTestEnd } from './cli.ts';

export interface ForwardProxy {
  /** HOST:PORT. */
  address: string;
  /** `GET http://...` and `CONNECT HOST:PORT`, in order of arrival. */
  readonly seen: {
    line: string;
    headers: IncomingHttpHeaders /** As far as it has come; of a tunnel nothing is seen. */;
    body: string;
  }[];
  /** Resolves with the first tunnel that is asked for. */
  readonly asked: Promise<void>;
  /** How many connections were made to it. */
  readonly connections: () => number;
}

export interface ProxyOptions {
  /** USER:PASSWORD that it wants. */
  credentials?: string;
  /** The status that it answers CONNECT with. */
  status?: number;
  /** Takes CONNECT, and says nothing. */
  silent?: boolean;
  /** Speaks TLS with its clients. */
  tls?: Certificate;
}

/** Starts the proxy. Closed when the test has finished. */
export async function forwardProxy(options: ProxyOptions = {}): Promise<ForwardProxy> {
  const { credentials, status, silent, tls } = options;
  const wanted = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`;
  const seen: ForwardProxy['seen'] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let ask = () => {};
  const asked = new Promise<void>((resolve) => {
    ask = resolve;
  });
  const server: Server = tls ? createSecureServer(tls) : createServer();
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
  });
  server.on('request', (incoming, outgoing) => {
    const { method, url = '', headers } = incoming;
    const entry = { line: `${method} ${url}`, headers, body: '' };
    seen.push(entry);
    incoming.on('data', (chunk: Buffer) => {
      entry.body += chunk.toString('latin1');
    });
    if (wanted && headers['proxy-authorization'] !== wanted) {
      outgoing.writeHead(407, { 'proxy-authenticate': 'Basic' }).end('who are you?');
      return;
    }
    passOn(incoming, outgoing, new URL(url));
  });
  server.on('connect', ({ url = '', headers }, client: Socket, head: Buffer) => {
    seen.push({ line: `CONNECT ${url}`, headers, body: '' });
    client.on('error', () => {});
    ask();
    if (silent) return;
    if (status) return void client.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    if (wanted && headers['proxy-authorization'] !== wanted)
      return void client.end(
        'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n',
      );
    const upstream = connect(Number(url.split(':').at(-1)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client);
      client.pipe(upstream);
    });
    sockets.add(upstream);
    upstream.on('error', () => client.destroy());
    client.on('close', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atTestEnd(() => closed(server, sockets));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    asked,
    connections: () => connections,
  };
}

/** A server's URL over TLS: what comes in is decrypted and handed on. Closed when the test has finished. */
export async function behindTls(url: string, certificate: Certificate, host = '127.0.0.1'): Promise<string> {
  const inner = new URL(url);
  const sockets = new Set<Socket>();
  const server = createSecureServer(certificate, (incoming, outgoing) =>
    passOn(incoming, outgoing, new URL(incoming.url ?? '/', inner)),
  );
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atTestEnd(() => closed(server, sockets));
  return `https://${host}:${(server.address() as AddressInfo).port}${inner.pathname}`;
}

/** Asks 127.0.0.1 for what was asked for, and hands the answer back. */
function passOn(incoming: IncomingMessage, outgoing: ServerResponse, { port, pathname, search }: URL): void {
  const { 'proxy-authorization': _, ...headers } = incoming.headers;
  const passed = request(
    {
      host: '127.0.0.1',
      port,
      path: pathname + search,
      method: incoming.method,
      headers: { ...headers, host: `127.0.0.1:${port}` },
    },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      outgoing.flushHeaders();
      answer.pipe(outgoing);
    },
  );
  passed.on('error', () => outgoing.destroy());
  outgoing.on('close', () => passed.destroy());
  incoming.pipe(passed);
}

function closed(server: { close(done: () => void): unknown }, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}
