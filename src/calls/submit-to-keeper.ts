import { SignalReason } from '../context.ts';
import { TimeoutError, UnfinishedError } from '../errors.ts';
import type { JobDeps, JobEvents } from '../jobs/deps.ts';
import { waitForOwner } from '../jobs/follow/follow-record.ts';
import type { KeeperJobs } from '../jobs/ports.ts';
import type { JobRecord, WorkflowPlan } from '../jobs/record.ts';
import type { Submitted } from '../jobs/submission.ts';
import { cancelSoon, waitForJob } from '../jobs/wait.ts';
import { type Stop, stopAfter } from '../lib/stop.ts';
import { type PreparedCall, toolCall } from './call.ts';
import type { CallOptions } from './options.ts';
import type { Plan } from './plan.ts';

/** Hands the call to the keeper. Without tasks, and without the wish to be off at once, this process stays until the end. */
export async function submitToKeeper(
  deps: JobDeps,
  keeper: KeeperJobs,
  call: PreparedCall,
  { ttlMs, elicit, runOptions }: CallOptions,
  { mode, detach }: Plan,
  { stop, events, hosted }: { stop: Stop; events: JobEvents; hosted: WorkflowPlan | undefined },
): Promise<Submitted> {
  const stays = mode.tasks === 'none' && !detach;
  let id: string | undefined;
  let onRecord = () => {};
  const recorded = new Promise<void>((resolve) => {
    onRecord = resolve;
  });
  const submission = keeper.submit(toolCall(call), {
    storedArguments: call.storedArguments,
    metadata: call.metadata,
    plan: hosted,
    ttlMs,
    detach: detach || stays,
    elicit,
    runOptions,
    signal: stop.signal,
    onCreated: (jobId) => {
      id = jobId;
      onRecord();
    },
  });
  try {
    const asked = recorded.then(() => untilAsked(deps, id ?? '', submission, stop));
    const reply = await (detach || stays ? submission : Promise.race([submission, asked]));
    const job = await deps.store.read(reply?.jobId ?? id ?? '');
    // It goes on in the keeper, and the question waits on record.
    if (reply === undefined) return { job, synchronous: false };
    const { synchronous, error } = reply;
    if (error || !stays) return { job, synchronous, ...(error ? { error } : {}) };
    return { ...(await untilEnd(deps, job, stop, events)), synchronous: true };
  } catch (error) {
    // There is a job, whatever became of it: nobody must think that nothing was done.
    if (id === undefined) throw error;
    return { job: await deps.store.read(id), synchronous: false, error: error as Error };
  }
}

/**
 * Stays beside a submission: a server may ask before it takes the call. What can be answered here is. Resolves with undefined when nobody here
 * answers, and otherwise as the submission does.
 */
async function untilAsked<T>(
  deps: JobDeps,
  id: string,
  submission: Promise<T>,
  stop: Stop,
): Promise<T | undefined> {
  using over = stopAfter(deps.clock, stop.signal, undefined, '');
  submission.finally(() => over.abort(new Error('taken'))).catch(() => {});
  try {
    await waitForOwner(deps, await deps.store.read(id), over, {});
  } catch (error) {
    if (error instanceof UnfinishedError) return undefined;
  }
  return submission;
}

/** In the synchronous form an interruption is a cancellation, as in the foreground. */
async function untilEnd(
  deps: JobDeps,
  job: JobRecord,
  stop: Stop,
  events: JobEvents,
): Promise<{ job: JobRecord; error?: Error }> {
  try {
    return { job: await waitForJob(deps, job.job_id, stop, events) };
  } catch (error) {
    if (!(error instanceof SignalReason || error instanceof TimeoutError)) throw error;
    const ended = await cancelSoon(deps, job.job_id).catch(() => job);
    return { job: ended, error };
  }
}
