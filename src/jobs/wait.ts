import {
  KeeperAbsentError,
  RpcError,
  SessionGoneError,
  TaskUnknownError,
  UnreachableError,
  UnsupportedError,
} from '../errors.ts';
import { type Stop, stopAfter } from '../lib/stop.ts';
import type { JobDeps, JobEvents } from './deps.ts';
import { dialectOf } from './dialects.ts';
import { changesOf } from './follow/changes.ts';
import { fetchEnd } from './follow/fetch-result.ts';
import { LOCAL_LOOK_MS, waitForOwner } from './follow/follow-record.ts';
import { followTask } from './follow/follow-task.ts';
import { backoffDelay } from './follow/polling.ts';
import { endOfSnapshot, lost } from './job-end.ts';
import type { ServerLink, Snapshot } from './ports.ts';
import { isTerminal, type JobEnd, type JobRecord } from './record.ts';
import { observationOf, recordEnd } from './recorder.ts';

/** How long one request of `show` and `cancel` may take, in milliseconds. */
const REQUEST_TIMEOUT_MS = 30_000;

/** The longest pause before the one repetition of `show` and `cancel`, in milliseconds. */
const MAX_PATIENCE_MS = 2_000;

/** How long `cancel` waits for the process that holds a local job to end it, in milliseconds. */
const LOCAL_CANCEL_MS = 5_000;

/** How long the server may take to hear of a cancellation when the person does not want to wait, in milliseconds. */
const CANCEL_GRACE_MS = 3_000;

/** Whether a job has a remote task that can be asked about. */
function hasRemoteTask(job: JobRecord): boolean {
  return job.remote_task_id !== null && job.backend !== 'local';
}

/** Whether the task ends with a worker, whose child the server is: nobody else can ask about it. */
function isWorkersOwn({ holder }: JobRecord): boolean {
  return holder?.worker !== undefined;
}

/**
 * The job's current state: one `tasks/get` for a live remote task that can be asked about from here, otherwise what is stored. An end that is seen is
 * recorded, result included.
 * Errors: UnreachableError, AuthError and the store's own.
 */
export async function showJob(deps: JobDeps, id: string, stop: Stop): Promise<JobRecord> {
  const job = await deps.store.read(id);
  if (isTerminal(job.status) || !hasRemoteTask(job) || isWorkersOwn(job)) return job;
  return withLink(deps, job, stop, async (link) => {
    const seen = await stateNow(deps, job, link, stop.signal);
    return 'finished_at' in seen ? recordEnd(deps, job, seen) : observed(deps, job, seen);
  }).catch((error: unknown) => {
    // Its keeper, on another machine, puts on record what it learns.
    if (error instanceof KeeperAbsentError) return deps.store.read(id);
    throw error;
  });
}

/** Whether the server can be asked about a job in passing: it has the task, and need not be started for that. */
export function canBeAsked(job: JobRecord): boolean {
  if (isTerminal(job.status) || !hasRemoteTask(job)) return false;
  return job.session?.transport !== 'stdio' || job.holder?.keeper != null;
}

/**
 * Asks about a job in passing, for a list: once, and whatever goes wrong leaves the job as it was. That a task is not known to the server
 * any more is for those to record who ask about that job. Resolves with whether the state was learned. Errors: as showJob.
 */
export async function lookAtJob(deps: JobDeps, job: JobRecord, signal: AbortSignal): Promise<boolean> {
  const link = await deps.links.reopen(job, signal);
  try {
    const seen = await stateNow(deps, job, link, signal);
    if (!('finished_at' in seen)) await observed(deps, job, seen);
    else if (seen.status === 'lost') return false;
    else await recordEnd(deps, job, seen);
    return true;
  } finally {
    await link.close({ keepSession: true }).catch(() => {});
  }
}

/** One `tasks/get`, and the end of a task that has ended. */
async function stateNow(
  deps: JobDeps,
  job: JobRecord,
  link: ServerLink,
  signal: AbortSignal,
): Promise<Snapshot | JobEnd> {
  const backend = link.backend(job.backend ?? 'tasks-2025-11-25');
  const taskId = job.remote_task_id ?? '';
  const state = await backend.poll(taskId, { signal, timeoutMs: REQUEST_TIMEOUT_MS });
  return isTerminal(state.status) ? fetchEnd(backend, taskId, state, deps, signal) : state;
}

/**
 * Stays until the job is terminal, wherever it runs, and returns the record as it then stands. Errors: the stop's reason (TimeoutError, a
 * signal), UnfinishedError for a question that nobody here can answer, UnreachableError after the failure budget. The job goes on.
 */
export async function waitForJob(
  deps: JobDeps,
  id: string,
  stop: Stop,
  events: JobEvents,
): Promise<JobRecord> {
  const stored = await deps.store.read(id);
  events.onChange?.(stored);
  const job = await waitForOwner(deps, stored, stop, events);
  if (isTerminal(job.status)) return job;
  return followTask(deps, job, { stop, events });
}

