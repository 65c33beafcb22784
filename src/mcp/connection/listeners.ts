import { deeperThan, isObject, type JsonObject } from '../../lib/json/json.ts';
import { DEEPEST } from './response.ts';
import { type Scrub, scrubValue } from './scrub.ts';

/** A request that the server puts to this client, under its own JSON-RPC id. */
export interface ServerRequest {
  id: string | number;
  method: string;
  params: JsonObject;
}

/** Who hears the requests and notifications of a server. What one of them throws is no trouble of another, nor of the next message. */
export class Listeners {
  readonly #scrub: Scrub;
  readonly #log: (line: string) => void;
  readonly #notification = new Set<(method: string, params: JsonObject) => void>();
  /** The newest first. */
  #request: ((request: ServerRequest) => boolean)[] = [];

  /** `log` hears of listeners that threw. */
  constructor(scrub: Scrub, log: (line: string) => void) {
    this.#scrub = scrub;
    this.#log = log;
  }

  /** Called for every notification. Returns the way to stop. */
  onNotification(listener: (method: string, params: JsonObject) => void): () => void {
    this.#notification.add(listener);
    return () => this.#notification.delete(listener);
  }

  /** Asked for every request, until one returns true: that one answers it. Returns the way to stop. */
  onRequest(handler: (request: ServerRequest) => boolean): () => void {
    this.#request = [handler, ...this.#request];
    return () => {
      this.#request = this.#request.filter((other) => other !== handler);
    };
  }

  /** Tells of a request or a notification. False for a request that nobody took. */
  tell(message: JsonObject, method: string): boolean {
    const { id } = message as { id?: string | number | null };
    const isRequest = id !== undefined && id !== null;
    // A notification is passed over; a request is refused by whoever takes what is left.
    if (deeperThan(message, DEEPEST)) return !isRequest;
    const params = isObject(message['params']) ? message['params'] : {};
    if (isRequest)
      return this.#request.some((handler) => this.#safely(() => handler({ id, method, params })));
    // What a server tells of its work is no result: it goes to logs and records.
    const told = scrubValue(params, this.#scrub) as JsonObject;
    for (const listener of this.#notification) this.#safely(() => listener(method, told));
    return true;
  }

  #safely<T>(work: () => T): T | false {
    try {
      return work();
    } catch (error) {
      this.#log(`a message of the server could not be dealt with: ${(error as Error).message}`);
      return false;
    }
  }
}
