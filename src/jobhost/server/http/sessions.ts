import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { JsonObject } from '../../../lib/json/json.ts';
import type { Host } from '../host.ts';
import { ClientSession } from '../session.ts';
import { keepAlive, openEvents, writeEvent } from './reply-stream.ts';

/** A session that nobody has used for this long is over, in milliseconds. */
const IDLE_MS = 60 * 60_000;

/** The most sessions at once; the one that was used least lately makes room. */
const MOST_SESSIONS = 1_000;

/** The most messages that wait for a client without a stream; older ones are dropped, as what is told beside answers may be. */
const MOST_WAITING = 100;

/** A session of the initialize handshake, with the stream for what belongs to no request. */
export class HttpSession {
  readonly id = randomUUID();
  readonly client: ClientSession;
  #stream: ServerResponse | undefined;
  #waiting: JsonObject[] = [];
  /** Responses that are under way. */
  open = 0;
  usedAt = Date.now();

  constructor(host: Host) {
    this.client = new ClientSession(host, (message) => this.#push(message));
  }

  /** Takes a GET: the stream of whatever the server says by itself. A later one takes its place. */
  listen(response: ServerResponse): void {
    this.#stream?.end();
    this.#stream = response;
    openEvents(response);
    const timer = keepAlive(response);
    response.once('close', () => {
      clearInterval(timer);
      if (this.#stream === response) this.#stream = undefined;
    });
    for (const message of this.#waiting.splice(0)) writeEvent(response, message);
  }

  #push(message: JsonObject): void {
    if (this.#stream) writeEvent(this.#stream, message);
    else if (this.#waiting.push(message) > MOST_WAITING) this.#waiting.shift();
  }

  close(reason: Error): void {
    this.client.close(reason);
    this.#stream?.end();
  }
}

/** The sessions of a server. */
export class HttpSessions {
  readonly #host: Host;
  readonly #all = new Map<string, HttpSession>();

  constructor(host: Host) {
    this.#host = host;
  }

  create(): HttpSession {
    this.#sweep();
    const session = new HttpSession(this.#host);
    this.#all.set(session.id, session);
    return session;
  }

  find(id: string): HttpSession | undefined {
    const session = this.#all.get(id);
    if (session) session.usedAt = Date.now();
    return session;
  }

  end(session: HttpSession, reason: Error): void {
    this.#all.delete(session.id);
    session.close(reason);
  }

  endAll(reason: Error): void {
    for (const session of [...this.#all.values()]) this.end(session, reason);
  }

  #sweep(): void {
    const unused = [...this.#all.values()]
      .filter((one) => one.open === 0)
      .sort((a, b) => a.usedAt - b.usedAt);
    const tooMany = this.#all.size - MOST_SESSIONS + 1;
    const reason = new Error('the session was not used for long');
    for (const [i, session] of unused.entries())
      if (i < tooMany || session.usedAt < Date.now() - IDLE_MS) this.end(session, reason);
  }
}
