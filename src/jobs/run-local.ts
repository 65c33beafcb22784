import { CliError, IoError, RpcError, TimeoutError, UnreachableError } from '../errors.ts';
import { stopAfter } from '../lib/stop.ts';
import { stopOnCancel } from './cancel-requests.ts';
import type { JobDeps } from './deps.ts';
import { followTask } from './follow/follow-task.ts';
import { canceled, endOfFailure, endOfResult } from './job-end.ts';
import type { ServerLink, ToolCall } from './ports.ts';
import { endedHere, withAnswers } from './questions/attend.ts';
import type { JobEnd, JobRecord } from './record.ts';
import { JobRecorder, recordEnd } from './recorder.ts';
import { mayRetry, NO_RETRY, retryDelay } from './retry.ts';
import {
  type LocalRun,
  recordFailedCall,
  recordSubmission,
  type SubmitOptions,
  type Submitted,
  type TaskSubmission,
} from './submission.ts';

/** JSON-RPC's "invalid params": the next attempt would be refused like this one. */
const INVALID_PARAMS = -32602;

/** How one attempt went: the job has its place (`settled`), or it came to an end that may be put on record, or tried again. */
type Attempt =
  | { kind: 'settled'; submitted: Submitted }
  | { kind: 'ended'; end: JobEnd; error?: unknown; mayRetry: boolean };

/** Another process goes on with the job: nothing more is sent, or written, here. */
export class TakenOver extends Error {
  constructor() {
    super('another worker goes on with it');
  }
}

interface Run {
  deps: JobDeps;
  link: ServerLink;
  call: ToolCall;
  job: JobRecord;
  options: SubmitOptions;
  recorder: JobRecorder;
}

/**
 * The call runs in this process, in a job that other processes can see, wait for and cancel; with retries where they were asked for. The record
 * has the number of the attempt, its log what became of each.
 */
export async function runLocally(
  deps: JobDeps,
  link: ServerLink,
  call: ToolCall,
  job: JobRecord,
  options: SubmitOptions,
): Promise<Submitted> {
  const { stop, events } = options;
  const recorder = new JobRecorder(deps, job, events);
  const watching = new AbortController();
  stopOnCancel(deps, job.job_id, watching.signal, stop, () => recorder.tick());
  const retry = options.local?.retry ?? NO_RETRY;
  const log = (text: string) => deps.store.log(job.job_id, text);
  const { claimed } = options.local ?? {};
  try {
    for (let number = claimed?.attempt ?? 1; ; number++) {
      if (!claimed) {
        recorder.now({ status: 'running', attempt: number });
        await log(`attempt ${number} of ${retry.attempts}`);
      } else if (number > claimed.attempt && !(await claimed.next(number))) throw new TakenOver();
      const attempt = await tryOnce({ deps, link, call, job, options, recorder });
      if (attempt.kind === 'settled') return attempt.submitted;
      const { end, error, mayRetry } = attempt;
      const line = `attempt ${number}: ${end.status}${end.error ? `: ${end.error.message}` : ''}`;
      if (number >= retry.attempts || !mayRetry || stop.signal.aborted)
        return await ended(deps, job, recorder.withLast(end), error, line);
      await log(line);
      const delay = retryDelay(retry, number);
      events.onNote?.(`attempt ${number} failed: ${end.error?.message}; the next one in ${delay / 1000} s`);
      await deps.clock.sleep(delay, stop.signal).catch(() => {});
      const { aborted, reason } = stop.signal;
      if (aborted) return await ended(deps, job, endedByUs(reason, deps), reason);
    }
  } finally {
    watching.abort(new Error('done'));
  }
}

async function ended(
  deps: JobDeps,
  job: JobRecord,
  end: JobEnd,
  error: unknown,
  line?: string,
): Promise<Submitted> {
  if (error === undefined) return { job: await recordEnd(deps, job, end, line), synchronous: true };
  return { ...(await recordFailedCall(deps, job, error, end, line)), synchronous: true };
}

