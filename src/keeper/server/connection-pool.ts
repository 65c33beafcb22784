import { RpcError } from '../../errors.ts';
import { monotonic } from '../../lib/monotonic.ts';
import { orAborted } from '../../lib/stop.ts';
import { type ConnectTarget, connectTo } from '../../mcp/connection/connect.ts';
import type { Connection } from '../../mcp/connection/open.ts';
import { type DetachableLink, serverLink } from '../../mcp/server-link.ts';
import { followLists } from './list-changes.ts';

/** How long the check of a connection that lay idle may take, in milliseconds. */
const PING_TIMEOUT_MS = 5_000;

/**
 * For how long an answer of the server is as good as that check, in milliseconds: a busy connection would double its requests. A session that ends
 * within it is told by the call: refused with 404 it was not run, and is sent in a new session (mcp/connection/second-try.ts); refused otherwise it fails.
 */
const FRESH_MS = 100;

/** A piece of work's way to the server. */
export interface Lease {
  connection: Connection;
  link: DetachableLink;
  /** `keepSession`: a task lives on in the session, so that nobody else may have it. */
  release(options?: { keepSession?: boolean }): void;
}

export interface ConnectionPoolOptions {
  connectTarget: ConnectTarget;
  onEnded?: (why: string) => void;
  /** Where the server's resources and prompts are remembered: forgotten when it says that they have changed. */
  extrasFile?: string;
  /** Milliseconds from some moment in the past. */
  clock?: () => number;
}

/**
 * The keeper's connections to its server. A stdio server is one process, which all work shares; over HTTP each piece of work has a connection
 * to itself, so that questions and progress are certainly its own, and gives it back for the next.
 */
export class ConnectionPool {
  readonly #reach: ConnectTarget;
  /** Each tool's `execution.taskSupport`. */
  readonly #supports = new Map<string, string>();
  readonly #onEnded: (why: string) => void;
  readonly #extrasFile: string | undefined;
  readonly #clock: () => number;
  readonly #shares: boolean;
  #shared: Promise<Connection> | undefined;
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();
  #closed = false;

  constructor({ connectTarget, onEnded = () => {}, extrasFile, clock = monotonic }: ConnectionPoolOptions) {
    this.#reach = connectTarget;
    this.#onEnded = onEnded;
    this.#extrasFile = extrasFile;
    this.#clock = clock;
    this.#shares = connectTarget.identity.kind === 'stdio';
  }

  get connected(): boolean {
    return [...this.#all].some((connection) => connection.channel.closed === undefined);
  }

  /** Callers know the catalogue, which is not read here: what it says of a tool's `execution.taskSupport`, or null. */
  learnSupport(tool: string, support: string | null): void {
    if (support === null) this.#supports.delete(tool);
    else this.#supports.set(tool, support);
  }

  /** Errors: those of connecting; the signal's reason. */
  async lease(signal: AbortSignal): Promise<Lease> {
    const connection = await orAborted(this.#shares ? this.#common() : this.#own(), signal);
    const link = serverLink(connection, {
      support: (tool) => this.#supports.get(tool),
      now: this.#reach.now,
      shared: this.#shares,
      // A lease goes back; whether the connection is closed is decided here.
      close: async () => {},
    });
    return {
      connection,
      link,
      release: ({ keepSession = false } = {}) => {
        link.observe({});
        link.detach();
        if (this.#shares) return;
        if (keepSession || this.#closed || connection.channel.closed) this.#drop(connection, keepSession);
        else this.#idle.push(connection);
      },
    };
  }

  /** A link that gives its connection back when it is closed. Errors: as `lease`. */
  async leasedLink(signal: AbortSignal): Promise<DetachableLink> {
    const { link, release } = await this.lease(signal);
    link.close = async (options) => release(options);
    return link;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#shared?.catch(() => {});
    await Promise.all([...this.#all].map((connection) => connection.close({ endSession: true })));
  }

  /** The one connection of all. A server that has ended is started again by the next work, not by itself. */
  async #common(): Promise<Connection> {
    const before = this.#shared;
    const there = await before?.catch(() => undefined);
    if (there && there.channel.closed === undefined) return there;
    // Somebody else may have been faster while this one looked.
    if (this.#shared === before) this.#shared = this.#connect();
    return this.#shared as Promise<Connection>;
  }

  async #own(): Promise<Connection> {
    for (let connection = this.#idle.pop(); connection; connection = this.#idle.pop()) {
      if (await this.#isUsable(connection)) return connection;
      this.#drop(connection, true);
    }
    return this.#connect();
  }

  async #connect(): Promise<Connection> {
    const connection = await connectTo(this.#reach);
    this.#all.add(connection);
    connection.channel.onClose((why) => {
      this.#all.delete(connection);
      if (!this.#closed) this.#onEnded(why.message);
    });
    if (this.#extrasFile !== undefined) followLists(connection, this.#reach, this.#extrasFile);
    return connection;
  }

  #drop(connection: Connection, keepSession: boolean): void {
    this.#all.delete(connection);
    void connection.close({ endSession: !keepSession });
  }

  /** A session may have ended while it lay idle. Asked before it is used: a call that was refused for that could not simply be sent again. */
  async #isUsable(connection: Connection): Promise<boolean> {
    if (connection.channel.closed) return false;
    // Nothing is held open on 2026-07-28, where every request stands for itself.
    if (connection.facts.era === 'modern' || this.#clock() - connection.channel.answeredAt < FRESH_MS)
      return true;
    try {
      await connection.request('ping', {}, { timeoutMs: PING_TIMEOUT_MS });
      return true;
    } catch (error) {
      // A server that has no ping has answered all the same.
      return error instanceof RpcError;
    }
  }
}
