/** Warm threads for runs. A thread has one run at a time, and another only when the last one has left nothing behind. */
import { Worker } from 'node:worker_threads';
import { IoError } from '../../errors.ts';
import { monotonic } from '../../lib/monotonic.ts';
import type { FromWorker, Order, ToWorker } from './messages.ts';

export interface PoolOptions {
  /** The thread's file. */
  script: URL | string;
  /** Where compiled job files are kept. */
  cacheDir: string;
  /** Threads at the same time; further runs wait. */
  most: number;
  /** Threads that start at the same time: each start costs a core. */
  starting: number;
  /** A thread without a run is ended after this time, in milliseconds. */
  idleMs: number;
  /** The heap of one thread, in MB: a run that needs more is ended alone. */
  heapMb: number;
  /** Hears what jobs write to stdout and stderr, which carry the protocol here. */
  output: NodeJS.WritableStream;
}

/** Runs of one thread, before it is replaced: what files of users keep of each run goes with it. */
const RUNS = 1_000;

/** How long a run waits for a thread that others have, in milliseconds, before one more is started: short runs share few threads. */
const WAIT_MS = 40;

/** How long a thread may take to be idle after its run has ended, in milliseconds. */
const SETTLE_MS = 1_000;

export type Listener = (
  event: FromWorker | { kind: 'gone'; error: Error | undefined; exitCode: number },
) => void;

interface Waiting {
  /** When it began to wait, by `monotonic()`. */
  since: number;
  resolve: (thread: Thread) => void;
  reject: (error: unknown) => void;
}

