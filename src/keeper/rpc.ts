import type { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { type CliError, UnreachableError } from '../errors.ts';
import { parseJson, stringifyJson } from '../lib/json/exact-json.ts';
import { errorFrom, errorToWire, type WireError } from './wire-error.ts';

type Params = Record<string, unknown>;

/** A request under way, as its receiver sees it. */
export interface Incoming {
  /** Aborted when the sender does not want the answer any more, or has gone. */
  signal: AbortSignal;
  /** Tells the sender something before the answer. */
  tell(kind: string, value: unknown): void;
}

export interface PeerOptions {
  /** What is thrown becomes the answer. */
  onRequest?: (method: string, params: Params, incoming: Incoming) => Promise<unknown>;
  onClose?: () => void;
  /** The longest message that is taken at the moment, in characters. */
  maxFrame?: () => number;
}

export interface OutgoingOptions {
  /** Aborting ends the wait, and the receiver hears of it. */
  signal?: AbortSignal | undefined;
  onTold?: ((kind: string, value: unknown) => void) | undefined;
}

type Frame =
  | { id: number; method: string; params: Params }
  | { id: number; result: unknown }
  | { id: number; error: WireError }
  | { told: number; kind: string; value: unknown }
  | { cancel: number };

/** The reason of an incoming request's signal when its sender has gone, rather than taken it back. */
export class CallerGone extends Error {}

interface Outgoing {
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
  onTold: OutgoingOptions['onTold'];
}

/** The longest message, in characters: what a server may answer, as JSON in JSON, and room to spare. */
export const MAX_FRAME = 256 * 1024 * 1024;

/** How much may wait for a reader before progress and log messages are left out, in bytes. */
const MAX_UNREAD = 1024 * 1024;

/** One end of a conversation between a command and a keeper: messages as JSON, one a line; either side may ask. */
export class Peer {
  readonly #socket: Socket;
  readonly #options: PeerOptions;
  readonly #outgoing = new Map<number, Outgoing>();
  readonly #incoming = new Map<number, AbortController>();
  #next = 1;
  #closed = false;

  constructor(socket: Socket, options: PeerOptions = {}) {
    this.#socket = socket;
    this.#options = options;
    readLines(
      socket,
      () => options.maxFrame?.() ?? MAX_FRAME,
      (line) => this.#take(line),
    );
    socket.on('error', () => {});
    socket.on('close', () => this.#gone());
  }

  /** Errors: the receiver's own, UnreachableError (`maybeSent`) when it goes before it answers, the signal's reason. */
  request(method: string, params: Params, { signal, onTold }: OutgoingOptions = {}): Promise<unknown> {
    if (this.#closed) return Promise.reject(gone());
    if (signal?.aborted) return Promise.reject(signal.reason);
    const id = this.#next++;
    const onAbort = () => {
      this.#send({ cancel: id });
      this.#outgoing.get(id)?.reject(signal?.reason);
    };
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#outgoing.set(id, { resolve, reject, onTold });
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#send({ id, method, params });
    });
    return answer.finally(() => {
      signal?.removeEventListener('abort', onAbort);
      this.#outgoing.delete(id);
    });
  }

  /** Hangs up. The other side may hang in its turn: it is not waited for. */
  close(): void {
    this.#socket.end();
    this.#socket.unref();
  }

  /** Ends at once; what is not delivered yet is lost. */
  destroy(): void {
    this.#socket.destroy();
  }

  #take(line: string): void {
    const frame = readFrame(line);
    if (!frame) {
      this.#socket.destroy();
      return;
    }
    if ('method' in frame) void this.#answer(frame.id, frame.method, frame.params ?? {});
    else if ('cancel' in frame) this.#incoming.get(frame.cancel)?.abort(new Error('no longer wanted'));
    else if ('told' in frame) this.#outgoing.get(frame.told)?.onTold?.(frame.kind, frame.value);
    else if ('error' in frame) this.#outgoing.get(frame.id)?.reject(errorFrom(frame.error));
    else this.#outgoing.get(frame.id)?.resolve(frame.result);
  }

  async #answer(id: number, method: string, params: Params): Promise<void> {
    const controller = new AbortController();
    this.#incoming.set(id, controller);
    try {
      const result = await this.#options.onRequest?.(method, params, {
        signal: controller.signal,
        tell: (kind, value) => {
          // Whoever does not read what is told loses what is told often; nothing piles up here.
          if ((kind === 'progress' || kind === 'log') && this.#socket.writableLength > MAX_UNREAD) return;
          this.#send({ told: id, kind, value });
        },
      });
      this.#send({ id, result: result ?? null });
    } catch (error) {
      this.#send({ id, error: errorToWire(error) });
    } finally {
      this.#incoming.delete(id);
    }
  }

  #send(frame: Frame): void {
    if (!this.#closed && this.#socket.writable) this.#socket.write(`${stringifyJson(frame)}\n`);
  }

  #gone(): void {
    this.#closed = true;
    for (const { reject } of this.#outgoing.values()) reject(gone());
    for (const controller of this.#incoming.values())
      controller.abort(new CallerGone('the command has gone'));
    this.#options.onClose?.();
  }
}

function gone(): CliError {
  return new UnreachableError('the keeper ended before it answered', { maybeSent: true });
}

/** A message; undefined for what is none. */
function readFrame(line: string): Frame | undefined {
  try {
    const frame = parseJson(line) as Frame | null;
    if (typeof frame !== 'object' || frame === null || Array.isArray(frame)) return undefined;
    if ('method' in frame && (typeof frame.method !== 'string' || typeof frame.id !== 'number'))
      return undefined;
    return frame;
  } catch {
    return undefined;
  }
}

function readLines(socket: Socket, maxLength: () => number, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let pieces: string[] = [];
  let length = 0;
  socket.on('data', (chunk: Buffer) => {
    let text = decoder.write(chunk);
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      pieces.push(text.slice(0, end));
      const line = pieces.join('');
      pieces = [];
      length = 0;
      text = text.slice(end + 1);
      onLine(line);
    }
    pieces.push(text);
    length += text.length;
    if (length > maxLength()) socket.destroy();
  });
}
