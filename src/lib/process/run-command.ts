import { type ChildProcess, spawn } from 'node:child_process';
import { stringifyJson } from '../json/exact-json.ts';
import { decodeText } from '../text/text.ts';
import { forgetGroup, groupLives, noteGroup, OWN_GROUP, signalGroup } from './process-group.ts';
import { guardSoon } from './reaper.ts';

/** How long a command may take to end when it is asked to, in milliseconds. */
const GRACE_MS = 1_000;

/** How long output may still come after a command has ended, in milliseconds. */
const OUTPUT_MS = 500;

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
 * it. @throws the signal's reason
 */
export async function runCommand(
  { command, args }: { command: string; args: readonly string[] },
  input: unknown,
  { env, cwd, signal, maxAnswer }: CommandOptions,
): Promise<CommandEnd> {
  signal?.throwIfAborted();
  const child = spawn(command, args, { ...OWN_GROUP, env, cwd, stdio: 'pipe' });
  noteGroup(child);
  guardSoon();
  const onAbort = () => {
    endGroup(child);
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
    signal?.removeEventListener('abort', onAbort);
    for (const stream of child.stdio) stream?.destroy();
    endGroup(child);
  }
}

/** Ends what is left of the command and of what it has started, politely and then surely; nobody waits for it. */
function endGroup(child: ChildProcess): void {
  if (!groupLives(child)) {
    forgetGroup(child);
    return;
  }
  signalGroup(child, 'SIGTERM');
  setTimeout(() => {
    signalGroup(child, 'SIGKILL');
    forgetGroup(child);
  }, GRACE_MS).unref();
}

function outcome(child: ChildProcess, maxAnswer: number): Promise<CommandEnd> {
  const chunks: Buffer[] = [];
  let size = 0;
  let [head, tail] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= maxAnswer) chunks.push(chunk);
    else signalGroup(child, 'SIGKILL');
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    const text = chunk.toString('utf8');
    head = (head + text).slice(0, KEPT_STDERR);
    tail = (tail + text).slice(-KEPT_STDERR);
  });
  const ended = (exitCode: number | null, problem: string | undefined): CommandEnd => {
    const complete = size <= maxAnswer;
    return {
      stdout: complete ? decodeText(Buffer.concat(chunks)) : '',
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
    const settle = (code: number | null, signal: NodeJS.Signals | null) => {
      const how = signal ? `was ended by ${signal}` : `failed with exit code ${code}`;
      resolve(ended(code, code === 0 ? undefined : how));
    };
    child.once('close', settle);
    // What it has started may hold its output open for as long as it likes: what the command itself said has come by then.
    child.once('exit', (code, signal) => {
      const timer = setTimeout(() => settle(code, signal), OUTPUT_MS);
      child.once('close', () => clearTimeout(timer));
    });
  });
}

/** The first line of a text that has something in it. */
export function firstLine(text: string): string {
  return text.trimStart().split('\n', 1)[0]?.trim() ?? '';
}
