/** What the host and a worker say to each other. Plain data; values of users travel as JSON text, so that both sides read the same. */
import { FINAL } from '../library/job-context.ts';
import type { AuthInfo } from '../library/options.ts';

/** One attempt of a job. */
export interface RunOrder {
  kind: 'run';
  file: string;
  name: string;
  /** JSON of the input, as it came. */
  input: string;
  runId: string;
  attempt: number;
  authInfo: AuthInfo;
  /** The guards of the job are asked: once a run. */
  guarded: boolean;
}

/** A function of a workflow's step, or (`check`, without a step) the workflow's own input. */
export interface EvaluateOrder {
  kind: 'evaluate';
  file: string;
  name: string;
  step: string;
  what: 'condition' | 'input' | 'check';
  authInfo: AuthInfo;
  /** JSON of the steps so far, by id, and of the workflow's input. */
  steps: string;
  input: string;
}

export type Order = RunOrder | EvaluateOrder;

export type ToWorker =
  | { kind: 'order'; order: Order; cacheDir: string }
  | { kind: 'abort'; why: 'timeout' | 'canceled'; message: string }
  | { kind: 'called'; id: number; value: string }
  | { kind: 'callFailed'; id: number; error: Thrown };

export interface LogLine {
  /** Milliseconds since 1970. */
  at: number;
  text: string;
}

export type FromWorker =
  | { kind: 'ready' }
  /** The file is there, the input fits, the guards let it pass: from now on the time of the attempt counts. */
  | { kind: 'began' }
  | { kind: 'log'; lines: LogLine[] /** Lines that had no room. */; left: number }
  | { kind: 'progress'; progress: number; total?: number | undefined; message?: string | undefined }
  | { kind: 'call'; id: number; instance: string; tool: string; args: string; timeoutMs?: number | undefined }
  | { kind: 'giveUpCall'; id: number }
  | { kind: 'ended'; outcome: Outcome }
  /** `clean`: nothing of the run goes on in the worker. */
  | { kind: 'idle'; clean: boolean };

/** Something thrown, as it can be told. */
export interface Thrown {
  name: string;
  message: string;
  stack?: string | undefined;
  code?: string | undefined;
  /** Another attempt is not wanted. */
  final?: boolean | undefined;
}

/** How an attempt went, as far as the worker can tell. */
export type Outcome =
  /** JSON of the output. */
  | { kind: 'output'; output: string }
  | { kind: 'invalid_input'; message: string }
  | { kind: 'refused'; message: string }
  | { kind: 'invalid_output'; message: string }
  /** `file`: its file could not be loaded. */
  | { kind: 'threw'; error: Thrown; file?: boolean };

/** What was thrown, whatever it is. */
export function thrownFrom(thrown: unknown): Thrown {
  if (thrown instanceof Error || (typeof thrown === 'object' && thrown !== null && 'message' in thrown)) {
    const { name, message, stack, code } = thrown as Error & { code?: unknown };
    return {
      name: String(name ?? 'Error'),
      message: String(message) || String(name ?? 'Error'),
      stack: typeof stack === 'string' ? stack : undefined,
      code: typeof code === 'string' ? code : undefined,
      final: FINAL in thrown ? true : undefined,
    };
  }
  return { name: 'thrown', message: `it threw ${shown(thrown)}` };
}

function shown(value: unknown): string {
  try {
    return (typeof value === 'string' ? JSON.stringify(value) : String(value)).slice(0, 500);
  } catch {
    return typeof value;
  }
}
