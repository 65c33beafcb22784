import type { Container } from './container.ts';
import type { InstanceTools } from './instance-tools.ts';
import type { AuthInfo } from './options.ts';
import type { TokenLike } from './token.ts';

/** How long a tool of another instance may take, and so on. */
export interface CallOptions {
  /** Limit in milliseconds. Default: what is left of the attempt. */
  readonly timeout?: number | undefined;
  /** Ends the call, as the attempt's own signal does. */
  readonly signal?: AbortSignal | undefined;
}

/** What a run is given from outside: by the process that runs it. */
export interface JobPort {
  readonly runId: string;
  /** Counts from 1. */
  readonly attempt: number;
  /** Aborted when the attempt's time is over, or the run is cancelled. */
  readonly signal: AbortSignal;
  readonly authInfo: AuthInfo;
  /** A line of the run's log. `at`: when, in milliseconds since 1970. */
  log(message: string, at: number): void;
  /** Resolves with whether anybody was told. */
  progress(progress: number, total: number | undefined, message: string | undefined): Promise<boolean>;
  /** The run has come to a stage that has this name. */
  mark(stage: string): void;
  /** Calls a tool, and resolves with what it gave: its structured content, else its text, else its content. */
  call(instance: string, tool: string, args: object, options: CallOptions): Promise<unknown>;
}

/** The tools of an instance that says nothing of their types. */
export type AnyTools = Readonly<Record<string, (args?: object, options?: CallOptions) => Promise<unknown>>>;

/** On an error after which nothing is tried again. */
export const FINAL: symbol = Symbol.for('mcp2cli.final');

/** Lines that `getLogs` gives at most: the newest. */
const MOST_LOGS = 10_000;

/** What the next context to be made belongs to. */
let next: { port: JobPort; container: Container } | undefined;

/** Makes a context for one attempt: calls `make`, in which it is constructed. */
export function withPort<T>(port: JobPort, container: Container, make: () => T): T {
  next = { port, container };
  try {
    return make();
  } finally {
    next = undefined;
  }
}

/** Thrown by `respond`, which ends the run with a value. */
export class Responded {
  readonly output: unknown;

  constructor(output: unknown) {
    this.output = output;
  }
}

/** What one attempt of a job has to do with the world: the parent of job classes, and the second argument of job functions. */
export class JobContext<Output = unknown> {
  readonly #port: JobPort;
  readonly #container: Container;
  readonly #logs: string[] = [];

  constructor() {
    if (next === undefined)
      throw new Error(`a job is made by mcp2cli when it runs: do not write "new ${new.target.name}()"`);
    this.#port = next.port;
    this.#container = next.container;
  }

  /** The id of the run. */
  get runId(): string {
    return this.#port.runId;
  }

  /** Which attempt this is. Counts from 1. */
  get attempt(): number {
    return this.#port.attempt;
  }

  /** Aborted when the attempt's time is over, or the run is cancelled. */
  get signal(): AbortSignal {
    return this.#port.signal;
  }

  /** Who runs the job. */
  get authInfo(): AuthInfo {
    return this.#port.authInfo;
  }

  /** Appends a line to the run's log, with the time. */
  log(message: string): void {
    const at = Date.now();
    this.#logs.push(`[${new Date(at).toISOString()}] ${message}`);
    if (this.#logs.length > MOST_LOGS) this.#logs.shift();
    this.#port.log(String(message), at);
  }

  /** The log of this attempt so far, oldest first, each line with its time; at most the newest 10,000 lines. */
  getLogs(): readonly string[] {
    return [...this.#logs];
  }

  /** Tells how far the job has come: `progress` of `total`, or of 100. Resolves with whether anybody was told. */
  progress(progress: number, total?: number, message?: string): Promise<boolean> {
    return this.#port.progress(progress, total, message);
  }

  /** Names the stage that the run has come to. */
  mark(stage: string): void {
    this.#port.mark(stage);
  }

  /** As the global `fetch`; ends with the attempt. */
  fetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
    const { signal } = this;
    return fetch(input, { ...init, signal: init.signal ? AbortSignal.any([init.signal, signal]) : signal });
  }

  /**
   * Calls a tool of any instance, with its login and its rules, and resolves with what it gave: its structured content, else its text, else its
   * content. A tool that fails rejects. The call ends with the attempt.
   */
  call<T = unknown>(
    instance: string,
    tool: string,
    args: object = {},
    options: CallOptions = {},
  ): Promise<T> {
    return this.#port.call(instance, tool, args, options) as Promise<T>;
  }

  /** The tools of an instance as functions: `ctx.tools('work').deploy({ version: '2.0' })`. */
  tools<Name extends string>(
    instance: Name,
  ): Name extends keyof InstanceTools ? InstanceTools[Name] : AnyTools;
  tools(instance: string): AnyTools {
    return new Proxy<AnyTools>(
      {},
      {
        get: (_, tool) =>
          // A promise is told by its `then`: this is none.
          typeof tool === 'string' && tool !== 'then'
            ? (args?: object, options?: CallOptions) => this.call(instance, tool, args, options)
            : undefined,
      },
    );
  }

  /** What a provider gives for the token. Error: where none does. */
  get<T>(token: TokenLike<T>): T {
    return this.#container.get(token);
  }

  /** What a provider gives for the token; undefined where none does. */
  tryGet<T>(token: TokenLike<T>): T | undefined {
    return this.#container.tryGet(token);
  }

  /** Ends the attempt with this output, wherever in the job it is called. */
  respond(output: Output): never {
    throw new Responded(output);
  }

  /** Ends the run as failed: there is no further attempt, whatever the job's `retry` says. Throwing is for what may be tried again. */
  fail(error: Error | string): never {
    const thrown = typeof error === 'string' ? new Error(error) : error;
    Reflect.defineProperty(thrown, FINAL, { value: true });
    throw thrown;
  }
}
