/** Faults of HTTP servers that people reported, as misdeeds of the server by hand (hostile.ts). */
import zlib from 'node:zlib';
import type { Exchange, Misdeed } from './hostile.ts';

const RESULT = { content: [{ type: 'text', text: 'worked' }] };

/** The JSON-RPC answer to an exchange, as a well-behaved server writes it. */
export function answerTo({ id }: Pick<Exchange, 'id'>, result: unknown = RESULT): string {
  return JSON.stringify({ jsonrpc: '2.0', id, result });
}

/** Answers with an HTTP status, headers and a body. */
export const answer =
  (
    status: number,
    body: string | ((exchange: Exchange) => string) = '',
    headers: Record<string, string> = {},
  ): Misdeed =>
  (exchange) =>
    exchange.response.writeHead(status, headers).end(typeof body === 'string' ? body : body(exchange));

/** Answers with an event stream of these bytes, which then ends. */
export const stream =
  (text: (json: string, exchange: Exchange) => string): Misdeed =>
  (exchange) =>
    exchange.response
      .writeHead(200, { 'content-type': 'text/event-stream' })
      .end(text(answerTo(exchange), exchange));

/** Event streams that bring the answer, by what is odd about them. */
export const STREAMS: Record<string, Misdeed> = {
  'lines of LF': stream((json) => `event: message\ndata: ${json}\n\n`),
  'lines of CRLF': stream((json) => `event: message\r\ndata: ${json}\r\n\r\n`),
  'lines of CR': stream((json) => `event: message\rdata: ${json}\r\r`),
  'a byte order mark': stream((json) => `\ufeffdata: ${json}\n\n`),
  'no blank line at the end': stream((json) => `data: ${json}\n`),
  'no space after the colon': stream((json) => `data:${json}\n\n`),
  'JSON over many lines': stream((json) => {
    const lines = JSON.stringify(JSON.parse(json), null, 1).split('\n');
    return `${lines.map((line) => `data: ${line}`).join('\n')}\n\n`;
  }),
  'a first event that primes': stream((json) => `id: 0\nretry: 3000\ndata:\n\ndata: ${json}\n\n`),
  'comments and other events': stream(
    (json) => `: comment\n\nevent: ping\ndata: keepalive\n\nevent: message\nid: 1\ndata: ${json}\n\n`,
  ),
  'an event behind the answer that is no JSON': stream((json) => `data: ${json}\n\ndata: [DONE]\n\n`),
  'a ping before the answer': stream(
    (json) => `data: {"jsonrpc":"2.0","id":"p1","method":"ping"}\n\ndata: ${json}\n\n`,
  ),
  'an open end': (exchange) => {
    exchange.response.writeHead(200, { 'content-type': 'text/event-stream' });
    exchange.response.write(`data: ${answerTo(exchange)}\n\n`);
  },
  'chunks of three bytes': async (exchange) => {
    const { response } = exchange;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const bytes = Buffer.from(`data: ${answerTo(exchange)}\r\n\r\n`);
    for (let at = 0; at < bytes.length; at += 3) {
      response.write(bytes.subarray(at, at + 3));
      await new Promise(setImmediate);
    }
    response.end();
  },
  'gzip in two parts': (exchange) => {
    const { response } = exchange;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' });
    const gzip = zlib.createGzip();
    gzip.pipe(response);
    const json = answerTo(exchange);
    gzip.write(`data: ${json.slice(0, 10)}`);
    gzip.flush(() => gzip.end(`${json.slice(10)}\n\n`));
  },
};

const JSON_TYPE = { 'content-type': 'application/json' };
const encoded =
  (encoding: string, encode: (text: string) => Buffer): Misdeed =>
  (exchange) =>
    exchange.response
      .writeHead(200, { ...JSON_TYPE, 'content-encoding': encoding })
      .end(encode(answerTo(exchange)));

/** JSON bodies that bring the answer, by what is odd about them. */
export const BODIES: Record<string, Misdeed> = {
  gzip: encoded('gzip', zlib.gzipSync),
  br: encoded('br', zlib.brotliCompressSync),
  'deflate as zlib': encoded('deflate', zlib.deflateSync),
  'deflate bare': encoded('deflate', zlib.deflateRawSync),
  'deflate bare, in chunks': (exchange) => {
    const { response } = exchange;
    response.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'deflate' });
    const bytes = zlib.deflateRawSync(answerTo(exchange));
    response.write(bytes.subarray(0, 1));
    setImmediate(() => response.end(bytes.subarray(1)));
  },
  'no content type': answer(200, answerTo),
  'type text/plain': answer(200, answerTo, { 'content-type': 'text/plain' }),
  'type in capitals': answer(200, answerTo, { 'content-type': 'Application/JSON; Charset=UTF-8' }),
  'a byte order mark': answer(200, (exchange) => `\ufeff${answerTo(exchange)}`, JSON_TYPE),
  'a batch of one': answer(200, (exchange) => `[${answerTo(exchange)}]`, JSON_TYPE),
  'error: null beside the result': answer(
    200,
    (exchange) => answerTo(exchange).replace(/}$/, ',"error":null}'),
    JSON_TYPE,
  ),
};
