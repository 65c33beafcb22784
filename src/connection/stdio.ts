import type { PassThrough } from 'node:stream';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { CliError, IoError, UnreachableError, UsageError } from '../errors.ts';
import { MAX_MESSAGE_BYTES } from './http/body.ts';
import type { StdioTarget } from './target.ts';

/** How much of a server's stderr is kept to explain a failure. */
const KEPT_LINES = 20;
const KEPT_BYTES = 16 * 1024;

export interface StdioProcess {
  transport: StdioClientTransport;
  /** Rejects when the server ends; never resolves. */
  died: Promise<never>;
  readonly exited: boolean;
  /** Ends the server: politely, then surely. */
  close(): Promise<void>;
  /** The error with the server's last words, as a person needs it. */
  explain(error: unknown, name: string): CliError;
}

/**
 * The SDK's stdio transport, its stderr kept. It must stay the SDK's own class: a subclass changes how the version probe runs
 * (docs/measurements.md). `shown` is how messages call the command. The server gets the SDK's default environment and what the instance
 * names, nothing else. Error: IoError when it would run in a working folder that was removed.
 */
export async function openStdio(
  target: StdioTarget,
  shown: string,
  log: ((line: string) => void) | undefined,
): Promise<StdioProcess> {
  if (target.cwd === undefined) checkWorkingFolder(shown);
  const transport = new StdioClientTransport({
    command: target.command,
    args: target.args,
    env: target.env,
    stderr: 'pipe',
    maxBufferSize: MAX_MESSAGE_BYTES,
    ...(target.cwd === undefined ? {} : { cwd: target.cwd }),
  });
  joinOnce(transport, MAX_MESSAGE_BYTES);
  let tail = '';
  let exited = false;
  (transport.stderr as PassThrough | null)?.on('data', (chunk: Buffer) => {
    const text = chunk.toString('utf8');
    tail = (tail + text).slice(-KEPT_BYTES);
    if (log) for (const line of text.split('\n')) if (line !== '') log(`server: ${line}`);
  });
  let reject: (error: Error) => void = () => {};
  const died = new Promise<never>((_, no) => {
    reject = no;
  });
  died.catch(() => {});
  // A process that ends in a hurry (a second ^C) takes its server along, however stubborn that one is.
  let pid: number | null = null;
  const takeAlong = () => {
    pid = transport.pid ?? pid;
    if (!exited && pid !== null) kill(pid);
  };
  process.on('exit', takeAlong);
  const onclose = transport.onclose;
  transport.onclose = () => {
    exited = true;
    process.off('exit', takeAlong);
    onclose?.call(transport);
    reject(new Error('the server process ended'));
  };
  return {
    transport,
    died,
    get exited() {
      return exited;
    },
    close() {
      // The transport forgets its process as soon as it begins to end it.
      pid = transport.pid;
      return transport.close();
    },
    explain(error, name) {
      if (error instanceof CliError && !(error instanceof UnreachableError)) return error;
      const code = (error as NodeJS.ErrnoException | undefined)?.code;
      const lines = tail.trimEnd().split('\n').slice(-KEPT_LINES).join('\n').trim();
      const said = lines === '' ? '' : `; its last words:\n${lines}`;
      if (code === 'ENOENT')
        return new UsageError(`cannot start ${name}: no such command (or working directory): ${shown}`, {
          cause: error,
          hint: 'check the command, its PATH and the working directory',
        });
      if (code === 'EACCES')
        return new UsageError(`cannot start ${name}: not executable: ${shown}`, { cause: error });
      const what = exited ? 'the server process ended' : (error as Error).message;
      return new UnreachableError(`cannot reach ${name}: ${what}${said}`, { cause: error, maybeSent: true });
    },
  };
}

/** A program that is started in a folder that was removed fails in its own way, or works on nothing. */
function checkWorkingFolder(shown: string): void {
  try {
    process.cwd();
  } catch (error) {
    throw new IoError(`cannot start ${shown}: the working folder was removed`, {
      hint: 'change to a folder that exists, or give the server one of its own: --cwd DIR',
      cause: error,
    });
  }
}

/**
 * The SDK's buffer copies all that it has with every chunk: a message of 64 MiB takes it twenty seconds of work. Chunks without the end of a line
 * are kept aside here, and given to it joined once. Without the buffer where it is looked for, nothing is changed.
 */
function joinOnce(transport: StdioClientTransport, limit: number): void {
  const buffer = (transport as unknown as { _readBuffer?: Partial<ReadBuffer> })._readBuffer;
  if (typeof buffer?.append !== 'function' || typeof buffer.clear !== 'function') return;
  const append = buffer.append.bind(buffer);
  const clear = buffer.clear.bind(buffer);
  let held: Buffer[] = [];
  let size = 0;
  buffer.clear = () => {
    held = [];
    size = 0;
    clear();
  };
  buffer.append = (chunk) => {
    held.push(chunk);
    size += chunk.length;
    if (size <= limit && !chunk.includes(10)) return;
    const whole = held.length === 1 ? chunk : Buffer.concat(held);
    held = [];
    size = 0;
    // Refuses what is larger than its limit.
    append(whole);
  };
}

interface ReadBuffer {
  append(chunk: Buffer): void;
  clear(): void;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
