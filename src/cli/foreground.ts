import { SignalReason } from '../context.ts';
import { CliError, EXIT, InterruptedError, TimeoutError, UnreachableError } from '../errors.ts';
import type { JobDeps } from '../jobs/deps.ts';
import { driveTask } from '../jobs/drive.ts';
import type { KeptWork, ServerLink, Submission, ToolCall } from '../jobs/ports.ts';
import { isTerminal, type JobRecord } from '../jobs/record.ts';
import { UnrecordedEndError } from '../jobs/recording.ts';
import { attended } from '../jobs/run-call.ts';
import { cancelJob, waitForJob } from '../jobs/service.ts';
import type { SubmitOptions, Submitted } from '../jobs/settling.ts';
import { type Stop, stopAfter } from '../jobs/stop.ts';
import { adoptTask, createJob, submitJob } from '../jobs/submit.ts';
import { type LocalRunTerms, localRun } from '../keeper/local-run-terms.ts';
import type { Live } from '../output/live.ts';
import type { App } from './app.ts';
import { modeFor } from './background.ts';
import { CANCEL_GRACE_MS, type PreparedCall, progressOf, submitOptions, withJob, withPause } from './call.ts';
import { detached } from './commands/detach.ts';
import { failureLine, jobInHand, outcomeCode, printOutcome, printToolResult } from './outcome.ts';
import { localRunTerms } from './retry-flags.ts';

/** `<tool>`: waits for the answer and prints it. ^C and `--timeout` cancel the call at the server. */
export async function callInForeground(app: App, call: PreparedCall): Promise<number> {
  const stop = app.stop('the tool did not answer in time; the call was cancelled');
  const deps = await app.jobDeps();
  const live = await progressOf(app);
  try {
    await (await app.session()).catalogue(stop.signal);
    const link = await (await app.session()).open(stop.signal);
    const terms = localRunTerms(app.flags, call.tool, false);
    const { tasks } = modeFor(link.taskMode(call.tool.name), terms, call);
    if (tasks === 'required' || terms.retry.attempts > 1)
      return await foregroundJob(app, withPause(deps, live), link, call, { stop, live, terms });
    const submission = await attended(
      withPause(deps, live),
      link,
      { stop, onProgress: (progress) => live.update('', progress) },
      () =>
        link
          .call({ name: call.tool.name, arguments: call.arguments }, { signal: stop.signal })
          .catch(openOutcome),
    );
    if (submission.kind === 'task')
      return await followTask(app, withPause(deps, live), link, call, submission, stop, live);
    live.stop();
    return printCallResult(app, call.tool.name, submission.result);
  } catch (error) {
    live.stop();
    if (error instanceof SignalReason)
      throw new InterruptedError('interrupted; the call was cancelled', error.exitCode);
    if (error instanceof TimeoutError) throw new TimeoutError(error.message, { cause: error });
    throw error;
  } finally {
    stop.dispose();
  }
}

/** A reply that was lost after the request went out: what became of the call is not known, and it is not sent again. */
function openOutcome(error: unknown): never {
  if (!(error instanceof UnreachableError) || !error.maybeSent) throw error;
  const message = `no answer to the call, the server may or may not have run it: ${error.message}`;
  throw new UnreachableError(message, {
    hint: error.hint,
    cause: error,
    maybeSent: true,
    status: error.status,
    retryAfterMs: error.retryAfterMs,
  });
}

function printCallResult(app: App, tool: string, result: unknown): number {
  const failed = (result as { isError?: unknown } | null)?.isError === true;
  if (app.printer.json) app.printer.envelope(tool, failed ? 'the tool reported an error' : 'done', result);
  else printToolResult(app, result);
  if (failed) app.printer.complain(failureLine(tool, 'failed', ''));
  return failed ? EXIT.failed : EXIT.ok;
}

/** A tool that must run as a task, or may be tried again: submitted and waited for, as a job, so that a lost connection loses nothing. */
async function foregroundJob(
  app: App,
  deps: JobDeps,
  link: ServerLink,
  call: PreparedCall,
  { stop, live, terms }: { stop: Stop; live: Live; terms: LocalRunTerms },
): Promise<number> {
  const events = {
    onChange: (job: JobRecord) => live.update('', job.progress),
    onNote: (text: string) => app.printer.note(text),
  };
  const wanted = { name: call.tool.name, arguments: call.arguments };
  const options = { ...submitOptions(app, call, stop, events), local: localRun(terms) };
  const { job, error } = link.keeper
    ? await keptTask(deps, link.keeper, wanted, options, terms)
    : await submitJob(deps, link, wanted, options).catch(submittedInHand(app));
  if (error) throw withJob(error, app, job);
  return untilEnd(app, deps, link, job, stop, live);
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
  { storedArguments, ttlMs, stop }: SubmitOptions,
  terms: LocalRunTerms,
): Promise<{ job: JobRecord; error?: Error }> {
  // What the server asks, before it takes the call or after, is asked here, where somebody waits.
  const options = {
    storedArguments,
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
async function followTask(
  app: App,
  deps: JobDeps,
  link: ServerLink,
  call: PreparedCall,
  submission: Extract<Submission, { kind: 'task' }>,
  stop: Stop,
  live: Live,
): Promise<number> {
  // A task of a child of this process ends with it.
  const options = { instance: app.instance.name, storedArguments: call.storedArguments, holds: true };
  const { keeper } = link;
  const wanted = { name: call.tool.name, arguments: call.arguments };
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
  options: Pick<SubmitOptions, 'instance' | 'storedArguments'>,
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
  const events = {
    onChange: (seen: JobRecord) => live.update('', seen.progress),
    onNote: (text: string) => app.printer.note(text),
  };
  await link.close({ keepSession: true });
  const here = job.holder != null && !link.keeper;
  const near = here ? { ...deps, links: only(link) } : deps;
  const wait = () =>
    here ? driveTask(near, job, { stop, events, link }) : waitForJob(deps, job.job_id, stop, events);
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
    // In the foreground an interruption is a cancellation; the record says what came of it.
    const grace = stopAfter(
      app.context.clock,
      undefined,
      CANCEL_GRACE_MS,
      'the cancellation was not confirmed in time',
    );
    const ended = await cancelJob(deps, job.job_id, grace).catch(() => undefined);
    grace.dispose();
    const sure = ended && isTerminal(ended.status);
    const message = sure
      ? `${error instanceof TimeoutError ? 'the time ran out' : 'interrupted'}; the task is ${ended.status}`
      : 'interrupted; whether the task was cancelled is not known';
    const hint = sure ? undefined : `see: ${app.command('jobs', 'show', job.job_id)}`;
    if (error instanceof TimeoutError) throw new TimeoutError(message, { hint });
    throw new InterruptedError(message, error.exitCode, { hint });
  }
}
