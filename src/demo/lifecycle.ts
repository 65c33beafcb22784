/** Starting, stopping and asking after the demo server that runs in the background. One for each home. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lock } from 'proper-lockfile';
import { IoError, UsageError } from '../errors.ts';
import { isRunning, processStart } from '../lib/disk/process-identity.ts';
import { monotonic } from '../lib/monotonic.ts';
import type { DemoConfig } from './background-config.ts';
import { DEMO_CONFIG } from './background-config.ts';
import type { DemoDialect } from './server.ts';
import type { DemoState } from './state-file.ts';
import {
  answers,
  inspect,
  logPath,
  ownState,
  readState,
  removeState,
  statePath,
  writeState,
} from './state-file.ts';

export interface DetachedDemoOptions {
  /** The data root. `demo.json` and `demo.log` are kept in it. */
  home: string;
  /** Script that the background process runs; with `args` it must end up in `runDetachedDemo`. */
  entry: string;
  args?: readonly string[];
  dialect?: DemoDialect;
  /** 0, the default, takes any free port. */
  port?: number;
  speed?: number;
  /** How long the server may take until it answers. */
  startTimeoutMs?: number;
  /** Called while the lock is still held, for a server that was started now as well as for one that ran already: register it here. */
  onRunning?: (demo: RunningDemo) => void | Promise<void>;
}

export interface HostedDemoOptions<S> {
  home: string;
  dialect: DemoDialect;
  /** Starts the server, which proves itself by the token. */
  start: (token: string) => Promise<S>;
  /** Called while the lock is still held: register it here. */
  onRunning: (url: string) => Promise<void>;
}

export interface RunningDemo {
  pid: number;
  url: string;
  dialect: string;
  started_at: string;
}

export interface StartedDemo extends RunningDemo {
  /** False when it ran already. */
  started: boolean;
}

export interface StopDemoOptions {
  home: string;
  /** How long it may take to end politely before it is killed. */
  graceMs?: number;
  /** Called while the lock is still held, whether or not one ran: unregister it here. */
  onStopped?: () => void | Promise<void>;
}

/**
 * Starts the demo server in the background, or finds the one that runs. Resolves when it answers. Errors: IoError when it cannot be started
 * (with what it wrote last), ConfigError when demo.json is damaged.
 */
export async function startDetachedDemo(options: DetachedDemoOptions): Promise<StartedDemo> {
  return locked(options.home, async () => {
    const running = await settle(options.home);
    const state = running ?? (await launch(options));
    await options.onRunning?.(shown(state));
    return { ...shown(state), started: running === undefined };
  });
}

/**
 * Runs a demo server in this process, where none runs. The caller closes it, and then calls `forget`. Errors: UsageError when one runs already,
 * what `start` throws, IoError, ConfigError when demo.json is damaged.
 */
export async function hostDemo<S extends { url: string; close(): Promise<void> }>({
  home,
  dialect,
  start,
  onRunning,
}: HostedDemoOptions<S>) {
  return locked(home, async () => {
    const running = await settle(home);
    if (running)
      throw new UsageError(`the demo server runs already: ${running.url}`, {
        code: 'already_running',
        hint: 'use it: mcp2cli demo ls; or stop it first: mcp2cli demo stop',
      });
    const token = randomBytes(16).toString('hex');
    const server = await start(token);
    const state = ownState(server.url, token, dialect);
    try {
      writeState(home, state);
      await onRunning(server.url);
    } catch (error) {
      await server.close();
      removeState(home, token);
      throw error;
    }
    // Without the lock: whoever stops this process holds it until we are gone.
    return { server, started_at: state.started_at, forget: () => removeState(home, token) };
  });
}

/** Stops the demo server of this home, politely and then surely. False when none ran. Only a process that is surely ours is killed. */
export async function stopDemo({ home, graceMs = 10_000, onStopped }: StopDemoOptions): Promise<boolean> {
  return locked(home, async () => {
    const state = readState(home);
    const there = state !== undefined && (await inspect(state)) !== 'gone';
    if (there) await end(state, graceMs);
    if (state) removeState(home, state.token);
    await onStopped?.();
    return there;
  });
}

