import type { App } from '../cli/app.ts';
import type { Live } from '../cli/output/live.ts';
import { jobInHand, outcomeCode, printCallResult, printOutcome } from '../cli/output/outcome-view.ts';
import { SignalReason } from '../context.ts';
import { CliError, EXIT, InterruptedError, TimeoutError } from '../errors.ts';
import type { JobDeps, JobEvents } from '../jobs/deps.ts';
import { dialectOf } from '../jobs/dialects.ts';
import { driveTask } from '../jobs/follow/follow-task.ts';
import type { KeptWork, ServerLink, Submission, ToolCall } from '../jobs/ports.ts';
import { isTerminal, type JobRecord } from '../jobs/record.ts';
import { UnrecordedEndError } from '../jobs/recorder.ts';
import type { SubmitOptions, Submitted } from '../jobs/settling.ts';
import { adoptTask, createJob, submitJob } from '../jobs/submit.ts';
import { cancelSoon, waitForJob } from '../jobs/wait.ts';
import { type LocalRunTerms, localRun } from '../keeper/run-options.ts';
import type { Stop } from '../lib/stop.ts';
import { type PreparedCall, submitOptions, toolCall, withJob } from './call.ts';
import { detached } from './finish.ts';

/** A tool that must run as a task, or may be tried again: submitted and waited for, as a job, so that a lost connection loses nothing. */
export async function foregroundJob(
  app: App,
  deps: JobDeps,
  link: ServerLink,
  call: PreparedCall,
  { stop, live, terms }: { stop: Stop; live: Live; terms: LocalRunTerms },
): Promise<number> {
  const events = eventsOf(app, live);
  const wanted = toolCall(call);
  const options = { ...submitOptions(app, call, stop, events), local: localRun(terms) };
  const { job, error } = link.keeper
    ? await keptTask(deps, link.keeper, wanted, options, terms)
    : await submitJob(deps, link, wanted, options).catch(submittedInHand(app));
  if (error) throw withJob(error, app, job);
  return untilEnd(app, deps, link, job, stop, live);
}

function eventsOf(app: App, live: Live): JobEvents {
  return {
    onChange: (job) => live.update('', job.progress),
    onNote: (text) => app.printer.note(text),
  };
}

/** A job that ended with its submission, and whose end could not be recorded. */
function submittedInHand(app: App): (error: unknown) => Submitted {
  return (error) => {
    if (!(error instanceof UnrecordedEndError)) throw error;
    app.printer.warn(error.code, error.message);
    return { job: error.job, synchronous: true };
  };
}

/** The same through a keeper, which holds the task. */
async function keptTask(
  deps: JobDeps,
  keeper: KeptWork,
  call: ToolCall,
  { storedArguments, marks, ttlMs, stop }: SubmitOptions,
  terms: LocalRunTerms,
): Promise<{ job: JobRecord; error?: Error }> {
  // What the server asks, before it takes the call or after, is asked here, where somebody waits.
  const options = {
    storedArguments,
    marks,
    ttlMs,
    detach: true,
    elicit: 'ask' as const,
    terms,
    signal: stop.signal,
  };
  const { jobId, error } = await keeper.submit(call, options);
  return { job: deps.store.read(jobId), ...(error ? { error } : {}) };
}

/** A call that the server made a task of, as it may: from then on it is a job too. */
export async function followTask(
  app: App,
  deps: JobDeps,
  link: ServerLink,
  call: PreparedCall,
  submission: Extract<Submission, { kind: 'task' }>,
  stop: Stop,
  live: Live,
): Promise<number> {
  // A task of a child of this process ends with it.
  const options = {
    instance: app.instance.name,
    storedArguments: call.storedArguments,
    marks: call.marks,
    holds: true,
  };
  const { keeper } = link;
  const wanted = toolCall(call);
  // In a keeper's server it is the keeper's to see through, and to record: until then the job is this process's.
  const job =
    keeper && submission.fact.session.transport === 'stdio'
      ? await handOver(deps, keeper, wanted, submission, options)
      : adoptTask(deps, wanted, submission, options);
  return untilEnd(app, deps, link, job, stop, live);
}

