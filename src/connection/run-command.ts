import { type ChildProcess, spawn } from 'node:child_process';
import { stringifyJson } from '../lib/exact-json.ts';

/** How long a command may take to end when it is asked to, in milliseconds. */
const GRACE_MS = 1_000;

/** How much of a command's stderr is kept at either end, in characters: its first or its last line says what went wrong. */
const KEPT_STDERR = 8 * 1024;

export interface CommandOptions {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** Aborting ends the command, politely and then surely. */
  signal?: AbortSignal | undefined;
  /** The most that is read of its stdout, in bytes; one that says more is ended. */
  maxAnswer: number;
}

/** How a command ended. */
export interface CommandEnd {
  stdout: string;
  /** False when it said more than may be read; `stdout` is then empty. */
  complete: boolean;
  /** Its first and its last line; empty without one. */
  stderr: { first: string; last: string };
  /** It ran and ended by itself, with this exit code. */
  exitCode: number | null;
  /** For a sentence about it, such as `failed with exit code 1`; undefined for exit code 0. */
  problem: string | undefined;
}

/**
 * Runs a command to its end, without a shell: `input` goes to its stdin as JSON. It gets a group of its own, so that what it starts ends with
 * it. Error: the signal's reason.
 */
export async function runCommand(
  { command, args }: { command: string; args: readonly string[] },
  input: unknown,
  { env, cwd, signal, maxAnswer }: CommandOptions,
): Promise<CommandEnd> {
  signal?.throwIfAborted();
  const detached = process.platform !== 'win32';
  const child = spawn(command, args, { env, cwd, detached, windowsHide: true, stdio: 'pipe' });
  const surely = () => kill(child, 'SIGKILL');
  process.on('exit', surely);
  let timer: NodeJS.Timeout | undefined;
  const onAbort = () => {
    kill(child, 'SIGTERM');
    timer = setTimeout(surely, GRACE_MS);
    for (const stream of child.stdio) stream?.destroy();
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const ended = outcome(child, maxAnswer);
    // A command that does not read its input may answer all the same.
    child.stdin.on('error', () => {});
    child.stdin.end(stringifyJson(input));
    const end = await ended;
    if (signal?.aborted) throw signal.reason;
    return end;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    process.off('exit', surely);
  }
}

function outcome(child: ChildProcess, maxAnswer: number): Promise<CommandEnd> {
  const chunks: Buffer[] = [];
  let size = 0;
  let [head, tail] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= maxAnswer) chunks.push(chunk);
    else kill(child, 'SIGKILL');
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    const text = chunk.toString('utf8');
    head = (head + text).slice(0, KEPT_STDERR);
    tail = (tail + text).slice(-KEPT_STDERR);
  });
  const ended = (exitCode: number | null, problem: string | undefined): CommandEnd => {
    const complete = size <= maxAnswer;
    return {
      stdout: complete ? Buffer.concat(chunks).toString('utf8') : '',
      complete,
      stderr: { first: firstLine(head), last: tail.trimEnd().split('\n').at(-1)?.trim() ?? '' },
      exitCode,
      problem,
    };
  };
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'ENOENT' ? `no such command: ${child.spawnfile}` : error.message;
      resolve(ended(null, `could not be started: ${why}`));
    });
    child.once('close', (code, signal) => {
      const how = signal ? `was ended by ${signal}` : `failed with exit code ${code}`;
      resolve(ended(code, code === 0 ? undefined : how));
    });
  });
}

/** The first line of a text that has something in it. */
export function firstLine(text: string): string {
  return text.trimStart().split('\n', 1)[0]?.trim() ?? '';
}

/** Ends the command and what it has started. */
function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid === undefined) return;
    if (process.platform === 'win32') child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}
