/** Runs a job that a worker has claimed, with what runs jobs anywhere: only the record is there already, and its attempt has begun. */
import type { QueuedCall } from '../calls/queued-call.ts';
import { CliError, UnreachableError } from '../errors.ts';
import type { InstanceScope } from '../instance/scope.ts';
import type { Claim } from '../jobs/call-queue.ts';
import type { JobDeps, JobEvents } from '../jobs/deps.ts';
import { followHeldTask } from '../jobs/follow/held-task.ts';
import { backoffDelay, patienceDelay } from '../jobs/follow/polling.ts';
import { untilRecorded } from '../jobs/follow/until-recorded.ts';
import { endOfFailure } from '../jobs/job-end.ts';
import { isTerminal, type JobRecord } from '../jobs/record.ts';
import { recordEnd } from '../jobs/recorder.ts';
import { sendCall } from '../jobs/submit.ts';
import { localRun } from '../keeper/run-options.ts';
import type { ConnectionPool, Lease } from '../keeper/server/connection-pool.ts';
import type { Stop } from '../lib/stop.ts';
import { namesOfJob } from '../permissions/known-names.ts';
import { permitAll } from '../permissions/permit.ts';

export interface ClaimedJob {
  scope: InstanceScope;
  deps: JobDeps;
  connections: ConnectionPool;
  job: JobRecord;
  claim: Claim;
  /** The call; rejects where it cannot be read. */
  call: () => Promise<QueuedCall>;
  /** Begins a later attempt; false: the job is another's now. */
  next: (attempt: number) => Promise<boolean>;
  stop: Stop;
  events: JobEvents;
  log: (text: string) => void;
}

/** Runs it to its end, which is on record when this resolves. Errors: TakenOver, the stop's reason. */
export async function runClaimed(claimed: ClaimedJob): Promise<JobRecord> {
  const { deps, job, claim, stop, log } = claimed;
  const recorded = (work: Promise<JobRecord>) => untilRecorded(deps, work, { signal: stop.signal, log });
  let lease: Lease | undefined;
  let current = job;
  try {
    if (claim.decision === 'send') {
      const ready = await prepare(claimed).catch((error: unknown) => {
        if (stop.signal.aborted) throw stop.signal.reason;
        return error as Error;
      });
      // Nothing was sent.
      if (ready instanceof Error)
        return await recorded(recordEnd(deps, job, endOfFailure(ready, deps.clock)));
      lease = ready.lease;
      current = await recorded(send(claimed, ready.call, ready.lease));
    }
    for (let failures = 0; !isTerminal(current.status); failures++)
      current = await recorded(follow(claimed, current, lease, failures));
    return current;
  } finally {
    lease?.release({ keepSession: current.remote_task_id !== null });
  }
}

/** The call, permitted by the rules of this machine's configuration, and a connection for it. Errors: why nothing can be sent. */
async function prepare(claimed: ClaimedJob): Promise<{ call: QueuedCall; lease: Lease }> {
  const { scope, job, stop } = claimed;
  const call = await claimed.call();
  await permitAll(scope, 'execute', namesOfJob(job), job.arguments);
  claimed.connections.learnSupport(call.call.name, call.task_support);
  const lease = await connect(claimed, stop.signal);
  lease.link.keepQuestions();
  return { call, lease };
}

/** A server that is away for a moment is waited for: many jobs must not fail with one restart of it. */
async function connect({ connections, deps, log }: ClaimedJob, signal: AbortSignal): Promise<Lease> {
  const { clock, random, failureBudgetMs } = deps;
  const since = clock.monotonic();
  for (let failures = 1; ; failures++) {
    try {
      return await connections.lease(signal);
    } catch (error) {
      if (!(error instanceof UnreachableError) || signal.aborted) throw error;
      if (clock.monotonic() - since > failureBudgetMs) throw error;
      log(`${error.message}; nothing was sent, trying again`);
      await clock.sleep(backoffDelay(failures, error.retryAfterMs, random()), signal);
    }
  }
}

async function send(
  { deps, job, claim, next, stop, events, scope }: ClaimedJob,
  { call, ttl_ms, run }: QueuedCall,
  lease: Lease,
): Promise<JobRecord> {
  const { job: sent } = await sendCall(deps, lease.link, call, job, {
    instance: scope.instance.name,
    storedArguments: job.arguments,
    ttlMs: ttl_ms ?? undefined,
    stop,
    events,
    holds: true,
    local: { ...localRun(run), claimed: { attempt: claim.attempt, next } },
  });
  return sent;
}

/** One attempt to bring a task to its end. What fails is tried again for as long as this worker has the job. */
async function follow(
  { deps, stop, events, log }: ClaimedJob,
  job: JobRecord,
  lease: Lease | undefined,
  failures: number,
): Promise<JobRecord> {
  try {
    return await followHeldTask(deps, job, { stop, events, link: lease?.link });
  } catch (error) {
    if (!(error instanceof CliError) || stop.signal.aborted) throw error;
    log(`${job.job_id}: ${error.message}`);
    await deps.clock.sleep(patienceDelay(failures), stop.signal);
    return deps.store.read(job.job_id);
  }
}
