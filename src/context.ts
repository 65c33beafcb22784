import { fstatSync, readlinkSync, writeSync } from 'node:fs';
import { homedir, hostname, userInfo } from 'node:os';
import { isAbsolute } from 'node:path';
import { IoError } from './errors.ts';
import type { Clock } from './lib/clock.ts';
import { monotonic } from './lib/monotonic.ts';
import { decodeText } from './lib/text/text.ts';

/** A writable standard stream, as much of it as the program uses. */
export interface OutStream {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  /** Synchronous where Node's is; back-pressure is awaited by `flush`. */
  write(text: string): void;
  flush(): Promise<void>;
  /** What is written goes nowhere: the reader has gone, or the disk refuses. */
  readonly isClosed: boolean;
}

/** A stream of which nobody reads anything. */
export const NOWHERE: OutStream = {
  isTTY: false,
  columns: undefined,
  isClosed: false,
  write() {},
  async flush() {},
};

/** Everything that comes from outside. This is the only file that touches process, clock and environment; the rest is injected. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. Where the folder was removed meanwhile, the path that it had: what is looked for in it is missing under its name. */
  readonly cwd: string;
  /** Absolute; empty where the system knows none. */
  readonly home: string;
  readonly hostname: string;
  readonly platform: NodeJS.Platform;
  readonly pid: number;
  readonly execPath: string;
  /** Absolute path of the program's own entry, for launchers and background processes. */
  readonly entry: string;
  readonly clock: Clock & { sleep(ms: number, signal?: AbortSignal): Promise<void> };
  readonly stdin: { readonly isTTY: boolean; readAll(): Promise<string>; readonly stream: NodeJS.ReadStream };
  readonly stdout: OutStream;
  readonly stderr: OutStream;
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP, with the signal's name as the reason's `signal`. A second one, later, ends the process. */
  readonly interrupted: AbortSignal;
  /** Has the second signal call `act`, with the exit code that the process should end with, in place of ending it. A third one ends it. */
  onSecondSignal(act: (exitCode: number) => void): void;
}

/** The reason of `Context.interrupted`. */
export class SignalReason extends Error {
  readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP';
  readonly exitCode: number;

  constructor(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') {
    super(`interrupted by ${signal}`);
    this.signal = signal;
    this.exitCode = signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 129;
  }
}

/** Builds the context of this process and installs its signal and stream handlers. Error: IoError for a working folder without a path. */
export function processContext(entry: string): Context {
  let second: ((exitCode: number) => void) | undefined;
  const exit = (code: number) => {
    const act = second ?? process.exit;
    second = undefined;
    act(code);
  };
  return {
    env: process.env,
    cwd: workingFolder(),
    home: homeFolder(),
    hostname: hostname(),
    platform: process.platform,
    pid: process.pid,
    execPath: process.execPath,
    entry,
    clock: systemClock,
    stdin: {
      get isTTY() {
        return !isPlain(0) && process.stdin.isTTY === true;
      },
      readAll,
      get stream() {
        return process.stdin;
      },
    },
    stdout: outStream(1, () => process.stdout),
    stderr: outStream(2, () => process.stderr),
    interrupted: interruption(process, systemClock.monotonic, exit),
    onSecondSignal(act) {
      second = act;
    },
  };
}

function workingFolder(): string {
  try {
    return process.cwd();
  } catch (error) {
    const path = removedFolder() ?? process.env['PWD'];
    if (path !== undefined && isAbsolute(path)) return path;
    throw new IoError(`the working folder cannot be found: ${(error as Error).message}`, {
      hint: 'change to a folder that exists',
      cause: error,
    });
  }
}

/** Linux tells the path that a removed folder had: `/tmp/x (deleted)` (proc(5)). */
function removedFolder(): string | undefined {
  try {
    return readlinkSync('/proc/self/cwd').replace(/ \(deleted\)$/, '');
  } catch {
    return undefined;
  }
}

