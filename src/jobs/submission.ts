/** What a submission comes to, and putting it on record. */
import { RpcError } from '../errors.ts';
import type { Stop } from '../lib/stop.ts';
import { CancelRequested } from './cancel-requests.ts';
import type { JobDeps, JobEvents } from './deps.ts';
import { endOfResult } from './job-end.ts';
import type { Submission } from './ports.ts';
import type { JobEnd, JobRecord, NewJobMetadata, WorkflowPlan } from './record.ts';
import { recordAcceptance, recordEnd } from './recorder.ts';
import type { RetryPolicy } from './retry.ts';

export interface SubmitOptions {
  instance: string;
  /** Arguments as they may be stored: secrets redacted. */
  storedArguments: Record<string, unknown>;
  metadata?: NewJobMetadata | undefined;
  /** Of a workflow of job files: what its run goes by. */
  plan?: WorkflowPlan | undefined;
  ttlMs?: number | undefined;
  stop: Stop;
  events: JobEvents;
  /** This process stays with the job to its end, so that even tasks of its own child processes are safe with it. */
  holds?: boolean | undefined;
  /** How a run in this process is carried out. */
  local?: LocalRun | undefined;
  /** The job of a workflow of the server that is resumed; without it a new one is made. */
  resumes?: string | undefined;
  /** The record is on disk; nothing was sent yet. */
  onCreated?: ((job: JobRecord) => void) | undefined;
}

/** What a run in this process promises beside the call itself. */
export interface LocalRun {
  /** Without it the call is made once. With more than one attempt the call runs here even where the server has tasks. */
  retry?: RetryPolicy | undefined;
  /** The attempt that is begun already, on record too, where a worker has claimed it. `next` begins a later one; false: the job is another's now. */
  claimed?: { attempt: number; next(attempt: number): Promise<boolean> } | undefined;
  /** How long one attempt may take, in milliseconds. */
  attemptTimeoutMs?: number | undefined;
  /** What is wrong with a result by the tool's outputSchema, or why that was not checked; aborting ends the check. */
  checkResult?:
    | ((result: unknown, signal: AbortSignal) => Promise<{ problem?: string; unchecked?: string }>)
    | undefined;
}

export interface Submitted {
  job: JobRecord;
  /** The job ran to its end in this process: the server, the tool or the connection has no tasks that outlive it. */
  synchronous: boolean;
  /** What went wrong with the submission itself, where something did; the record says the same. */
  error?: Error;
}

export type TaskSubmission = Extract<Submission, { kind: 'task' }>;

/** Records what the server made of the call. */
export async function recordSubmission(
  deps: JobDeps,
  job: JobRecord,
  submission: Submission,
  { holds }: Pick<SubmitOptions, 'holds'>,
): Promise<Submitted> {
  if (submission.kind === 'result')
    return {
      job: await recordEnd(deps, job, endOfResult(submission.result, deps.clock)),
      synchronous: true,
    };
  await recordAcceptance(deps, job.job_id, submission.fact, holds);
  return { job: await deps.store.read(job.job_id), synchronous: false };
}

/** Records how a call ended that was not answered. */
export async function recordFailedCall(
  deps: JobDeps,
  job: JobRecord,
  error: unknown,
  end: JobEnd,
  line?: string,
): Promise<Submitted> {
  // A protocol error and a requested cancellation are outcomes of the work; anything else is also this command's failure.
  const outcome = error instanceof RpcError || error instanceof CancelRequested;
  return {
    job: await recordEnd(deps, job, end, line),
    synchronous: false,
    ...(outcome ? {} : { error: error as Error }),
  };
}
