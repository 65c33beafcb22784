/** What a network, a gateway or a server can do to one exchange. */
import type { Exchange, Misdeed } from './hostile.ts';

const half = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { content: [] } }).slice(0, 30);
const status =
  (code: number, headers: Record<string, string> = {}): Misdeed =>
  ({ response }) =>
    response.writeHead(code, headers).end('a page of a gateway');

/** By name; each answers (or does not), and none leaves the exchange to the server. */
export const MISDEEDS = {
  reset: ({ request }) => request.socket.resetAndDestroy(),
  'half a response': ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    response.write(half, () => response.destroy());
  },
  'half a chunk': ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write(half, () => response.destroy());
  },
  'a stream that closes': (exchange) => {
    exchange.stream();
    exchange.response.end();
  },
  'a stream that breaks': (exchange) => {
    exchange.stream()({
      jsonrpc: '2.0',
      method: 'notifications/message',
      params: { level: 'info', data: 'hm' },
    });
    setTimeout(() => exchange.response.destroy(), 20);
  },
  'no JSON': ({ raw }) => raw('<html>It works!</html>'),
  'an empty body': ({ raw }) => raw(''),
  'another type': ({ response }) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
  'an array': ({ raw }) => raw('[]'),
  null: ({ raw }) => raw('null'),
  'another id': (exchange) => exchange.raw(JSON.stringify({ jsonrpc: '2.0', id: 'another', result: {} })),
  'an id of null': (exchange) =>
    exchange.raw(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32600, message: 'No' } })),
  'HTTP 401': status(401, { 'www-authenticate': 'Bearer' }),
  'HTTP 403': status(403),
  'HTTP 404': status(404),
  'HTTP 429': status(429, { 'retry-after': '1' }),
  'HTTP 429 for a year': status(429, { 'retry-after': '31536000' }),
  'HTTP 429 of nonsense': status(429, { 'retry-after': 'NaN, soon' }),
  'HTTP 500': status(500),
  'HTTP 502': status(502),
  'HTTP 202': ({ response }) => response.writeHead(202).end(),
  'HTTP 204': ({ response }) => response.writeHead(204).end(),
  'a redirect to itself': ({ request, response }) =>
    response.writeHead(307, { location: request.url ?? '' }).end(),
  'an internal error': ({ error }) => error(-32603, 'Internal error'),
  'a compressed bomb': ({ response }) => bomb(response),
  'an encoding unheard of': ({ response }) =>
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'x-magic' }).end('{}'),
  'broken compression': ({ response }) =>
    response
      .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
      .end('no gzip'),
} satisfies Record<string, Misdeed>;

export type MisdeedName = keyof typeof MISDEEDS;

/** Says nothing, or a byte now and then, for ever. */
export const SLOW: Record<string, Misdeed> = {
  silence: () => {},
  'slow loris': ({ response }: Exchange) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const timer = setInterval(() => response.write(' '), 100);
    response.once('close', () => clearInterval(timer));
  },
  'slow stream': (exchange: Exchange) => {
    exchange.stream();
    const timer = setInterval(() => exchange.response.write(': still there\n\n'), 100);
    exchange.response.once('close', () => clearInterval(timer));
  },
};

/** 1 GiB of spaces in about 1 MiB, made while it is sent. */
function bomb(response: Exchange['response']): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
  void import('node:zlib').then(({ createGzip }) => {
    const gzip = createGzip({ level: 1 });
    const chunk = Buffer.alloc(1024 * 1024, ' ');
    let left = 1024;
    const feed = () => {
      while (left-- > 0) if (!gzip.write(chunk)) return void gzip.once('drain', feed);
      gzip.end();
    };
    response.once('close', () => gzip.destroy());
    gzip.on('error', () => {});
    gzip.pipe(response);
    feed();
  });
}
