/** A run of a job: its guards, its attempts with the pauses between them, and what is told of it. */
import { withFixed } from '../../catalog/fixed-arguments.ts';
import { PermissionError, UsageError } from '../../errors.ts';
import { RUN_META_KEY } from '../../jobs/job-end.ts';
import type { Progress } from '../../jobs/record.ts';
import { retryDelay } from '../../jobs/retry.ts';
import type { Clock } from '../../lib/clock.ts';
import { isObject } from '../../lib/json/json.ts';
import type { LoadedJob } from '../files/loaded.ts';
import type { AuthInfo } from '../library/options.ts';
import type { RunEvents, ServedResult } from '../provider.ts';
import { type AttemptEnd, attempt, type CallRequest } from './attempt.ts';
import type { Thrown } from './messages.ts';
import type { WorkerPool } from './worker-pool.ts';

export interface RunnerDeps {
  pool: WorkerPool;
  clock: Clock & { sleep(ms: number, signal?: AbortSignal): Promise<void> };
  /** Hears what is for the person who looks for a fault: stacks. */
  detail: (text: string) => void;
}

export interface JobRun {
  job: LoadedJob;
  input: Record<string, unknown>;
  runId: string;
  authInfo: AuthInfo;
  /** Of a step of a workflow: this attempt alone, with the step's own limit. */
  only?: { attempt: number; timeout: number } | undefined;
  call(request: CallRequest, signal: AbortSignal): Promise<string>;
}

export interface JobRunEvents extends RunEvents {
  /** `at`: milliseconds since 1970. */
  onLine(text: string, level: 'info' | 'error', at: number): void;
  /** The attempt begins, of so many. */
  onAttempt?: ((number: number, of: number) => void) | undefined;
  /** It failed, and the next one comes after a pause. */
  onRetrying?: (() => void) | undefined;
}

/** How a run ended: with what it gave, or why not. */
export type RunEnd = { attempt: number } & (
  | { kind: 'output'; output: unknown }
  | {
      kind: 'failed';
      error: { code: string; message: string; stack?: string | undefined };
      /** Another attempt would be of no use, or is not wanted. */
      isFinal: boolean;
    }
);

/**
 * Runs the job to its end. Errors, before it has begun: UsageError `invalid_input`, PermissionError; at any time: the signal's reason, when it is
 * aborted.
 */
export async function runJob(
  { pool, clock, detail }: RunnerDeps,
  run: JobRun,
  events: JobRunEvents,
  signal: AbortSignal,
): Promise<RunEnd> {
  const { job, authInfo, runId } = run;
  checkGrants(job, authInfo);
  const { only } = run;
  const retry = only ? undefined : job.retry;
  const timeout = only?.timeout ?? job.timeout;
  const of = retry?.attempts ?? 1;
  const input = JSON.stringify(job.over ? withFixed(run.input, job.over.fixed) : run.input);
  for (let number = only?.attempt ?? 1; ; number++) {
    const say = (text: string, level: 'info' | 'error' = 'info') =>
      events.onLine(text, level, clock.now().getTime());
    const end = await attempt(
      {
        kind: 'run',
        file: job.file,
        name: job.over?.job ?? job.name,
        input,
        runId,
        attempt: number,
        authInfo,
        guarded: number === (only?.attempt ?? 1),
      },
      timeout,
      {
        pool,
        call: (request, ended) => run.call(request, ended),
        onBegan: () => {
          events.onAttempt?.(number, of);
          if (of > 1) say(`attempt ${number} of ${of}`);
        },
        onLog: (lines, left) => {
          for (const { at, text } of lines) events.onLine(text, 'info', at);
          if (left > 0) say(`(${left} more lines of this attempt had no room)`);
        },
        onProgress: (progress: Progress) => events.onProgress?.(progress),
      },
      signal,
    );
    if (end.kind === 'invalid_input')
      throw new UsageError(`${job.name}: ${end.message}`, { code: 'invalid_input' });
    if (end.kind === 'refused') throw new PermissionError(`${job.name} is not permitted: ${end.message}`);
    if (end.kind === 'output') return { kind: 'output', output: JSON.parse(end.output), attempt: number };
    const { error, isFinal } = failureOf(end);
    if (error.stack !== undefined) detail(`${runId || job.name}: ${error.stack}`);
    if (of > 1 || end.kind !== 'threw')
      say(of > 1 ? `attempt ${number} failed: ${error.message}` : error.message, 'error');
    if (number >= of || isFinal || retry === undefined)
      return { kind: 'failed', error, isFinal, attempt: number };
    const pause = retryDelay(retry, number);
    say(`the next attempt comes in ${pause / 1_000} s`);
    events.onRetrying?.();
    await clock.sleep(pause, signal);
  }
}

function failureOf(end: Exclude<AttemptEnd, { kind: 'output' | 'invalid_input' | 'refused' }>): {
  error: { code: string; message: string; stack?: string | undefined };
  isFinal: boolean;
} {
  switch (end.kind) {
    case 'timeout':
      return { error: { code: 'timeout', message: end.message }, isFinal: false };
    case 'gone':
      return { error: described(end.code, end.error), isFinal: false };
    case 'invalid_output':
      // The next attempt would most likely give the same; the tool has done its work, and must not do it twice.
      return {
        error: {
          code: 'output_invalid',
          message: `its output does not fit its outputSchema: ${end.message}`,
        },
        isFinal: true,
      };
    case 'threw':
      return {
        error: described(end.file ? 'not_loaded' : 'job_failed', end.error),
        isFinal: end.error.final === true || end.file === true,
      };
  }
}

function described(code: string, { message, stack }: Thrown) {
  return { code, message, ...(stack === undefined ? {} : { stack }) };
}

/** Every rule must let it pass. `custom` guards are asked where the job's code is. Error: PermissionError. */
export function checkGrants(
  { name, permissions }: Pick<LoadedJob, 'name' | 'permissions'>,
  { roles, scopes }: Pick<AuthInfo, 'roles' | 'scopes'>,
): void {
  for (const rule of permissions) {
    if (rule.action !== 'execute') continue;
    for (const [what, wanted, has] of [
      ['role', rule.roles, roles],
      ['scope', rule.scopes, scopes],
    ] as const)
      if (wanted !== undefined && wanted.length > 0 && !wanted.some((one) => has.includes(one)))
        throw new PermissionError(`${name} is not permitted: it needs the ${what} ${wanted.join(' or ')}`, {
          hint: `give it to the instance: mcp2cli instances set NAME ${what}s ${wanted[0]}; or for one command: MCP2CLI_${what.toUpperCase()}S=${wanted[0]}`,
        });
  }
}

/** A run's end as a tool's result (CallToolResult). */
export function resultOf(end: RunEnd): ServedResult {
  const attempts = end.attempt > 1 ? { attempt: end.attempt } : {};
  if (end.kind === 'failed') {
    const { code, message } = end.error;
    return {
      content: [{ type: 'text', text: message }],
      isError: true,
      _meta: { [RUN_META_KEY]: { ...attempts, error: { code, message } } },
    };
  }
  const { output } = end;
  return {
    content: [{ type: 'text', text: typeof output === 'string' ? output : JSON.stringify(output) }],
    ...(isObject(output) ? { structuredContent: output } : {}),
    ...(end.attempt > 1 ? { _meta: { [RUN_META_KEY]: attempts } } : {}),
  };
}