export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #threads = new Set<Thread>();
  readonly #idle: Thread[] = [];
  #waiting: Waiting[] = [];
  #starting = 0;
  #closed = false;
  #later: NodeJS.Timeout | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    // Every thread has two streams that end there.
    options.output.setMaxListeners(0);
  }

  /** Threads that live. */
  get size(): number {
    return this.#threads.size;
  }

  /** A thread for one run; give it back by `Thread.over`. Error: the signal's reason; IoError where no thread can be started. */
  take(file: string, signal: AbortSignal): Promise<Thread> {
    signal.throwIfAborted();
    if (this.#closed) throw new IoError('the host of the jobs is ending');
    const at = Math.max(
      this.#idle.findLastIndex((one) => one.files.has(file)),
      this.#idle.length > 0 ? 0 : -1,
    );
    const [thread] = at < 0 ? [] : this.#idle.splice(at, 1);
    if (thread) return Promise.resolve(thread.claimed());
    return new Promise((resolve, reject) => {
      const one: Waiting = { since: monotonic(), resolve, reject };
      const leave = () => {
        this.#waiting = this.#waiting.filter((other) => other !== one);
        reject(signal.reason);
      };
      one.resolve = (given) => {
        signal.removeEventListener('abort', leave);
        resolve(given);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(one);
      if (this.#threads.size === 0) this.#start();
      else this.#later ??= setTimeout(() => this.#start(), WAIT_MS);
    });
  }

  /** Starts a thread, so that the first run finds it warm. */
  warm(): void {
    if (this.#threads.size === 0) this.#launch();
  }

  /** Job files have changed: no thread that has read them gets another run. */
  renew(): void {
    for (const thread of this.#threads) thread.stale = true;
    for (const thread of this.#idle.splice(0)) void thread.end();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#later);
    for (const { reject } of this.#waiting.splice(0)) reject(new IoError('the host of the jobs is ending'));
    await Promise.all([...this.#threads].map((thread) => thread.end()));
  }

  /** One more thread, and another a moment later, as long as runs wait. */
  #start(): void {
    clearTimeout(this.#later);
    this.#later = undefined;
    const { most, starting } = this.#options;
    // Those that start now are for the first ones.
    const next = this.#waiting[this.#starting];
    if (next === undefined || this.#threads.size >= most) return;
    const waits = monotonic() - next.since;
    const isLong = this.#threads.size === 0 || waits >= WAIT_MS;
    if (isLong && this.#starting < starting) this.#launch();
    this.#later = setTimeout(() => this.#start(), isLong ? WAIT_MS : WAIT_MS - waits);
  }

  #launch(): void {
    this.#starting += 1;
    let isUp = false;
    const up = () => {
      if (!isUp) this.#starting -= 1;
      isUp = true;
    };
    const thread = new Thread(this.#options, {
      onReady: () => {
        up();
        this.#free(thread);
      },
      onFree: () => this.#free(thread),
      onGone: (error) => {
        const was = isUp;
        up();
        this.#threads.delete(thread);
        const at = this.#idle.indexOf(thread);
        if (at >= 0) this.#idle.splice(at, 1);
        // A thread that does not even start is no fault of a job's.
        if (!was && error)
          this.#waiting.shift()?.reject(new IoError(`no thread for the job: ${error.message}`));
        if (this.#threads.size === 0) this.#start();
        else if (this.#waiting.length > 0) this.#later ??= setTimeout(() => this.#start(), WAIT_MS);
      },
    });
    this.#threads.add(thread);
  }

  #free(thread: Thread): void {
    if (this.#closed || thread.stale || thread.runs >= RUNS) {
      void thread.end();
      return;
    }
    const next = this.#waiting.shift();
    if (next) next.resolve(thread.claimed());
    else {
      this.#idle.push(thread);
      thread.restFor(this.#options.idleMs);
    }
  }
}

interface ThreadEvents {
  onReady(): void;
  onFree(): void;
  onGone(error: Error | undefined): void;
}

export class Thread {
  readonly #worker: Worker;
  readonly #events: ThreadEvents;
  readonly #cacheDir: string;
  #listener: Listener | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ending: Promise<unknown> | undefined;
  /** Job files that it has imported. */
  readonly files = new Set<string>();
  runs = 0;
  /** It has read files that have changed since. */
  stale = false;

  constructor({ script, cacheDir, heapMb, output }: PoolOptions, events: ThreadEvents) {
    this.#events = events;
    this.#cacheDir = cacheDir;
    this.#worker = new Worker(script, {
      stdout: true,
      stderr: true,
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: heapMb },
    });
    this.#worker.stdout.pipe(output, { end: false });
    this.#worker.stderr.pipe(output, { end: false });
    let failure: Error | undefined;
    this.#worker.on('error', (error) => {
      failure = error instanceof Error ? error : new Error(String(error));
    });
    this.#worker.on('exit', (exitCode) => {
      clearTimeout(this.#timer);
      this.#worker.stdout.unpipe();
      this.#worker.stderr.unpipe();
      this.#listener?.({ kind: 'gone', error: failure, exitCode });
      this.#events.onGone(failure);
    });
    this.#worker.on('message', (message: FromWorker) => {
      if (message.kind === 'ready') this.#events.onReady();
      else if (message.kind === 'idle') this.#settled(message.clean);
      else this.#listener?.(message);
    });
    // Nothing waits for a thread without a run.
    this.#worker.unref();
  }

  /** Gives it a run; `listener` hears of it until `over`. */
  order(order: Order, listener: Listener): void {
    this.runs += 1;
    this.files.add(order.file);
    this.#listener = listener;
    this.say({ kind: 'order', order, cacheDir: this.#cacheDir });
  }

  say(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  /** Its run has ended: it is free when it says that nothing of it goes on. */
  over(): void {
    this.#listener = undefined;
    this.#timer = setTimeout(() => void this.end(), SETTLE_MS);
  }

  /** Out of the idle ones. */
  claimed(): this {
    clearTimeout(this.#timer);
    this.#worker.ref();
    return this;
  }

  /** Without a run, for at most this time. */
  restFor(ms: number): void {
    this.#worker.unref();
    this.#timer = setTimeout(() => void this.end(), ms);
    this.#timer.unref();
  }

  /** Ends it, whatever it does. */
  end(): Promise<unknown> {
    clearTimeout(this.#timer);
    this.stale = true;
    this.#ending ??= this.#worker.terminate();
    return this.#ending;
  }

  #settled(clean: boolean): void {
    clearTimeout(this.#timer);
    if (!clean) void this.end();
    else if (!this.#ending) this.#events.onFree();
  }
}