async function tryOnce({ deps, link, call, job, options, recorder }: Run): Promise<Attempt> {
  const { local = {}, events } = options;
  const note = async (text: string) => {
    await deps.store.log(job.job_id, text);
    events.onNote?.(text);
  };
  const { attemptTimeoutMs: limit } = local;
  const mode = link.taskMode(call);
  const late = `the call did not end within ${(limit ?? 0) / 1000} s, and was cancelled`;
  using attempt = stopAfter(deps.clock, options.stop.signal, limit, late);
  // A question that nobody answers ends the run, not only the attempt.
  const stop = { ...attempt, abort: options.stop.abort };
  try {
    // A server over HTTP may still make a task of it: the offer costs nothing and the reply's shape decides. Over stdio a task dies
    // with this process, so only a tool that insists gets one, and it is driven to its end here. What is tried again is a plain call.
    const asTask = !mayRetry(local.retry) && (mode.holdable || mode.tasks === 'required');
    const submission = await withAnswers(
      deps,
      link,
      {
        stop,
        onProgress: (p) => recorder.progress(p),
        onAnswered: events.onAnswered,
        onOpen: (open) => {
          recorder.now({ pending_input: open, status: open.length > 0 ? 'input_required' : 'running' });
          return recorder.written();
        },
      },
      () =>
        asTask
          ? link.submit(call, { signal: stop.signal, ttlMs: options.ttlMs })
          : link.call(call, { signal: stop.signal }),
    );
    if (submission.kind === 'result') return await judged(submission.result, deps, local, stop.signal, note);
    if (mode.holdable || options.holds)
      return { kind: 'settled', submitted: await recordSubmission(deps, job, submission, options) };
    const driven = await driveHere(deps, link, job, submission, { ...options, stop });
    return { kind: 'settled', submitted: { job: driven, synchronous: true } };
  } catch (error) {
    if (error instanceof IoError) throw error;
    const end = endedHere(error) ? endedByUs(error, deps) : endOfFailure(error, deps.clock);
    return { kind: 'ended', end, error, mayRetry: passes(error) };
  }
}

/** A result is the end, unless the tool itself reports an error, which may pass. What breaks the tool's own outputSchema does not pass. */
async function judged(
  result: unknown,
  deps: JobDeps,
  { checkResult }: LocalRun,
  signal: AbortSignal,
  note: (text: string) => Promise<void>,
): Promise<Attempt> {
  const end = endOfResult(result, deps.clock);
  const { problem, unchecked } =
    (end.status === 'completed' ? await checkResult?.(result, signal) : undefined) ?? {};
  if (unchecked !== undefined) await note(`the result was not checked: ${unchecked}`);
  if (problem === undefined) return { kind: 'ended', end, mayRetry: end.status === 'failed' };
  const message = `the result breaks the tool's outputSchema: ${problem}`;
  const error = { code: 'invalid_output', message };
  return { kind: 'ended', end: { ...end, status: 'failed', error }, mayRetry: false };
}

/** Whether another attempt might go better: not when the server refuses the arguments, or nobody wants it any more. */
function passes(error: unknown): boolean {
  if (error instanceof RpcError) return error.rpcCode !== INVALID_PARAMS;
  return error instanceof UnreachableError || error instanceof TimeoutError;
}

/** A task that dies with this process: the record stays a local one, since no other process could reach the task. */
async function driveHere(
  deps: JobDeps,
  link: ServerLink,
  job: JobRecord,
  submission: TaskSubmission,
  { stop, events }: SubmitOptions,
): Promise<JobRecord> {
  const { fact } = submission;
  try {
    return await followTask(
      deps,
      { ...job, backend: fact.backend, remote_task_id: fact.remote_task_id, remote: fact.remote },
      { stop, events, link },
    );
  } catch (error) {
    await link
      .backend(fact.backend)
      .cancel(fact.remote_task_id, { timeoutMs: 2_000 })
      .catch(() => {});
    throw error;
  }
}

/** A call that this process gave up: the server was told, and MCP has no confirmation for that. */
function endedByUs(error: unknown, deps: JobDeps): JobEnd {
  if (error instanceof CliError) return endOfFailure(error, deps.clock);
  return canceled((error as Error).message, deps.clock);
}
