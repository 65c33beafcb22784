import { type ChildProcess, spawn } from 'node:child_process';
import { isObject, type JsonObject } from '../json.ts';

/** How long a command may take to end when it is asked to, in milliseconds. */
const GRACE_MS = 1_000;

/** The most that is read of a command's answer, in bytes. */
const MAX_ANSWER = 16 * 1024 * 1024;

/** How much of a command's stderr is kept, in characters: its last line says what went wrong. */
const KEPT_STDERR = 8 * 1024;

export interface SamplingOptions {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** Aborting ends the command, politely and then surely. */
  signal?: AbortSignal | undefined;
}

/**
 * Runs the command that answers sampling/createMessage, without a shell: the request's params go to its stdin as JSON, its stdout must be a
 * CreateMessageResult (MCP 2025-11-25, client/sampling). Errors: one that says what went wrong, with the last line of its stderr; the
 * signal's reason.
 */
export async function runSampling(
  { command, args }: { command: string; args: readonly string[] },
  params: JsonObject,
  { env, cwd, signal }: SamplingOptions,
): Promise<JsonObject> {
  signal?.throwIfAborted();
  // A group of its own, so that what the command starts ends with it.
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
    const ended = outcome(child);
    // A command that does not read its input may answer all the same.
    child.stdin.on('error', () => {});
    child.stdin.end(JSON.stringify(params));
    const { stdout, problem } = await ended;
    if (signal?.aborted) throw signal.reason;
    if (problem !== undefined) throw new Error(`the sampling command ${problem}`);
    return readMessage(stdout);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    process.off('exit', surely);
  }
}

function outcome(child: ChildProcess): Promise<{ stdout: string; problem?: string }> {
  const chunks: Buffer[] = [];
  let size = 0;
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_ANSWER) chunks.push(chunk);
    else kill(child, 'SIGKILL');
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('utf8')).slice(-KEPT_STDERR);
  });
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve({
        stdout: '',
        problem: `could not be started: ${error.code === 'ENOENT' ? `no such command: ${child.spawnfile}` : error.message}`,
      }),
    );
    child.once('close', (code, signal) => {
      const last = stderr.trimEnd().split('\n').at(-1)?.trim() ?? '';
      const how = signal ? `was ended by ${signal}` : `failed with exit code ${code}`;
      const stdout = Buffer.concat(chunks).toString('utf8');
      if (size > MAX_ANSWER) resolve({ stdout: '', problem: 'answered more than 16 MiB' });
      else if (code === 0) resolve({ stdout });
      else resolve({ stdout, problem: `${how}${last === '' ? '' : `: ${last}`}` });
    });
  });
}

/** The command's answer, checked as far as a server would. */
function readMessage(stdout: string): JsonObject {
  const bad = (what: string) => new Error(`the sampling command's answer is no CreateMessageResult: ${what}`);
  let value: unknown;
  try {
    value = JSON.parse(stdout);
  } catch {
    throw bad(stdout.trim() === '' ? 'it is empty' : 'it is not JSON');
  }
  if (!isObject(value)) throw bad('it is not an object');
  const { role, model, content } = value;
  if (role !== 'assistant' && role !== 'user') throw bad('role must be "assistant"');
  if (typeof model !== 'string') throw bad('model must be a text');
  const blocks = Array.isArray(content) ? content : [content];
  if (blocks.length === 0 || !blocks.every(isBlock))
    throw bad('content must be like {"type": "text", "text": "..."}');
  return value;
}

function isBlock(block: unknown): boolean {
  if (!isObject(block) || typeof block['type'] !== 'string') return false;
  if (block['type'] === 'text') return typeof block['text'] === 'string';
  if (block['type'] === 'image' || block['type'] === 'audio')
    return typeof block['data'] === 'string' && typeof block['mimeType'] === 'string';
  return true;
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