async function handOver(
  deps: JobDeps,
  keeper: KeptWork,
  call: ToolCall,
  { fact }: Extract<Submission, { kind: 'task' }>,
  options: Pick<SubmitOptions, 'instance' | 'storedArguments' | 'marks'>,
): Promise<JobRecord> {
  const job = createJob(deps, call, fact.session, options);
  await keeper.adopt(job.job_id, { ...fact, accepted_at: deps.clock.now().toISOString() });
  return deps.store.read(job.job_id);
}

async function untilEnd(
  app: App,
  deps: JobDeps,
  link: ServerLink,
  job: JobRecord,
  stop: Stop,
  live: Live,
): Promise<number> {
  const events = eventsOf(app, live);
  await link.close({ keepSession: true });
  const here = job.holder != null && !link.keeper;
  const near = here ? { ...deps, links: only(link) } : deps;
  // The session that started a run hears of its progress, and has the one stream for that already.
  const stays = here || (!link.keeper && dialectOf(job.backend).outlivesSession);
  const wait = () =>
    stays ? driveTask(near, job, { stop, events, link }) : waitForJob(deps, job.job_id, stop, events);
  const inHand: UnrecordedEndError[] = [];
  const ended = isTerminal(job.status)
    ? job
    : await waitOrCancel(app, near, job, wait).catch(jobInHand(inHand));
  // In the foreground the answer is what counts.
  for (const { code, message } of inHand) app.printer.warn(code, message);
  // Its end is known: nobody needs the task or its session any more.
  await link.close({ keepSession: false });
  live.stop();
  if (app.printer.json && ended.result !== undefined && ended.result !== null)
    return printCallResult(app, job.capability, ended.result);
  if (app.printer.json)
    throw new CliError(
      ended.error?.code ?? ended.status,
      EXIT.failed,
      ended.error?.message ?? `the task is ${ended.status}`,
      {
        details: { job_id: ended.job_id },
      },
    );
  printOutcome(app, ended);
  return outcomeCode(ended);
}

/** Links that all lead to the one server which has the task: a child of this process. */
function only(link: ServerLink): JobDeps['links'] {
  const kept = { ...link, close: async () => {} };
  return { open: async () => kept, reopen: async () => kept };
}

async function waitOrCancel(
  app: App,
  deps: JobDeps,
  job: JobRecord,
  wait: () => Promise<JobRecord>,
): Promise<JobRecord> {
  try {
    return await wait();
  } catch (error) {
    if (!(error instanceof SignalReason || error instanceof TimeoutError))
      throw await detached(error, app.command('jobs', 'wait', job.job_id), app);
    if (!dialectOf(job.backend).cancels) throw await leftAlone(error, job, app);
    // In the foreground an interruption is a cancellation; the record says what came of it.
    const ended = await cancelSoon(deps, job.job_id).catch(() => undefined);
    const sure = ended && isTerminal(ended.status);
    const message = sure
      ? `${error instanceof TimeoutError ? 'the time ran out' : 'interrupted'}; the task is ${ended.status}`
      : 'interrupted; whether the task was cancelled is not known';
    const hint = sure ? undefined : `see: ${app.command('jobs', 'show', job.job_id)}`;
    if (error instanceof TimeoutError) throw new TimeoutError(message, { hint });
    throw new InterruptedError(message, error.exitCode, { hint });
  }
}

/** A run that nobody can cancel goes on, whoever leaves. */
function leftAlone(error: SignalReason | TimeoutError, job: JobRecord, app: App): Promise<unknown> {
  const late = 'the time ran out; the run cannot be cancelled, and goes on at the server';
  const reason = error instanceof TimeoutError ? new TimeoutError(late, { cause: error }) : error;
  return detached(reason, app.command('jobs', 'wait', job.job_id), app);
}
