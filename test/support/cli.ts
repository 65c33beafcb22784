/** Runs the real program as a child process, the way scripts and people do. */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { SAME_SIGNAL_MS } from '../../src/context.ts';
import type { EnvChanges } from './env.ts';
import { BIN, cleanEnv } from './env.ts';
import { fitsInProcess, runInProcess } from './in-process.ts';

export interface StartOptions {
  /** MCP2CLI_HOME, and HOME too. */
  home: string;
  env?: EnvChanges | undefined;
  cwd?: string | undefined;
  /** Written to stdin, which is then closed. Without it stdin is empty. */
  input?: string | Buffer | undefined;
  /** Leaves stdin open, to be written and closed by the test. */
  openStdin?: boolean | undefined;
  /** Output goes to a terminal of so many columns, which `run` imitates; for a real one: `pty.ts`. */
  columns?: number | undefined;
  /** After this the process is killed and the run fails: a test must not hang. 90 s. */
  timeoutMs?: number | undefined;
}

/** How long a command may take on a machine that has other things to do, in milliseconds. */
const LONGEST_MS = 90_000;

export interface RunResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Handle {
  readonly pid: number;
  /** What has been written so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** Resolves with the first match, in what was written already or will be. Rejects when the process ends without it. */
  waitForStdout(pattern: RegExp): Promise<RegExpExecArray>;
  waitForStderr(pattern: RegExp): Promise<RegExpExecArray>;
  /** Writes to stdin (`openStdin`). */
  write(text: string): void;
  closeStdin(): void;
  signal(signal: NodeJS.Signals): void;
  /**
   * Sends the signal again and again until the process has ended, or has said on stderr that it `heard`: what follows a signal at once is the same
   * one to the program.
   */
  insist(signal: NodeJS.Signals, heard?: RegExp): Promise<RunResult>;
  /** Stops reading, as a reader does that has gone. */
  closeStdout(): void;
  /** Resolves when the process has ended and its output has been read. */
  readonly done: Promise<RunResult>;
}

let apart = process.env['MCP2CLI_TEST_APART'] !== undefined;

/** For a test file about processes: each command line is one of its own, as it is with users. */
export function eachInItsProcess(): void {
  const before = apart;
  beforeAll(() => {
    apart = true;
  });
  afterAll(() => {
    apart = before;
  });
}

/** The same for what `work` runs: command lines side by side, or one whose own end is looked at. */
export async function inProcesses<T>(work: () => Promise<T>): Promise<T> {
  const before = apart;
  apart = true;
  try {
    return await work();
  } finally {
    apart = before;
  }
}

/** Runs `mcp2cli ARGS` to its end: in this process where nothing depends on one, which takes a fifth of the time. */
export async function run(args: readonly string[], options: StartOptions): Promise<RunResult> {
  const { home, cwd = home, input = '', openStdin, columns } = options;
  const env = cleanEnv(home, options.env);
  if (apart || openStdin || !fitsInProcess(args, env)) {
    if (columns !== undefined) throw new Error('a process has a terminal of its own: startOnPty');
    return start(args, options).done;
  }
  const late = new AbortController();
  const timedOut = sleep(options.timeoutMs ?? LONGEST_MS, undefined, { signal: late.signal }).then(() => {
    throw new Error(`did not end in time: mcp2cli ${args.join(' ')}`);
  });
  try {
    return {
      signal: null,
      ...(await Promise.race([runInProcess({ args, env, cwd, input, columns }), timedOut])),
    };
  } finally {
    timedOut.catch(() => {});
    late.abort();
  }
}

/** Starts `mcp2cli ARGS`. Still running when the test has finished, it is killed. */
export function start(args: readonly string[], options: StartOptions): Handle {
  return startCommand(process.execPath, [BIN, ...args], options);
}

/** Starts any command with the same clean environment. */
export function startCommand(command: string, args: readonly string[], options: StartOptions): Handle {
  const shown = `${command} ${args.join(' ')}`;
  const fromTest = options.input !== undefined || options.openStdin === true;
  const child = spawn(command, args, {
    cwd: options.cwd ?? options.home,
    env: cleanEnv(options.home, options.env),
    stdio: [fromTest ? 'pipe' : 'ignore', 'pipe', 'pipe'],
  });
  const stdout = collector(child.stdout);
  const stderr = collector(child.stderr);
  // A program that does not read its input is not a failure of the test.
  child.stdin?.on('error', () => {});
  if (options.input !== undefined) child.stdin?.end(options.input);

  const report = () => `${shown}\n--- stdout\n${stdout.text}\n--- stderr\n${stderr.text}`;
  const done = new Promise<RunResult>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`did not end in time: ${report()}`));
    }, options.timeoutMs ?? LONGEST_MS);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      stdout.end();
      stderr.end();
      resolve({ code, signal, stdout: stdout.text, stderr: stderr.text });
    });
  });
  // A test that looks at output only need not wait for the end.
  done.catch(() => {});
  atTestEnd(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await done.catch(() => {});
  });

  return {
    get pid() {
      return child.pid ?? -1;
    },
    get stdout() {
      return stdout.text;
    },
    get stderr() {
      return stderr.text;
    },
    waitForStdout: (pattern) => stdout.waitFor(pattern, report),
    waitForStderr: (pattern) => stderr.waitFor(pattern, report),
    write: (text) => void child.stdin?.write(text),
    closeStdin: () => void child.stdin?.end(),
    signal: (signal) => void child.kill(signal),
    async insist(signal, heard) {
      // One that comes while it is on its way out finds nobody who listens.
      const again = setInterval(() => child.kill(signal), 2 * SAME_SIGNAL_MS);
      const enough = () => clearInterval(again);
      if (heard) stderr.waitFor(heard, report).then(enough, enough);
      return done.finally(enough);
    },
    closeStdout: () => void child.stdout?.destroy(),
    done,
  };
}

/** Runs `work` when the test has finished; outside of a test (in beforeAll) the caller cleans up. */
export function atTestEnd(work: () => Promise<void> | void): void {
  try {
    onTestFinished(work);
  } catch {
    // Not inside a test.
  }
}

interface Collector {
  readonly text: string;
  waitFor(pattern: RegExp, report: () => string): Promise<RegExpExecArray>;
  end(): void;
}

function collector(stream: NodeJS.ReadableStream | null): Collector {
  if (!stream) throw new Error('not piped');
  let text = '';
  let ended = false;
  const waiting = new Set<() => void>();
  const look = () => {
    for (const check of [...waiting]) check();
  };
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text += chunk;
    look();
  });
  return {
    get text() {
      return text;
    },
    waitFor: (pattern, report) =>
      new Promise((resolve, reject) => {
        // Without the flags that make a pattern remember where it was.
        const stateless = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
        const check = () => {
          const match = stateless.exec(text);
          if (!match && !ended) return;
          waiting.delete(check);
          if (match) resolve(match);
          else reject(new Error(`ended without ${pattern}: ${report()}`));
        };
        waiting.add(check);
        check();
      }),
    end() {
      ended = true;
      look();
    },
  };
}