/** HOME where it is a path (XDG ignores relative ones), else what the system has of the user. */
function homeFolder(): string {
  for (const ask of [homedir, () => userInfo().homedir]) {
    try {
      const home = ask();
      if (isAbsolute(home)) return home;
    } catch {
      // A user without an entry in the system's list of users.
    }
  }
  // Libraries ask for it as they are loaded, and fail; containers give such users the same.
  if (process.platform !== 'win32') process.env['HOME'] = '/';
  return '';
}

/** `ann@host`: who runs this process, as far as the system tells. */
export function userAtHost(env: Context['env']): string {
  let name = env['USER'] ?? env['USERNAME'] ?? 'somebody';
  try {
    name = userInfo().username;
  } catch {
    // A user without an entry in the system's list of users.
  }
  return `${name}@${hostname()}`;
}

/** The longest time that one timer of Node's can take, in milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    let timer: NodeJS.Timeout;
    // A timer holds 31 bits of milliseconds (24.8 days); a longer one would fire at once.
    const arm = (left: number) => {
      timer = setTimeout(
        () => {
          if (left > MAX_TIMER_MS) return arm(left - MAX_TIMER_MS);
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
        Math.min(left, MAX_TIMER_MS),
      );
    };
    arm(ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** The machine's clocks. */
export const systemClock: Context['clock'] = {
  now: () => new Date(),
  monotonic,
  sleep,
};

async function readAll(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return decodeText(Buffer.concat(chunks));
}

/** Whether a descriptor is a pipe, file or socket: no terminal, and written without Node's streams, which cost 4 ms of start-up. */
function isPlain(fd: number): boolean {
  if (process.platform === 'win32') return false;
  try {
    return !fstatSync(fd).isCharacterDevice();
  } catch {
    return false;
  }
}

/**
 * A standard stream. A pipe or file is written directly, as Node itself does it (synchronously); a terminal, and a pipe that would block,
 * go through Node's stream. A reader that has gone is a quiet end (`| head`); anything else is told at flush.
 */
function outStream(fd: 1 | 2, get: () => NodeJS.WriteStream): OutStream {
  let broken: NodeJS.ErrnoException | undefined;
  let stream: NodeJS.WriteStream | undefined;
  const plain = isPlain(fd);
  const streamed = (): NodeJS.WriteStream => {
    if (stream) return stream;
    stream = get();
    stream.on('error', (error: NodeJS.ErrnoException) => {
      broken ??= error;
    });
    return stream;
  };
  const writeDirectly = (text: string) => {
    let rest = Buffer.from(text, 'utf8');
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') streamed().write(rest);
      else broken = error as NodeJS.ErrnoException;
    }
  };
  return {
    get isTTY() {
      return !plain && get().isTTY === true;
    },
    get columns() {
      return plain ? undefined : get().columns;
    },
    write(text) {
      if (broken || text === '') return;
      if (plain && !stream) writeDirectly(text);
      else streamed().write(text);
    },
    get isClosed() {
      return broken !== undefined;
    },
    async flush() {
      const pending = stream;
      // The answer to an empty write comes after everything before it was written, and after the error of any of it.
      if (pending && !broken) await new Promise<void>((resolve) => pending.write('', () => resolve()));
      if (broken && broken.code !== 'EPIPE') throw broken;
    },
  };
}

/**
 * For how long after a signal the next one is the same, in milliseconds: timeout(1) and npx send theirs to the program and to its group, which
 * the program is in. Taken for a second one, it would end the program before its last words and its cancellation.
 */
export const SAME_SIGNAL_MS = 500;

/** Listens for signals that `source` emits. The first aborts the returned signal; a later one calls `exit` with its exit code. */
export function interruption(
  source: { on(name: SignalReason['signal'], listener: () => void): unknown },
  monotonic: Clock['monotonic'],
  exit: (code: number) => void,
): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    source.on(name, () => {
      const reason = new SignalReason(name);
      if (controller.signal.aborted) {
        if (monotonic() - first <= SAME_SIGNAL_MS) return;
        first = monotonic();
        exit(reason.exitCode);
        return;
      }
      first = monotonic();
      controller.abort(reason);
    });
  return controller.signal;
}
