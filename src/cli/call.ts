import { SignalReason } from '../context.ts';
import type { ToolDefinition } from '../discovery/catalogue.ts';
import { CliError, EXIT, InterruptedError, TimeoutError, UnreachableError } from '../errors.ts';
import type { JobDeps, JobEvents } from '../jobs/deps.ts';
import type { ServerLink } from '../jobs/ports.ts';
import { isTerminal, type JobRecord } from '../jobs/record.ts';
import { attended } from '../jobs/run-call.ts';
import { cancelJob, waitForJob } from '../jobs/service.ts';
import { type Stop, stopAfter } from '../jobs/stop.ts';
import { type SubmitOptions, submitJob } from '../jobs/submit.ts';
import { jobSummary, submittedLine } from '../output/job-view.ts';
import { type Live, liveProgress } from '../output/live.ts';
import type { App } from './app.ts';
import { detached } from './commands/detach.ts';
import { durationFlag } from './flag-values.ts';
import { failureLine, outcomeCode, printOutcome, printToolResult } from './outcome.ts';

/** A tool's call, checked and ready. */
export interface PreparedCall {
  tool: ToolDefinition;
  arguments: Record<string, unknown>;
  /** As the record may show them: secrets redacted. */
  storedArguments: Record<string, unknown>;
}

/** How long the server may take to hear of a cancellation when the person does not want to wait, in milliseconds. */
const CANCEL_GRACE_MS = 3_000;

/** `<tool> --background`: the record, the request, the job id; the job's own end where it is known already. */
export async function callInBackground(app: App, call: PreparedCall): Promise<number> {
  const { printer } = app;
  const stop = app.stop('the call was not finished in time');
  const deps = await app.jobDeps();
  try {
    const link = await (await app.session()).open(stop.signal);
    const live = await progressOf(app);
    const { job, synchronous, error } = await submitJob(
      withPause(deps, live),
      link,
      { name: call.tool.name, arguments: call.arguments },
      submitOptions(app, call, stop, {
        onChange: (seen) => live.update(call.tool.name, seen.progress),
        onNote: (text) => printer.note(text),
      }),
    ).finally(() => live.stop());
    // A submission whose answer was lost may be a task, too.
    await link.close({ keepSession: job.remote_task_id !== null || job.status === 'lost' });
    if (error) throw withJob(error, app, job);
    if (printer.json) printer.envelope(call.tool.name, `job submitted: ${jobSummary(job)}`, job);
    else printer.out(printer.quiet ? job.job_id : submittedLine(job, printer));
    if (synchronous)
      printer.note(`ran synchronously (${whySynchronous(link, call.tool.name)}): the job is ${job.status}`);
    if (!isTerminal(job.status)) return EXIT.ok;
    if (job.status !== 'completed')
      printer.complain(failureLine(call.tool.name, job.status, job.error ? `: ${job.error.message}` : ''));
    return outcomeCode(job);
  } finally {
    stop.dispose();
  }
}

function submitOptions(app: App, call: PreparedCall, stop: Stop, events: JobEvents): SubmitOptions {
  return {
    instance: app.instance.name,
    storedArguments: call.storedArguments,
    ttlMs: durationFlag(app.flags, 'ttl'),
    stop,
    events,
  };
}

function whySynchronous(link: ServerLink, tool: string): string {
  const mode = link.taskMode(tool);
  if (mode.tasks === 'none') return 'the server has no tasks for this tool';
  if (!mode.holdable) return 'over stdio a task would end with this process';
  return 'the server answered at once';
}

/** A failed submission, with the job that tells about it. */
function withJob(error: Error, app: App, job: JobRecord): Error {
  if (error instanceof SignalReason)
    return new InterruptedError(
      `interrupted; ${job.job_id} is ${job.status}: ${job.error?.message ?? ''}`,
      error.exitCode,
    );
  if (!(error instanceof CliError)) return error;
  return new CliError(
    error.code,
    error.exitCode,
    job.status === 'lost' ? (job.error?.message ?? error.message) : error.message,
    {
      hint: `recorded as ${job.job_id} (${job.status}); see: ${app.command('jobs', 'show', job.job_id)}`,
      cause: error,
      details: { job_id: job.job_id, ...error.details },
    },
  );
}

/** `<tool>`: waits for the answer and prints it. ^C and `--timeout` cancel the call at the server. */
export async function callInForeground(app: App, call: PreparedCall): Promise<number> {
  const stop = app.stop('the tool did not answer in time; the call was cancelled');
  const deps = await app.jobDeps();
  const live = await progressOf(app);
  try {
    await (await app.session()).catalogue(stop.signal);
    const link = await (await app.session()).open(stop.signal);
    if (link.taskMode(call.tool.name).tasks === 'required')
      return await foregroundTask(app, withPause(deps, live), link, call, stop, live);
    const result = await attended(
      withPause(deps, live),
      link,
      { stop, onProgress: (progress) => live.update('', progress) },
      () =>
        link
          .call({ name: call.tool.name, arguments: call.arguments }, { signal: stop.signal })
          .catch(openOutcome),
    );
    live.stop();
    return printCallResult(app, call.tool.name, result);
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

/** A tool that must run as a task: submitted and waited for, as a job, so that a lost connection loses nothing. */
async function foregroundTask(
  app: App,
  deps: JobDeps,
  link: ServerLink,
  call: PreparedCall,
  stop: Stop,
  live: Live,
): Promise<number> {
  const events = {
    onChange: (job: JobRecord) => live.update('', job.progress),
    onNote: (text: string) => app.printer.note(text),
  };
  const { job, error } = await submitJob(
    deps,
    link,
    { name: call.tool.name, arguments: call.arguments },
    submitOptions(app, call, stop, events),
  );
  if (error) throw withJob(error, app, job);
  await link.close({ keepSession: true });
  const ended = isTerminal(job.status) ? job : await waitOrCancel(app, deps, job, stop, events);
  // Its end is on record: nobody needs the task or its session any more.
  await link.close({ keepSession: false });
  live.stop();
  if (app.printer.json && ended.result !== undefined && ended.result !== null)
    return printCallResult(app, call.tool.name, ended.result);
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

async function waitOrCancel(
  app: App,
  deps: JobDeps,
  job: JobRecord,
  stop: Stop,
  events: Parameters<typeof waitForJob>[3],
): Promise<JobRecord> {
  try {
    return await waitForJob(deps, job.job_id, stop, events);
  } catch (error) {
    if (!(error instanceof SignalReason || error instanceof TimeoutError))
      throw detached(error, app.command('jobs', 'wait', job.job_id));
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

function progressOf(app: App): Promise<Live> {
  return liveProgress(app.printer, app.color, false);
}

/** The live line makes room for a question. */
function withPause(deps: JobDeps, live: Live): JobDeps {
  const { ask } = deps;
  if (!ask) return deps;
  return {
    ...deps,
    ask: (question, signal) => {
      live.pause();
      return ask(question, signal);
    },
  };
}
