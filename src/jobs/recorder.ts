import { IoError, UsageError } from '../errors.ts';
import type { JobDeps } from './deps.ts';
import type { JobEnd, JobRecord, TaskFact } from './record.ts';

/** The work has ended, and its end is in hand, but the disk refuses to take it. `job` is the record as it would be. */
export class UnrecordedEndError extends IoError {
  readonly job: JobRecord;
  readonly end: JobEnd;

  constructor(job: JobRecord, end: JobEnd, cause: IoError) {
    super(`${job.job_id} is ${end.status}, which could not be recorded: ${cause.message}`, {
      cause,
      hint: cause.hint,
      details: { ...cause.details, job_id: job.job_id },
    });
    this.job = job;
    this.end = end;
  }
}

/** The server has taken a call, but the disk refuses to take its handle. */
export class UnrecordedTaskError extends IoError {
  readonly jobId: string;
  readonly fact: TaskFact;

  constructor(jobId: string, fact: TaskFact, cause: IoError) {
    super(
      `the server runs ${jobId} as task ${fact.remote_task_id}, which could not be recorded: ${cause.message}`,
      {
        cause,
        hint: cause.hint,
        details: { ...cause.details, job_id: jobId, remote_task_id: fact.remote_task_id },
      },
    );
    this.jobId = jobId;
    this.fact = fact;
  }
}

/**
 * Records how a job ended, and returns the record as it then stands: if somebody else was first, theirs counts. Error: UnrecordedEndError,
 * so that a result that was received is not lost with the error. A record that was removed meanwhile had ended: this end is told all the same.
 */
export function recordEnd(deps: Pick<JobDeps, 'store'>, job: JobRecord, end: JobEnd): JobRecord {
  try {
    return deps.store.finish(job.job_id, end);
  } catch (error) {
    if (error instanceof UsageError && error.code === 'unknown_job') return endedRecord(job, end);
    if (!(error instanceof IoError)) throw error;
    throw new UnrecordedEndError(endedRecord(job, end), end, error);
  }
}

function endedRecord(job: JobRecord, end: JobEnd): JobRecord {
  const { pending_input: _, ...rest } = job;
  return {
    ...rest,
    status: end.status,
    ...(end.result === undefined ? {} : { result: end.result }),
    error: end.error,
    remote: end.remote ?? job.remote,
    progress: end.progress ?? job.progress,
    updated_at: end.finished_at,
    observed_at: end.finished_at,
    finished_at: end.finished_at,
    holder: null,
  };
}

/**
 * For a job's promise: a job whose end could not be recorded is an outcome all the same, to be printed before `kept` is told. A result that
 * was received is not lost with a full disk.
 */
export function jobInHand(kept: UnrecordedEndError[]): (error: unknown) => JobRecord {
  return (error) => {
    if (!(error instanceof UnrecordedEndError)) throw error;
    kept.push(error);
    return error.job;
  };
}
