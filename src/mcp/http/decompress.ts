import type { IncomingMessage } from 'node:http';
import type { Readable, Transform } from 'node:stream';
import { FetchError } from './errors/fetch-error.ts';
import { nodeZlib } from './node-modules.ts';

/** What is asked for with `Accept-Encoding`: what `decompressed` reads. */
export const ACCEPTED_ENCODINGS = 'gzip, deflate, br';

/** The body as it was before it was compressed. @throws FetchError for an encoding that nobody asked for */
export async function decompressed(message: IncomingMessage): Promise<Readable> {
  const encoding = (message.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding === 'identity' || encoding === '') return message;
  const decoder = encoding === 'deflate' ? await inflate(message) : decoderOf(encoding);
  if (decoder === undefined)
    throw new FetchError(`its answer has an unknown encoding: ${encoding}`, { maybeSent: true });
  message.once('error', (error) => decoder.destroy(error));
  message.once('aborted', () => decoder.destroy(new Error('the connection was cut')));
  decoder.once('close', () => message.destroy());
  return message.pipe(decoder);
}

function decoderOf(encoding: string): Transform | undefined {
  const zlib = nodeZlib();
  if (encoding === 'gzip' || encoding === 'x-gzip') return zlib.createGunzip(flushing());
  if (encoding === 'br') return zlib.createBrotliDecompress({ flush: zlib.constants.BROTLI_OPERATION_FLUSH });
  return undefined;
}

/** Sync flush: an event stream must hand out each event as it arrives. */
function flushing() {
  const { Z_SYNC_FLUSH } = nodeZlib().constants;
  return { flush: Z_SYNC_FLUSH, finishFlush: Z_SYNC_FLUSH };
}

/** `deflate` is the zlib format (RFC 9110, 8.4.1.2), but some servers send the bare deflate data: the first byte tells (RFC 1950, 2.2: CM = 8). */
async function inflate(message: IncomingMessage): Promise<Transform> {
  const zlib = nodeZlib();
  const first = await firstChunk(message);
  const wrapped = first === undefined || ((first[0] ?? 0) & 0x0f) === 0x08;
  return wrapped ? zlib.createInflate(flushing()) : zlib.createInflateRaw(flushing());
}

/** The first bytes, which stay in the stream; undefined where the body is empty or was cut. */
function firstChunk(message: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const settle = (chunk: Buffer | undefined) => {
      message.off('readable', onReadable).off('end', onEnd).off('close', onEnd);
      if (chunk) message.unshift(chunk);
      resolve(chunk);
    };
    const onReadable = () => {
      const chunk = message.read() as Buffer | null;
      if (chunk) settle(chunk);
    };
    const onEnd = () => settle(undefined);
    message.on('readable', onReadable).on('end', onEnd).on('close', onEnd);
  });
}