/** The demo server that runs and answers, or undefined. Changes nothing. */
export async function demoStatus({ home }: { home: string }): Promise<RunningDemo | undefined> {
  const state = readState(home);
  return state && (await inspect(state)) === 'running' ? shown(state) : undefined;
}

/** The server that runs. One that hangs is ended, and what one left behind is removed. */
async function settle(home: string): Promise<DemoState | undefined> {
  const state = readState(home);
  if (!state) return undefined;
  const condition = await inspect(state);
  if (condition === 'running') return state;
  if (condition === 'silent') await end(state, 1000);
  removeState(home, state.token);
  return undefined;
}

async function launch(options: DetachedDemoOptions): Promise<DemoState> {
  const { home, entry, args = [], dialect = 'tasks-2025-11-25', port = 0, speed = 1 } = options;
  const token = randomBytes(18).toString('base64url');
  const demoConfig: DemoConfig = { home, token, dialect, port, speed };
  // Emptied at each start, and a server that works writes nothing: it stays small.
  const log = openLog(home);
  const child = spawn(process.execPath, [entry, ...args], {
    // Not the caller's folder, which may be removed or unmounted while the server runs.
    cwd: home,
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, [DEMO_CONFIG]: JSON.stringify(demoConfig) },
    windowsHide: true,
  });
  closeSync(log);
  let failed: string | undefined;
  child.once('error', (error) => {
    failed = error.message;
  });
  child.once('exit', (code, signal) => {
    failed ??= `it ended with ${signal ?? `exit code ${code}`}`;
  });
  const state = await until(options.startTimeoutMs ?? 15_000, async () => {
    if (failed !== undefined) return 'failed';
    const written = readState(home);
    return written?.token === token && (await answers(written.url, token)) ? written : undefined;
  });
  child.removeAllListeners();
  child.unref();
  if (typeof state === 'object') return state;
  if (state === undefined) child.kill('SIGKILL');
  removeState(home, token);
  const said = lastLines(logPath(home));
  throw new IoError(
    `the demo server did not start: ${failed ?? 'it does not answer'}${said && `\n${said}`}`,
    {
      hint: `See ${logPath(home)}.`,
    },
  );
}

function openLog(home: string): number {
  try {
    return openSync(logPath(home), 'w', 0o600);
  } catch (error) {
    throw new IoError(`cannot write ${logPath(home)}: ${(error as Error).message}`, { cause: error });
  }
}

async function end({ pid, started }: DemoState, graceMs: number): Promise<void> {
  // The pid may have gone to somebody else meanwhile: looked at before each signal.
  const gone = () => !isRunning(pid) || (started !== null && processStart(pid) !== started);
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (gone()) return;
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
      throw new IoError(`cannot stop the demo server (process ${pid}): ${(error as Error).message}`, {
        cause: error,
      });
    }
    if (await until(graceMs, async () => gone() || undefined)) return;
  }
  throw new IoError(`the demo server (process ${pid}) does not end`);
}

/** Serialises what changes: of two starts at once, the second finds the server of the first. */
async function locked<T>(home: string, work: () => Promise<T>): Promise<T> {
  let release: () => Promise<void>;
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    release = await lock(statePath(home), {
      lockfilePath: join(home, 'demo.lock'),
      realpath: false,
      stale: 10_000,
      retries: { retries: 300, factor: 1.2, minTimeout: 30, maxTimeout: 200 },
      // The work is short and each step of it looks again: a lock that was taken over is no reason to crash.
      onCompromised: () => {},
    });
  } catch (error) {
    throw new IoError(`cannot lock ${statePath(home)}: ${(error as Error).message}`, { cause: error });
  }
  try {
    return await work();
  } finally {
    await release().catch(() => {});
  }
}

async function until<T>(timeoutMs: number, look: () => Promise<T | undefined>): Promise<T | undefined> {
  const deadline = monotonic() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined || monotonic() > deadline) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function shown({ pid, url, dialect, started_at }: DemoState): RunningDemo {
  return { pid, url, dialect, started_at };
}

function lastLines(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim().split('\n').slice(-8).join('\n');
  } catch {
    return '';
  }
}
