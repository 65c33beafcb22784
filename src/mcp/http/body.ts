import { decodeText } from '../../lib/text/text.ts';
import { decompressed } from './decompress.ts';
import { FetchError } from './errors/fetch-error.ts';
import type { HttpResponse } from './exchange.ts';

/** Largest message that is read, in bytes after decompression; each event of an event stream is one. */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** How long a body may take that nobody reads, in milliseconds. */
const DRAIN_MS = 1_000;

/** The error for a message beyond that. */
export function tooLarge(): FetchError {
  return new FetchError(`its answer is larger than ${MAX_MESSAGE_BYTES / 1024 / 1024} MiB`, {
    maybeSent: true,
  });
}

/**
 * Hands out the decompressed bytes as they come; resolves when the body ended as it should. What `take` throws closes the connection and is
 * thrown here. @throws FetchError when the body was cut or cannot be decompressed
 */
export async function readChunks(response: HttpResponse, take: (chunk: Buffer) => void): Promise<void> {
  const { message } = response;
  const body = await decompressed(message).catch((error: unknown) => {
    message.destroy();
    throw error;
  });
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error) => reject(new FetchError(error.message, { maybeSent: true, cause: error }));
    body.on('data', (chunk: Buffer) => {
      try {
        take(chunk);
      } catch (error) {
        reject(error);
        message.destroy();
      }
    });
    body.once('end', resolve);
    body.once('error', fail);
    body.once('close', () => {
      if (!body.readableEnded) fail(new Error('the connection was cut'));
    });
  });
}

/** The whole body as text, without a byte order mark. @throws FetchError, also when it is larger than a message may be */
export async function readText(response: HttpResponse): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  await readChunks(response, (chunk) => {
    size += chunk.length;
    if (size > MAX_MESSAGE_BYTES) throw tooLarge();
    chunks.push(chunk);
  });
  return decodeText(Buffer.concat(chunks));
}

/** The beginning of a body that is read for its words only; what cannot be read is left out. */
export async function readBeginning(response: HttpResponse, bytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const enough = new Error('enough was read');
  await readChunks(response, (chunk) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= bytes) throw enough;
  }).catch(() => {});
  return decodeText(Buffer.concat(chunks).subarray(0, bytes));
}

/**
 * Lets a body go whose words nobody wants. Resolves when its connection is free for the next request; one that does not end soon is closed.
 */
export async function drain({ message }: HttpResponse): Promise<void> {
  if (message.complete && message.readableEnded) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => message.destroy(), DRAIN_MS);
    message.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    message.once('end', () => {
      clearTimeout(timer);
      resolve();
    });
    message.resume();
  });
}
