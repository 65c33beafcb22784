import type { ServerResponse } from 'node:http';
import { stringifyJson } from '../../../lib/json/exact-json.ts';
import { isObject, type JsonObject } from '../../../lib/json/json.ts';

/** How long an answer may take before the client hears that it is coming, in milliseconds, and how often a quiet stream shows that it lives. */
const OPEN_AFTER_MS = 1_000;
const KEEP_ALIVE_MS = 15_000;

/** What may wait for a client that reads too slowly, in bytes. */
const MOST_WAITING = 64 * 1024 * 1024;

/** Statuses of errors that are about the request itself (MCP 2026-07-28, basic/transports/streamable-http). */
const STATUS: Readonly<Record<number, number>> = {
  [-32700]: 400,
  [-32600]: 400,
  [-32601]: 404,
  [-32020]: 400,
  [-32021]: 400,
  [-32022]: 400,
};

/**
 * The response to a POST: one JSON document where the answer comes first and soon, else a stream of events. A client that takes no streams gets the answers
 * alone.
 */
export class ReplyStream {
  readonly #response: ServerResponse;
  readonly #streams: boolean;
  readonly #statuses: boolean;
  #rest: number;
  readonly #batch: JsonObject[] | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `answers`: how many will come. `statuses`: errors are told by the HTTP status, too. */
  constructor(
    response: ServerResponse,
    options: { streams: boolean; answers: number; batch: boolean; statuses: boolean },
  ) {
    this.#response = response;
    this.#streams = options.streams;
    this.#statuses = options.statuses;
    this.#rest = options.answers;
    this.#batch = options.batch ? [] : undefined;
    if (options.streams) this.#timer = setTimeout(() => this.#open(), OPEN_AFTER_MS);
    response.once('close', () => this.#stopTimer());
  }

  send(message: JsonObject): void {
    if (this.#response.destroyed || this.#response.writableEnded) return;
    const isAnswer = message['method'] === undefined;
    if (isAnswer) this.#rest -= 1;
    if (this.#streams && (!isAnswer || this.#batch || this.#response.headersSent)) {
      this.#open();
      writeEvent(this.#response, message);
      if (this.#rest === 0) this.#end();
    } else if (isAnswer) this.#answer(message);
  }

  /** Nothing more comes: a request was cancelled. */
  finish(): void {
    if (this.#response.writableEnded || this.#response.destroyed) return;
    if (!this.#response.headersSent) this.#response.writeHead(202);
    this.#end();
  }

  #answer(message: JsonObject): void {
    this.#batch?.push(message);
    if (this.#batch && this.#rest > 0) return;
    const code = isObject(message['error']) ? Number(message['error']['code']) : 0;
    const status = this.#statuses ? (STATUS[code] ?? 200) : 200;
    this.#response.writeHead(status, { 'content-type': 'application/json' });
    this.#end(stringifyJson(this.#batch ?? message) as string);
  }

  #open(): void {
    if (this.#response.headersSent) return;
    openEvents(this.#response);
    this.#stopTimer();
    this.#timer = keepAlive(this.#response);
  }

  #end(text?: string): void {
    this.#stopTimer();
    this.#response.end(text);
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
  }
}

export function openEvents(response: ServerResponse): void {
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  response.flushHeaders();
}

/** Comments in a quiet stream, so that nobody in between takes it for dead; to be cleared by whoever ends it. */
export function keepAlive(response: ServerResponse): NodeJS.Timeout {
  return setInterval(() => response.write(': \n\n'), KEEP_ALIVE_MS).unref();
}

export function writeEvent(response: ServerResponse, message: JsonObject): void {
  response.write(`event: message\ndata: ${stringifyJson(message)}\n\n`);
  if (response.writableLength > MOST_WAITING) response.destroy();
}
