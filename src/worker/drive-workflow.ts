/** Drives a workflow that a worker has claimed: decides which step's turn it is, and leaves the steps to the workers. */
import type { QueuedCall } from '../calls/queued-call.ts';
import type { InstanceScope } from '../instance/scope.ts';
import type { JobDeps, JobEvents } from '../jobs/deps.ts';
import { untilRecorded } from '../jobs/follow/until-recorded.ts';
import { endOfFailure } from '../jobs/job-end.ts';
import type { JobRecord } from '../jobs/record.ts';
import { recordEnd } from '../jobs/recorder.ts';
import type { Stop } from '../lib/stop.ts';
import { namesOfJob } from '../permissions/known-names.ts';
import { permitAll } from '../permissions/permit.ts';
import { isDocumentPlan } from '../workflows/documents/plan.ts';
import { StepJobs, type StepJobsOptions } from './step-jobs.ts';

export interface DrivenWorkflow
  extends Pick<
    StepJobsOptions,
    'store' | 'job' | 'target' | 'token' | 'attempt' | 'key' | 'left' | 'mailbox'
  > {
  scope: InstanceScope;
  deps: JobDeps;
  /** The workflow's name and input; throws where it cannot be read. */
  call: () => QueuedCall;
  stop: Stop;
  events: JobEvents;
  log: (text: string) => void;
}

/** Resolves with the record when it has ended, or when another worker goes on with it. Errors: those of the store. */
export async function driveWorkflow(driven: DrivenWorkflow): Promise<JobRecord> {
  const { scope, store, deps, job, call, stop, events, log } = driven;
  const recorded = (work: Promise<JobRecord>) => untilRecorded(deps, work, { signal: driven.left, log });
  let queued: QueuedCall;
  try {
    queued = call();
    await permitAll(scope, 'execute', namesOfJob(job), job.arguments);
  } catch (error) {
    return recorded(recordEnd(deps, job, endOfFailure(error, deps.clock)));
  }
  const plan = await store.readPlan(job.job_id);
  if (!isDocumentPlan(plan)) throw new Error('its plan is of another kind');
  const { runPlan } = await import('../workflows/documents/run-plan.ts');
  const steps = new StepJobs({ ...driven, plan, elicit: queued.elicit });
  return recorded(runPlan({ deps, job, plan, input: queued.call.arguments, steps, stop, events }));
}