/**
 * Asks for cancellation and returns what became of it: the job may be canceled, have ended otherwise before, or still run (the server only
 * acknowledged). Errors: UnsupportedError where the server has no cancel, UnreachableError, AuthError.
 */
export async function cancelJob(deps: JobDeps, id: string, stop: Stop): Promise<JobRecord> {
  const job = await deps.store.read(id);
  if (isTerminal(job.status)) return job;
  if (!dialectOf(job.backend).cancels)
    throw new UnsupportedError('the server has no cancel for its jobs', {
      hint: 'the run goes on at the server: wait for it, or stop it by the means of the server itself (restarting it ends its runs)',
    });
  const byRecord = async () => {
    await deps.store.requestCancel(id);
    return cancelHeldElsewhere(deps, id, stop);
  };
  if (!hasRemoteTask(job) || isWorkersOwn(job)) return byRecord();
  return withLink(deps, job, stop, async (link) => {
    if (!link.taskMode({ name: job.capability }).cancel)
      throw new UnsupportedError('the server has no cancel for tasks', {
        hint: 'the job goes on; wait for it, or stop it by the means of the server itself',
      });
    await deps.store.requestCancel(id);
    const backend = link.backend(job.backend ?? 'tasks-2025-11-25');
    const taskId = job.remote_task_id ?? '';
    const state = await backend.cancel(taskId, { signal: stop.signal, timeoutMs: REQUEST_TIMEOUT_MS });
    if (!isTerminal(state.status)) return observed(deps, job, state);
    if (state.status === 'canceled') return recordEnd(deps, job, endOfSnapshot(state, deps.clock));
    return recordEnd(deps, job, await fetchEnd(backend, taskId, state, deps, stop.signal));
  }).catch((error: unknown) => {
    // Its keeper, on another machine, hears of it by the store.
    if (error instanceof KeeperAbsentError && deps.store.answers) return byRecord();
    throw error;
  });
}

/** Cancels a job for somebody who will not stay for it. Errors: those of cancelJob, and TimeoutError when it is not confirmed soon. */
export async function cancelSoon(deps: JobDeps, id: string): Promise<JobRecord> {
  using grace = stopAfter(
    deps.clock,
    undefined,
    CANCEL_GRACE_MS,
    'the cancellation was not confirmed in time',
  );
  return await cancelJob(deps, id, grace);
}

async function cancelHeldElsewhere(deps: JobDeps, id: string, stop: Stop): Promise<JobRecord> {
  const until = deps.clock.monotonic() + LOCAL_CANCEL_MS;
  let job = await deps.store.read(id);
  const change = changesOf(deps, id, LOCAL_LOOK_MS);
  while (!isTerminal(job.status) && deps.clock.monotonic() < until) {
    await change(stop.signal);
    job = await deps.store.read(id);
  }
  return job;
}

/** Opens the way to the job's task, and turns the news that there is none any more into the job's end. */
async function withLink(
  deps: JobDeps,
  job: JobRecord,
  stop: Stop,
  work: (link: ServerLink) => Promise<JobRecord>,
): Promise<JobRecord> {
  const link = await deps.links.reopen(job, stop.signal);
  try {
    return await retryOnce(deps, stop, () => work(link));
  } catch (error) {
    const gone = error instanceof SessionGoneError && !dialectOf(job.backend).outlivesSession;
    if (error instanceof TaskUnknownError || gone)
      return await recordEnd(deps, job, lost(error.code, error.message, deps.clock));
    if (error instanceof RpcError || error instanceof SessionGoneError)
      throw new UnreachableError(`the server could not tell about the task: ${error.message}`, {
        cause: error,
      });
    throw error;
  } finally {
    await link.close({ keepSession: true }).catch(() => {});
  }
}

/** Reads and cancels are safe to repeat; one repetition covers a connection that broke in passing. */
async function retryOnce<T>(deps: JobDeps, stop: Stop, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UnreachableError) || stop.signal.aborted) throw error;
    // Whoever asks for the state now does not want to wait for long.
    if ((error.retryAfterMs ?? 0) > MAX_PATIENCE_MS) throw error;
    await deps.clock.sleep(backoffDelay(1, error.retryAfterMs, deps.random()), stop.signal);
    return work();
  }
}

async function observed(deps: JobDeps, job: JobRecord, state: Snapshot): Promise<JobRecord> {
  const seen = {
    ...observationOf(state),
    ...(state.questions === undefined ? {} : { pending_input: state.questions }),
  };
  try {
    await deps.store.observe(job.job_id, seen);
  } catch {
    // Showing works on a disk that cannot be written; what was seen is in the answer.
  }
  return { ...(await deps.store.read(job.job_id)), ...seen, observed_at: deps.clock.now().toISOString() };
}
