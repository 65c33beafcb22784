/** A workflow of this program: run by this command, or by the keeper for whoever does not stay. */
import { SignalReason } from '../context.ts';
import { InterruptedError, TimeoutError, UsageError } from '../errors.ts';
import type { ServerLink } from '../jobs/ports.ts';
import type { JobRecord, NewJobMetadata, WorkflowPlan } from '../jobs/record.ts';
import type { JsonObject } from '../lib/json/json.ts';
import { type Stop, stopAfter } from '../lib/stop.ts';
import type { StepLink } from '../workflows/documents/call-step.ts';
import type { DocumentPlan } from '../workflows/documents/plan.ts';
import { type CallScope, type Live, type PreparedCall, withPause } from './call.ts';
import { eventsOf, untilEnd } from './finish.ts';
import type { CallOptions } from './options.ts';

/** A run for the keeper: a new one, or a job that is resumed. */
interface Wanted {
  name: string;
  input: JsonObject;
  storedInput: JsonObject;
  plan: WorkflowPlan;
  metadata?: NewJobMetadata | undefined;
  resumes?: string;
}

/** `<workflow> --background`: the keeper runs it, and the command returns when the record is on disk. Errors: those of starting a keeper. */
export async function workflowInBackground(
  scope: CallScope,
  call: PreparedCall,
  plan: DocumentPlan,
  options: CallOptions,
): Promise<JobRecord> {
  return inKeeper(scope, wantedBy(call, plan), options);
}

/** Goes on with a workflow that has ended, in the keeper. Errors: UsageError for a job that cannot be resumed, those of starting a keeper. */
export async function resumeInBackground(
  scope: CallScope,
  { job_id, capability, arguments: input }: JobRecord,
  plan: WorkflowPlan,
  { elicit }: Pick<CallOptions, 'elicit'>,
): Promise<JobRecord> {
  const wanted = { name: capability, input, storedInput: input, plan, resumes: job_id };
  return inKeeper(scope, wanted, { elicit });
}

function wantedBy(
  { name, arguments: input, storedArguments, metadata }: PreparedCall,
  plan: DocumentPlan,
): Wanted {
  return { name, input, storedInput: storedArguments, plan, metadata };
}

async function inKeeper(
  scope: CallScope,
  wanted: Wanted,
  { elicit }: Pick<CallOptions, 'elicit'>,
): Promise<JobRecord> {
  using stop = scope.stop('the keeper did not take the workflow in time');
  const session = await scope.session();
  await session.catalogue(stop.signal);
  const link = (await session.openKept(true, stop.signal)) as ServerLink;
  try {
    return await handOver(scope, link, wanted, elicit, stop);
  } finally {
    await link.close({ keepSession: true });
  }
}

async function handOver(
  scope: CallScope,
  link: ServerLink,
  { name, input, storedInput, plan, metadata, resumes }: Wanted,
  elicit: CallOptions['elicit'],
  stop: Stop,
): Promise<JobRecord> {
  const { store } = await scope.jobDeps();
  const reply = await link.keeper?.submit(
    { name, arguments: input },
    { storedArguments: storedInput, metadata, detach: true, elicit, plan, resumes, signal: stop.signal },
  );
  if (reply?.error) throw reply.error;
  return store.read(reply?.jobId ?? '');
}

/** `<workflow>`: stays to its end. ^C and `--timeout` end it; what has completed stays on record, and `jobs resume` goes on from there. */
export async function workflowInForeground(
  scope: CallScope,
  call: PreparedCall,
  plan: DocumentPlan,
  options: CallOptions,
  live: Live,
): Promise<JobRecord> {
  checkWorkflowOptions(call, options);
  using stop = scope.stop('the workflow did not end in time; it was cancelled');
  const deps = withPause(await scope.jobDeps(), live);
  const session = await scope.session();
  await session.catalogue(stop.signal);
  // Where a keeper has the server, the steps are its work.
  const kept = await session.openKept(scope.instance.settings.keepAlive, stop.signal);
  if (kept) {
    const submitted = await handOver(scope, kept, wantedBy(call, plan), options.elicit, stop);
    return await untilEnd(scope, deps, kept, submitted, { stop, live });
  }
  const first = await session.openDirectly(stop.signal);
  const free: ServerLink[] = [first];
  const openLink = async (signal: AbortSignal): Promise<StepLink> => {
    const link = free.pop() ?? (await session.openDirectly(signal));
    return {
      link,
      // A link that has followed a task has memories of it.
      release: (keepSession) => (keepSession ? link.close({ keepSession }) : void free.push(link)),
    };
  };
  const job = await deps.store.create({
    instance: scope.instance.name,
    capability: call.metadata?.capability ?? call.name,
    arguments: call.storedArguments,
    backend: 'local',
    session: first.session,
    holder: deps.holder,
    metadata: call.metadata,
    plan,
  });
  using own = stopAfter(deps.clock, stop.signal, undefined, '');
  const { runPlan } = await import('../workflows/documents/run-plan.ts');
  const ended = await runPlan({
    deps,
    job,
    plan,
    input: call.arguments,
    steps: { openLink },
    stop: own,
    events: eventsOf(scope, live),
  });
  live.update('', ended.progress);
  if (stop.signal.aborted && ended.status !== 'completed') throw stoppedBy(stop.signal.reason, scope, ended);
  return ended;
}

/** Error: UsageError for flags that would do nothing. */
export function checkWorkflowOptions({ name }: PreparedCall, { runOptions, ttlMs }: CallOptions): void {
  const flag = runOptions.retry.attempts > 1 ? '--retries' : ttlMs === undefined ? undefined : '--ttl';
  if (flag === undefined) return;
  throw new UsageError(`${flag} is not for workflows: ${name} has it for each step`, {
    hint: 'in the document of the workflow: retry: {maxAttempts: 3}',
  });
}

function stoppedBy(reason: unknown, scope: CallScope, { job_id, status }: JobRecord): unknown {
  const hint = `go on with: ${scope.command('jobs', 'resume', job_id)}`;
  const details = { job_id };
  if (reason instanceof SignalReason)
    return new InterruptedError(`interrupted; ${job_id} is ${status}`, reason.exitCode, { hint, details });
  return reason instanceof TimeoutError ? new TimeoutError(reason.message, { hint, details }) : reason;
}
