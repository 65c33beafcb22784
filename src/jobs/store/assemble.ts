/** What the facts of a job mean together. No I/O. */

import type { HolderFacts } from '../../lib/disk/holder-facts.ts';
import {
  isTerminal,
  type JobError,
  type JobRecord,
  type JobStatus,
  metadataOf,
  type NewJob,
  SCHEMA_VERSION,
  statusFromRemote,
} from '../record.ts';
import type { JobFacts, StoredJob } from './job-files.ts';

/** A job that nobody need hold. */
export type Unheld<T extends NewJob> = Omit<T, 'holder'> & { holder: HolderFacts | null };

/** What a creator leaves before anything is sent. */
export function createdRecord(id: string, job: Unheld<NewJob>, now: Date): StoredJob {
  const at = now.toISOString();
  return {
    schema_version: SCHEMA_VERSION,
    job_id: id,
    instance: job.instance,
    capability: job.capability,
    arguments: job.arguments,
    status: 'queued',
    backend: job.backend,
    remote_task_id: null,
    remote: null,
    session: job.session,
    progress: null,
    attempt: 1,
    error: null,
    created_at: at,
    updated_at: at,
    finished_at: null,
    cancel_requested_at: null,
    holder: job.holder,
    ...metadataOf(job.metadata ?? {}),
  };
}

/**
 * The one record that a reader gets, without the result: an end beats everything, an observation beats what the server said when it
 * accepted the task, and the acceptance beats the creation.
 */
export function assemble({ job, task, cancel, end }: JobFacts): JobRecord {
  const session = task?.session ?? job.session ?? null;
  const updated = [job.updated_at, task?.accepted_at, cancel?.requested_at, end?.finished_at];
  return {
    schema_version: SCHEMA_VERSION,
    job_id: job.job_id,
    instance: job.instance,
    capability: job.capability,
    arguments: job.arguments,
    status: end?.status ?? liveStatus({ job, task }),
    backend: task?.backend ?? job.backend ?? null,
    remote_task_id: task?.remote_task_id ?? job.remote_task_id ?? null,
    remote: end?.remote ?? job.remote ?? task?.remote ?? null,
    session,
    progress: end?.progress ?? job.progress ?? null,
    attempt: end?.attempt ?? job.attempt ?? 1,
    error: end?.error ?? null,
    created_at: job.created_at,
    updated_at: updated.reduce<string>((a, b) => (b != null && b > a ? b : a), job.created_at),
    observed_at: end?.finished_at ?? job.status_observed_at ?? task?.accepted_at ?? job.created_at,
    finished_at: end?.finished_at ?? null,
    cancel_requested_at: cancel?.requested_at ?? job.cancel_requested_at ?? null,
    poll_interval_ms: job.poll_interval_ms ?? task?.poll_interval_ms ?? null,
    // A question of a job that has ended has nobody left to hear the answer.
    ...(end === undefined && job.pending_input ? { pending_input: job.pending_input } : {}),
    ...(end === undefined && job.trouble ? { trouble: job.trouble } : {}),
    holder: end === undefined ? holderOf({ job, task }) : null,
    ...metadataOf(job),
    ...(job.resumed ? { resumed: job.resumed } : {}),
  };
}

/** The record of a workflow that has ended, open again: its `resumed`-th round. */
export function reopened(ended: StoredJob, resumed: number, holder: HolderFacts, now: Date): StoredJob {
  const at = now.toISOString();
  const { pending_input: _, trouble: __, status_observed_at: ___, ...rest } = ended;
  // Of the end that it had nothing may look like one of the new round.
  for (const field of ['result', 'result_file']) Reflect.deleteProperty(rest, field);
  return {
    ...rest,
    status: 'queued',
    backend: 'local',
    remote_task_id: null,
    remote: null,
    error: null,
    updated_at: at,
    finished_at: null,
    cancel_requested_at: null,
    holder,
    resumed,
  };
}

function liveStatus({ job, task }: Pick<JobFacts, 'job' | 'task'>): JobStatus {
  if (job.status !== 'queued' || job.status_observed_at !== undefined || !task) return job.status;
  // Accepted and not looked at since. An end that was told with the acceptance counts once it is recorded, with its result.
  const told = statusFromRemote(task.remote?.['status']);
  return isTerminal(told) ? 'running' : told;
}

/** The process whose life is the job's: its creator until the server has the task, afterwards the one that the task dies with, if any. */
function holderOf({ job, task }: Pick<JobFacts, 'job' | 'task'>): HolderFacts | null {
  if (task) return task.holder ?? null;
  return job.remote_task_id == null ? (job.holder ?? null) : null;
}

/** Whether the job ends with the process that holds it. */
export function needsHolder(job: JobRecord): boolean {
  return !isTerminal(job.status) && job.holder != null;
}

/**
 * What facts say once the holder was looked for. `again` reads them anew: a holder that is gone may have recorded an end, or a task, just
 * before it went, and only what is not there now will never be.
 */
export function settled(
  facts: JobFacts,
  isAlive: (holder: HolderFacts) => boolean,
  again: () => JobFacts,
): { record: JobRecord; end: JobFacts['end'] } {
  const record = assemble(facts);
  if (!needsHolder(record) || isAlive(record.holder as HolderFacts)) return { record, end: facts.end };
  const last = again();
  const then = assemble(last);
  return { record: needsHolder(then) ? orphaned(then) : then, end: last.end };
}

/** The record of a job whose holder is gone: the outcome can no longer be learned, and nothing is made up. */
function orphaned(job: JobRecord): JobRecord {
  const { pending_input: _, ...rest } = job;
  return { ...rest, status: 'lost', error: orphanedBecause(job) };
}

function orphanedBecause(job: JobRecord): JobError {
  if (job.holder?.keeper) return job.backend === null ? KEEPER_GONE_EARLY : KEEPER_GONE;
  return job.backend === 'local' ? HOLDER_GONE : SUBMISSION_UNKNOWN;
}

const HOLDER_GONE: JobError = {
  code: 'holder_gone',
  message: 'the process that ran it is gone; its outcome is unknown',
};
const KEEPER_GONE: JobError = {
  code: 'keeper_gone',
  message: 'the keeper that ran it is gone (killed, or the machine was restarted); its outcome is unknown',
};
const KEEPER_GONE_EARLY: JobError = {
  code: 'submission_unknown',
  message: 'the keeper that submitted it ended before the answer was recorded; its outcome is unknown',
};
const SUBMISSION_UNKNOWN: JobError = {
  code: 'submission_unknown',
  message:
    'the process that submitted it ended before the answer was recorded; the server may or may not be running it',
};
