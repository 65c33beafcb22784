import { CliError, IoError, UnfinishedError } from '../errors.ts';
import { type Stop, stopAfter } from '../lib/stop.ts';
import type { JobDeps } from './deps.ts';
import { isTerminal, type JobRecord } from './record.ts';
import { recordEnd } from './recorder.ts';
import { showJob } from './wait.ts';

/** How long the server gets to tell about a job before it is given up, in milliseconds. */
const ASK_MS = 5_000;

export interface ForgetOptions {
  /** Who gives it up: `ann@host`. */
  by: string;
  /** The server is not asked. */
  force: boolean;
  stop: Stop;
}

/**
 * Gives a job up of which nothing can be learned any more: it is `lost` from then on, and the record says by whom and why. The server is asked
 * once more before: an end that it tells counts. Errors: UnfinishedError when it still runs the job, IoError, the stop's reason.
 */
export async function forgetJob(
  deps: JobDeps,
  id: string,
  { by, force, stop }: ForgetOptions,
): Promise<JobRecord> {
  const job = await deps.store.read(id);
  if (isTerminal(job.status)) return job;
  let why = 'the server was not asked (--force)';
  if (!force) {
    const seen = await lastLook(deps, id, stop);
    if (typeof seen !== 'string') return seen;
    why = seen;
  }
  const message = `given up by ${by}: ${why}; last seen ${job.status} at ${job.observed_at}`;
  const at = deps.clock.now().toISOString();
  return recordEnd(deps, job, {
    status: 'lost',
    error: { code: 'forgotten', message, by, last_status: job.status, last_seen_at: job.observed_at },
    finished_at: at,
  });
}

/** The job's end, where the server tells it, or why nothing can be learned. */
async function lastLook(deps: JobDeps, id: string, stop: Stop): Promise<JobRecord | string> {
  using soon = stopAfter(deps.clock, stop.signal, ASK_MS, `no answer within ${ASK_MS / 1000} s`);
  let job: JobRecord;
  try {
    job = await showJob(deps, id, soon);
  } catch (error) {
    stop.signal.throwIfAborted();
    if (!(error instanceof CliError) || error instanceof IoError) throw error;
    return error.message;
  }
  if (isTerminal(job.status)) return job;
  throw new UnfinishedError('still_running', `${id} is ${job.status} at the server, which still knows it`);
}
