import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { monotonic } from '../../lib/monotonic.ts';
import {
  forgetGroup,
  groupLives,
  noteGroup,
  OWN_GROUP,
  signalGroup,
} from '../../lib/process/process-group.ts';
import { guardSoon } from '../../lib/process/reaper.ts';

/** How long a server may take to end by itself once its stdin is closed, and again after SIGTERM, in milliseconds. */
const GRACE_MS = 2_000;

/** How long the system may take to end what got SIGKILL, in milliseconds. */
const KILL_MS = 1_000;

/** How often it is looked whether the rest of a group has ended, in milliseconds. */
const LOOK_MS = 20;

/** A server that has ended is not listened to any longer once it has been quiet for this long, in milliseconds, although its pipes are open. */
const QUIET_MS = 250;

/** The same for one that is not quiet, in milliseconds. */
const DRAIN_MS = 2_000;

/** How long a server whose stdout has ended may take to end, in milliseconds. */
const END_MS = 500;

export interface Launch {
  command: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  cwd: string | undefined;
}

export interface ServerListener {
  stdout(chunk: Buffer): void;
  stderr(chunk: Buffer): void;
  /** Nothing more will come: the server has ended, or its stdout has. Called once for a server that started, also when it was ended from here. */
  gone(exited: boolean): void;
}

/**
 * A running server: the process that was started and whatever that one started, in a process group of their own. The process may be a launcher
 * only; so it is the group that is ended.
 */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #listener: ServerListener;
  /** Resolves when the first process runs. Rejects with the system's error when it does not start. */
  readonly started: Promise<void>;
  #gone = false;
  #exited = false;
  #closed = false;
  #ending: Promise<void> | undefined;
  #heard = 0;
  readonly #onExit: (() => void)[] = [];
  readonly #onGone: (() => void)[] = [];

  private constructor(child: ChildProcess, listener: ServerListener) {
    this.#child = child;
    this.#listener = listener;
    noteGroup(child);
    guardSoon();
    this.started = new Promise((resolve, reject) => {
      child.once('spawn', resolve);
      // After the start: a signal that could not be sent.
      child.on('error', reject);
    });
    this.started.catch(() => this.#over());
    // Whoever writes hears of it.
    child.stdin?.on('error', () => {});
    child.stdout?.on('data', (chunk: Buffer) => {
      this.#heard += chunk.length;
      this.#listener.stdout(chunk);
    });
    child.stdout?.once('end', () => setTimeout(() => this.#over(), END_MS).unref());
    child.stderr?.on('data', (chunk: Buffer) => this.#listener.stderr(chunk));
    for (const stream of [child.stdout, child.stderr]) stream?.on('error', () => {});
    child.once('exit', () => {
      this.#exited = true;
      for (const done of this.#onExit) done();
      // With it its stdin has gone, also for what it has started: nothing can be asked any more.
      this.#drain(monotonic() + DRAIN_MS);
    });
    child.once('close', () => {
      this.#closed = true;
      this.#over();
    });
  }

  /** Starts it, without a shell. @throws the system's error for a command line that it does not take; others reject `started`. */
  static async start({ command, args, env, cwd }: Launch, listener: ServerListener): Promise<ServerProcess> {
    const options = { ...OWN_GROUP, env, cwd, stdio: 'pipe' } as const;
    // On Windows a command may be a script (.cmd), which needs its interpreter and that one's quoting.
    const child =
      process.platform === 'win32'
        ? ((await import('cross-spawn')).default(command, [...args], options) as ChildProcess)
        : spawn(command, args, options);
    return new ServerProcess(child, listener);
  }

  /** Resolves when the text has left for the server. Rejects when it reads no more; by then `gone` was called if it has ended. */
  async write(text: string): Promise<void> {
    const error = await new Promise<Error | null | undefined>((resolve) => {
      const { stdin } = this.#child;
      if (!stdin || this.#gone) resolve(new Error('the server reads no more'));
      else stdin.write(text, resolve);
    });
    if (!error) return;
    if (!this.#exited) await within(END_MS, (done) => this.#onExit.push(done));
    if (this.#exited && !this.#gone) await within(2 * DRAIN_MS, (done) => this.#onGone.push(done));
    throw error;
  }

  /** Ends all of it: stdin closed, 2 s, SIGTERM, 2 s, SIGKILL (MCP 2025-11-25, basic/lifecycle). Waits no longer than it takes. */
  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    const child = this.#child;
    if (child.pid === undefined) return this.#over();
    child.stdin?.end();
    let ended = await this.#ended(GRACE_MS);
    for (const [signal, ms] of [
      ['SIGTERM', GRACE_MS],
      ['SIGKILL', KILL_MS],
    ] as const) {
      if (ended) break;
      signalGroup(child, signal);
      ended = await this.#ended(ms);
    }
    // Its last words may be on their way; where somebody else holds the pipe, they are not waited for.
    if (!this.#closed) await within(QUIET_MS, (done) => child.once('close', done));
    this.#over();
    child.unref();
  }

  /** Waits until nothing of the group runs. False when the time is over before. */
  async #ended(withinMs: number): Promise<boolean> {
    const deadline = monotonic() + withinMs;
    if (!this.#exited) await within(withinMs, (done) => this.#onExit.push(done));
    while (groupLives(this.#child)) {
      if (monotonic() >= deadline) return false;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    forgetGroup(this.#child);
    return true;
  }

  /** Waits for the rest of what it said. Usually its pipes are closed with it; a daemon that it left may hold them. */
  #drain(deadline: number): void {
    const heard = this.#heard;
    setTimeout(() => {
      // After this process was busy, a timer is due before the pipe has been read.
      setImmediate(() => {
        if (this.#gone) return;
        if (this.#heard === heard || monotonic() > deadline) this.#over();
        else this.#drain(deadline);
      });
    }, QUIET_MS).unref();
  }

  /** Nothing more will come. Pipes that others hold must not keep this process alive. */
  #over(): void {
    if (this.#gone) return;
    this.#gone = true;
    const { stdin, stdout, stderr } = this.#child;
    for (const stream of [stdin, stdout, stderr] as (Readable | null)[]) stream?.destroy();
    if (!groupLives(this.#child)) forgetGroup(this.#child);
    // One that did not start has rejected `started`.
    if (this.#child.pid !== undefined) this.#listener.gone(this.#exited);
    for (const done of this.#onGone) done();
  }
}

/** Waits for an event, but no longer than the time. */
function within(ms: number, event: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    event(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
