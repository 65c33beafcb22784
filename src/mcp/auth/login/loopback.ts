/** Where the browser comes back to after a login: a server on 127.0.0.1 that answers one request (RFC 8252, 7.3). */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UsageError } from '../../../errors.ts';
import { sha256 } from '../../../lib/sha256.ts';
import { nodeHttp } from '../../http/node-modules.ts';
import { type CallbackPage, PAGE_HEADERS, pageHtml } from './callback-page.ts';

const HOST = '127.0.0.1';
const PATH = '/callback';

export interface Loopback {
  redirectUrl: string;
  /** Resolves with the query of the one request that belongs to this login. */
  arrived: Promise<URLSearchParams>;
  /** Shows the browser how it ended, if it came, and closes. */
  finish(page: CallbackPage): Promise<void>;
}

/** Listens. `port`: 0 for any free one. `state` decides which request is meant. Error: UsageError for a port that is taken. */
export async function openLoopback(port: number, state: string): Promise<Loopback> {
  let waiting: ServerResponse | undefined;
  let arrive: (query: URLSearchParams) => void = () => {};
  const arrived = new Promise<URLSearchParams>((resolve) => {
    arrive = resolve;
  });
  const server = nodeHttp().createServer((request, response) => {
    const query = callbackQuery(request, server);
    if (query === undefined) return answer(response, 404, NOT_HERE);
    if (waiting) return answer(response, 409, USED);
    if (!isSame(query.get('state') ?? '', state)) return answer(response, 400, NOT_MEANT);
    // Answered when the login has ended, well or not.
    waiting = response;
    arrive(query);
  });
  await listen(server, port);
  return {
    redirectUrl: `http://${HOST}:${portOf(server)}${PATH}`,
    arrived,
    async finish(page) {
      if (waiting) await new Promise<void>((done) => answer(waiting as ServerResponse, 200, page, done));
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The query of a request for the callback, as a browser sends it; undefined for anything else. */
function callbackQuery(request: IncomingMessage, server: Server): URLSearchParams | undefined {
  const { method, url = '', headers } = request;
  // Another name for this address is a page elsewhere that tries its luck (DNS rebinding).
  if (method !== 'GET' || headers.host !== `${HOST}:${portOf(server)}`) return undefined;
  const { pathname, searchParams } = new URL(url, `http://${HOST}`);
  return pathname === PATH ? searchParams : undefined;
}

/** In a time that says nothing about where they differ. */
export function isSame(given: string, state: string): boolean {
  return timingSafeEqual(Buffer.from(sha256(given)), Buffer.from(sha256(state)));
}

const NOT_HERE: CallbackPage = {
  title: 'Nothing is here',
  text: ['mcp2cli waits for the end of a login on this port.'],
};
const NOT_MEANT: CallbackPage = {
  title: 'This is not the login that mcp2cli waits for',
  text: ['Use the page that it opened last, or run mcp2cli auth login once more.'],
};
const USED: CallbackPage = { title: 'This login was finished already', text: ['You can close this page.'] };

function answer(response: ServerResponse, status: number, page: CallbackPage, done?: () => void): void {
  response.once('error', () => done?.());
  response.once('close', () => done?.());
  response.writeHead(status, PAGE_HEADERS).end(pageHtml(page));
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo | null)?.port ?? 0;
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new UsageError(`cannot listen on ${HOST}:${port} for the end of the login: ${error.message}`, {
          code: 'callback_port',
          hint: 'choose another port: --callback-port PORT; or any free one, without it',
        }),
      ),
    );
    server.listen(port, HOST, resolve);
  });
}
