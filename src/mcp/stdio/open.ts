import { statSync } from 'node:fs';
import { HANDED_ON, variablesOf } from '../../config/target/server-environment.ts';
import type { StdioTarget } from '../../config/target/target.ts';
import { CliError, IoError, UnreachableError, UsageError } from '../../errors.ts';
import { LastWords } from './last-words.ts';
import { type End, StdioTransport } from './transport.ts';

export interface StdioServer {
  transport: StdioTransport;
  /** Rejects when the server ends; never resolves. */
  died: Promise<never>;
  /** Ends the server: politely, then surely. */
  close(): Promise<void>;
  /** The server's last words, as the end of a sentence; empty when it said nothing. */
  said(): string;
  /** The error with the server's last words, as a person needs it. */
  explain(error: unknown, name: string): CliError;
}

/** How a server's end is told. */
const ENDS: Record<End, string> = {
  ended: 'the server process ended',
  'stdout closed': 'the server closed its stdout',
  'line too long': 'the server sent a message of more than 64 MiB',
};

/**
 * A server that is started as a child process. `shown` is how messages call the command and its folder: as they were configured, for what a
 * variable holds may be a secret. It gets the variables of HANDED_ON and those of the target, nothing else.
 * @throws IoError when it would run in a working folder that was removed
 */
export function openStdio(
  target: StdioTarget,
  shown: Pick<StdioTarget, 'command' | 'cwd'>,
  log: ((line: string) => void) | undefined,
): StdioServer {
  const words = new LastWords(log);
  const { command, args, cwd } = target;
  if (cwd === undefined) checkWorkingFolder(shown.command);
  const env = { ...variablesOf(process.env, HANDED_ON), ...target.env };
  const transport = new StdioTransport({ command, args, env, cwd }, words, log);
  let reject: (error: Error) => void = () => {};
  const died = new Promise<never>((_, no) => {
    reject = no;
  });
  died.catch(() => {});
  const explained = new WeakSet<object>();
  const said = () => words.told(transport.unended);
  transport.onclose = () => reject(new Error(ENDS[transport.end ?? 'ended']));
  return {
    transport,
    died,
    close: () => transport.close(),
    said,
    explain(error, name) {
      if (error instanceof CliError && (explained.has(error) || !(error instanceof UnreachableError)))
        return error;
      const failed = startFailure(error, target, shown);
      if (failed) {
        const { hint, text } = failed;
        return new UsageError(`cannot start ${name}: ${text}`, { cause: error, hint });
      }
      const what = transport.end === undefined ? (error as Error).message : ENDS[transport.end];
      const told = new UnreachableError(`cannot reach ${name}: ${what}${said()}`, {
        cause: error,
        maybeSent: true,
      });
      explained.add(told);
      return told;
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

/** Why a command could not be started at all; undefined for another failure. */
function startFailure(
  error: unknown,
  { cwd }: StdioTarget,
  shown: Pick<StdioTarget, 'command' | 'cwd'>,
): { text: string; hint?: string } | undefined {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  if (!syscall?.startsWith('spawn')) return undefined;
  // The system says the same of a command and of a folder that is not there.
  const folder = cwd === undefined ? undefined : folderFailure(cwd);
  if (folder !== undefined)
    return {
      text: `${folder}: ${shown.cwd ?? cwd}`,
      hint: 'the server is started in this folder (cwd): make it, or name another one',
    };
  if (code === 'ENOENT')
    return { text: `no such command: ${shown.command}`, hint: 'check the command and its PATH' };
  if (code === 'EACCES') return { text: `not executable: ${shown.command}` };
  return undefined;
}

function folderFailure(path: string): string | undefined {
  try {
    return statSync(path).isDirectory() ? undefined : 'the working directory is no folder';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? 'no such working directory'
      : `the working directory cannot be entered (${code})`;
  }
}
