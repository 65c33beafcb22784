/** Agents that reach servers through an HTTP proxy (RFC 9110, 7.3.2 and 9.3.6). Loaded only where there is a proxy. */
import type { ClientRequest, Agent as HttpAgent, RequestOptions } from 'node:http';
import { isIP, connect as netConnect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import type { CliError } from '../../errors.ts';
import { nodeHttp, nodeHttps } from '../http/node-modules.ts';
import type { HttpProxy } from './choice.ts';
import { proxyRefused, proxyUnreachable } from './failure.ts';

/** Options of the connection to the server, and to a proxy that is reached over TLS. */
export interface AgentOptions {
  keepAlive: boolean;
  /** How long an idle socket is kept, in ms. */
  timeout: number;
  /** Certificates of authorities, PEM; undefined: those that Node trusts. */
  ca?: string[] | undefined;
}

type AddRequest = (this: HttpAgent, request: ClientRequest, options: Options) => void;
type Done = (error: Error | null, socket: Socket) => void;

interface Options extends RequestOptions {
  servername?: string;
  /** Aborted when the request is given up. */
  givenUp?: AbortSignal;
}

/** Every agent of Node's has it; the types leave it out. It takes a request in and gives it a socket. */
const { addRequest } = nodeHttp().Agent.prototype as unknown as { addRequest: AddRequest };

/** The agent for servers of this protocol behind the proxy. */
export function proxyAgent(protocol: string, proxy: HttpProxy, options: AgentOptions): HttpAgent {
  return protocol === 'https:' ? new TunnelAgent(proxy, options) : new ForwardAgent(proxy, options);
}

/** Plain HTTP: the proxy gets the request itself, with the whole URL as its target (absolute-form). */
class ForwardAgent extends nodeHttp().Agent {
  readonly #proxy: HttpProxy;
  readonly #ca: string[] | undefined;

  constructor(proxy: HttpProxy, { ca, ...options }: AgentOptions) {
    super(options);
    this.#proxy = proxy;
    this.#ca = ca;
  }

  addRequest(request: ClientRequest, options: Options): void {
    request.path = `http://${authority(options, 80)}${request.path}`;
    const { authorization } = this.#proxy;
    if (authorization !== undefined) request.setHeader('proxy-authorization', authorization);
    addRequest.call(this, request, { ...options, givenUp: givenUp(request) });
  }

  override createConnection(options: Options, done?: Done): undefined {
    settle(connectTo(this.#proxy, this.#ca, options.givenUp), done);
  }
}

/** HTTPS: the proxy opens a tunnel to the server (CONNECT), and sees nothing of what goes through it. */
class TunnelAgent extends nodeHttps().Agent {
  readonly #proxy: HttpProxy;
  readonly #ca: string[] | undefined;

  constructor(proxy: HttpProxy, { ca, ...options }: AgentOptions) {
    super({ ...options, ...(ca ? { ca } : {}) });
    this.#proxy = proxy;
    this.#ca = ca;
  }

  addRequest(request: ClientRequest, options: Options): void {
    addRequest.call(this, request, { ...options, givenUp: givenUp(request) });
  }

  override createConnection(options: Options, done?: Done): undefined {
    const secured = async () => {
      const socket = await tunnel(this.#proxy, this.#ca, authority(options, 443), options.givenUp);
      // What goes wrong from here on is the server's: the request hears of it, as without a proxy.
      const { host, path, port, ...rest } = options;
      return tlsConnect({ ...(rest as object), socket });
    };
    settle(secured(), done);
  }
}

function settle(made: Promise<Socket>, done: Done | undefined): void {
  made.then(
    (socket) => done?.(null, socket),
    (error: Error) => done?.(error, undefined as never),
  );
}

/**
 * Node ends a destroyed request only when it gets its socket. One that is given up while the proxy is slow would stay until the proxy
 * answers: it gives its connection up, too.
 */
function givenUp(request: ClientRequest): AbortSignal {
  const controller = new AbortController();
  const destroy = request.destroy.bind(request);
  request.destroy = (error) => {
    controller.abort();
    return destroy(error);
  };
  return controller.signal;
}

/** HOST:PORT of the server, as the proxy is told it; a port that is the protocol's own is left out for plain HTTP. */
function authority({ host, port }: Options, own: 80 | 443): string {
  const name = host ?? 'localhost';
  const shown = isIP(name) === 6 ? `[${name}]` : name;
  return own === 80 && Number(port) === own ? shown : `${shown}:${port ?? own}`;
}

/** A socket to the proxy. Error: UnreachableError that names the proxy. */
async function connectTo(
  proxy: HttpProxy,
  ca: string[] | undefined,
  signal: AbortSignal | undefined,
): Promise<Socket> {
  const { host, port } = proxy;
  const secure = proxy.protocol === 'https:';
  const socket = secure
    ? tlsConnect({
        host,
        port,
        ALPNProtocols: ['http/1.1'],
        ...(isIP(host) === 0 ? { servername: host } : {}),
        ...(ca ? { ca } : {}),
      })
    : netConnect({ host, port });
  await settled<void>(socket, signal, (resolve, reject) => {
    socket.once(secure ? 'secureConnect' : 'connect', () => resolve());
    socket.once('error', (error) => reject(proxyUnreachable(proxy, error)));
  });
  socket.setNoDelay(true);
  return socket;
}

/** A socket through the proxy to `to` (HOST:PORT). Errors: UnreachableError, AuthError for a proxy that wants credentials. */
async function tunnel(
  proxy: HttpProxy,
  ca: string[] | undefined,
  to: string,
  signal: AbortSignal | undefined,
): Promise<Socket> {
  const socket = await connectTo(proxy, ca, signal);
  return settled<Socket>(socket, signal, (resolve, reject) => {
    const request = nodeHttp().request({
      method: 'CONNECT',
      path: to,
      headers: {
        host: to,
        ...(proxy.authorization === undefined ? {} : { 'proxy-authorization': proxy.authorization }),
      },
      createConnection: () => socket,
    });
    request.once('connect', ({ statusCode = 0 }, _, head) => {
      if (statusCode < 200 || statusCode > 299) return reject(proxyRefused(proxy, statusCode, to));
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    // Some answer without the agreement of a tunnel, as if it were any request.
    request.once('response', ({ statusCode = 0 }) => reject(proxyRefused(proxy, statusCode, to)));
    request.once('error', (error) => reject(proxyUnreachable(proxy, error)));
    request.end();
  });
}

/** What `start` makes of the socket; a failure, and being given up, end the socket. */
function settled<T>(
  socket: Socket,
  signal: AbortSignal | undefined,
  start: (resolve: (value: T) => void, reject: (error: CliError | Error) => void) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => fail(new Error('given up'));
    const fail = (error: Error) => {
      signal?.removeEventListener('abort', onAbort);
      // Nobody listens any more for what a socket has to say at its end.
      socket.on('error', () => {}).destroy();
      reject(error);
    };
    if (signal?.aborted) return onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    start((value) => {
      signal?.removeEventListener('abort', onAbort);
      resolve(value);
    }, fail);
  });
}
