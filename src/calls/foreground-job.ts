import type { JobDeps } from '../jobs/deps.ts';
import type { KeeperJobs, ServerLink, Submission, ToolCall } from '../jobs/ports.ts';
import type { JobRecord } from '../jobs/record.ts';
import { UnrecordedEndError } from '../jobs/recorder.ts';
import type { SubmitOptions, Submitted } from '../jobs/submission.ts';
import { adoptTask, createJob, submitJob } from '../jobs/submit.ts';
import { type LocalRunOptions, localRun } from '../keeper/run-options.ts';
import { type CallScope, type PreparedCall, submitOptions, toolCall, withJob } from './call.ts';
import { eventsOf, untilEnd, type Waiting } from './finish.ts';
import type { CallOptions } from './options.ts';

/** A tool that must run as a task, or may be tried again: submitted and waited for, as a job, so that a lost connection loses nothing. */
export async function foregroundJob(
  scope: CallScope,
  deps: JobDeps,
  link: ServerLink,
  call: PreparedCall,
  options: CallOptions,
  { stop, live }: Waiting,
): Promise<JobRecord> {
  const { runOptions } = options;
  const wanted = toolCall(call);
  const submit = {
    ...submitOptions(scope, call, options, stop, eventsOf(scope, live)),
    local: localRun(runOptions),
  };
  const { job, error } = link.keeper
    ? await keptTask(deps, link.keeper, wanted, submit, runOptions)
    : await submitJob(deps, link, wanted, submit).catch(submittedInHand(scope));
  if (error) throw withJob(error, scope, job);
  return untilEnd(scope, deps, link, job, { stop, live });
}

/** A job that ended with its submission, and whose end could not be recorded. */
function submittedInHand(scope: CallScope): (error: unknown) => Submitted {
  return (error) => {
    if (!(error instanceof UnrecordedEndError)) throw error;
    scope.printer.warn(error.code, error.message);
    return { job: error.job, synchronous: true };
  };
}

/** The same through a keeper, which holds the task. */
async function keptTask(
  deps: JobDeps,
  keeper: KeeperJobs,
  call: ToolCall,
  { storedArguments, metadata, plan, ttlMs, stop }: SubmitOptions,
  runOptions: LocalRunOptions,
): Promise<{ job: JobRecord; error?: Error }> {
  // What the server asks, before it takes the call or after, is asked here, where somebody waits.
  const options = {
    storedArguments,
    metadata,
    plan,
    ttlMs,
    detach: true,
    elicit: 'ask' as const,
    runOptions,
    signal: stop.signal,
  };
  const { jobId, error } = await keeper.submit(call, options);
  return { job: await deps.store.read(jobId), ...(error ? { error } : {}) };
}

/** A call that the server made a task of, as it may: from then on it is a job too. */
export async function followToEnd(
  scope: CallScope,
  deps: JobDeps,
  link: ServerLink,
  call: PreparedCall,
  submission: Extract<Submission, { kind: 'task' }>,
  { stop, live }: Waiting,
): Promise<JobRecord> {
  // A task of a child of this process ends with it.
  const options = {
    instance: scope.instance.name,
    storedArguments: call.storedArguments,
    metadata: call.metadata,
    holds: true,
  };
  const { keeper } = link;
  const wanted = toolCall(call);
  // In a keeper's server it is the keeper's to see through, and to record: until then the job is this process's.
  const job =
    keeper && submission.fact.session.transport === 'stdio'
      ? await handOver(deps, keeper, wanted, submission, options)
      : await adoptTask(deps, wanted, submission, options);
  return untilEnd(scope, deps, link, job, { stop, live });
}

async function handOver(
  deps: JobDeps,
  keeper: KeeperJobs,
  call: ToolCall,
  { fact }: Extract<Submission, { kind: 'task' }>,
  options: Pick<SubmitOptions, 'instance' | 'storedArguments' | 'metadata'>,
): Promise<JobRecord> {
  const job = await createJob(deps, call, fact.session, options);
  await keeper.adopt(job.job_id, { ...fact, accepted_at: deps.clock.now().toISOString() });
  return deps.store.read(job.job_id);
}
