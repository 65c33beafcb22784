import type { App } from '../cli/app.ts';
import { localRunTerms, modeFor } from '../cli/global-flags/retry.ts';
import { durationFlag } from '../cli/global-flags/values.ts';
import { jobSummary, submittedLine } from '../cli/output/job-view.ts';
import { failureLine, jobInHand, outcomeCode, printToolResult } from '../cli/output/outcome-view.ts';
import { SignalReason } from '../context.ts';
import { EXIT, TimeoutError, UnfinishedError } from '../errors.ts';
import type { JobDeps, JobEvents } from '../jobs/deps.ts';
import { waitForHeld } from '../jobs/follow/follow-record.ts';
import type { KeptWork, ServerLink, TaskMode } from '../jobs/ports.ts';
import { isTerminal, type JobRecord } from '../jobs/record.ts';
import type { UnrecordedEndError } from '../jobs/recorder.ts';
import type { Submitted } from '../jobs/settling.ts';
import { submitJob } from '../jobs/submit.ts';
import { cancelSoon, waitForJob } from '../jobs/wait.ts';
import { type LocalRunTerms, localRun } from '../keeper/run-options.ts';
import { type Stop, stopAfter } from '../lib/stop.ts';
import { taskMode } from '../mcp/dialects/task-mode.ts';
import { type PreparedCall, progressOf, submitOptions, toolCall, withJob, withPause } from './call.ts';

/** `<tool> --background`: the record, the request, the job id; the job's own end where it is known already. */
export async function callInBackground(app: App, call: PreparedCall): Promise<number> {
  const { printer } = app;
  const opening = app.stop('the call was not finished in time');
  const terms = localRunTerms(app.flags, call.tool, true);
  let stop = opening;
  try {
    const { link, mode, detach } = await openFor(app, call, terms, opening.signal);
    // Of a run in this program --timeout is the limit of each attempt.
    if (mode.tasks === 'none') stop = stopAfter(app.context.clock, app.context.interrupted, undefined, '');
    const deps = await app.jobDeps();
    const live = await progressOf(app);
    const events: JobEvents = {
      onChange: (seen) => live.update(call.name, seen.progress),
      onNote: (text) => printer.note(text),
    };
    const submit = link.keeper
      ? submitKept(app, withPause(deps, live), link.keeper, call, { stop, events, detach, mode, terms })
      : submitJob(withPause(deps, live), link, toolCall(call), {
          ...submitOptions(app, call, stop, events),
          local: localRun(terms),
        });
    const inHand: UnrecordedEndError[] = [];
    const { job, synchronous, error } = await submit
      .catch((failure: unknown) => ({ job: jobInHand(inHand)(failure), synchronous: true, error: undefined }))
      .finally(() => live.stop());
    // A submission whose answer was lost may be a task, too.
    await link.close({ keepSession: job.remote_task_id !== null || job.status === 'lost' });
    if (error) throw withJob(error, app, job);
    if (printer.json) printer.envelope(call.name, `job submitted: ${jobSummary(job)}`, job);
    else printer.out(printer.quiet ? job.job_id : submittedLine(job, printer));
    if (synchronous) printer.note(`ran synchronously (${whySynchronous(mode)}): the job is ${job.status}`);
    if (inHand[0]) {
      // The record will not have it: here is the last place to see it.
      if (!printer.json && job.result != null) printToolResult(app, job.result);
      throw inHand[0];
    }
    if (job.pending_input?.length) {
      const { askedLines } = await import('../cli/commands/jobs/question.ts');
      printer.note(askedLines(app, job).join('\n'));
    }
    if (!isTerminal(job.status)) return EXIT.ok;
    if (job.status !== 'completed')
      printer.complain(failureLine(call.name, job.status, job.error ? `: ${job.error.message}` : ''));
    return outcomeCode(job);
  } finally {
    stop.dispose();
    opening.dispose();
  }
}

/**
 * The way to the server for a call that nobody stays for. A keeper is needed where a task would end with this process (a stdio server's),
 * and where the person wants to be off although the server makes no task of it; otherwise one that runs already is used, to spare the start
 * of a server.
 */
async function openFor(
  app: App,
  call: PreparedCall,
  terms: LocalRunTerms,
  signal: AbortSignal,
): Promise<{ link: ServerLink; mode: TaskMode; detach: boolean }> {
  const session = await app.session();
  const { settings } = app.instance;
  await session.catalogue(signal);
  const facts = (await session.facts()) ?? (await session.connection(signal)).facts;
  const mode = modeFor(taskMode(facts, call.tool.execution?.taskSupport, call.through), terms, call.tool);
  if ((facts.era === 'modern' || call.through !== undefined) && app.flags.has('ttl'))
    app.printer.note('--ttl is not passed on: this server decides by itself how long it keeps a task');
  const wanted = app.flags.has('detach') || settings.detach;
  const dies = mode.tasks !== 'none' && !mode.holdable;
  const detach = wanted && !mode.certain;
  if (mode.tasks !== 'none' && mode.holdable && !detach)
    return { link: await session.openDirectly(signal), mode, detach };
  const kept = await session.openKept(dies || detach || settings.keepAlive, signal);
  return { link: kept ?? (await session.openDirectly(signal)), mode, detach };
}

interface KeptOptions {
  stop: Stop;
  events: JobEvents;
  detach: boolean;
  mode: TaskMode;
  terms: LocalRunTerms;
}

/** Hands the call to the keeper. Without tasks, and without the wish to be off at once, this process stays until the end. */
async function submitKept(
  app: App,
  deps: JobDeps,
  keeper: KeptWork,
  call: PreparedCall,
  { stop, events, detach, mode, terms }: KeptOptions,
): Promise<Submitted> {
  const stays = mode.tasks === 'none' && !detach;
  let id: string | undefined;
  let onRecord = () => {};
  const recorded = new Promise<void>((resolve) => {
    onRecord = resolve;
  });
  const submission = keeper.submit(toolCall(call), {
    storedArguments: call.storedArguments,
    marks: call.marks,
    ttlMs: durationFlag(app.flags, 'ttl'),
    detach: detach || stays,
    elicit: app.elicit,
    terms,
    signal: stop.signal,
    onCreated: (jobId) => {
      id = jobId;
      onRecord();
    },
  });
  try {
    const asked = recorded.then(() => untilAsked(deps, id ?? '', submission, stop));
    const reply = await (detach || stays ? submission : Promise.race([submission, asked]));
    const job = deps.store.read(reply?.jobId ?? id ?? '');
    // It goes on in the keeper, and the question waits on record.
    if (reply === undefined) return { job, synchronous: false };
    const { synchronous, error } = reply;
    if (error || !stays) return { job, synchronous, ...(error ? { error } : {}) };
    return { ...(await untilEnd(deps, job, stop, events)), synchronous: true };
  } catch (error) {
    // There is a job, whatever became of it: nobody must think that nothing was done.
    if (id === undefined) throw error;
    return { job: deps.store.read(id), synchronous: false, error: error as Error };
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
  const over = stopAfter(deps.clock, stop.signal, undefined, '');
  submission.finally(() => over.abort(new Error('taken'))).catch(() => {});
  try {
    await waitForHeld(deps, deps.store.read(id), over, {});
  } catch (error) {
    if (error instanceof UnfinishedError) return undefined;
  } finally {
    over.dispose();
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

function whySynchronous(mode: TaskMode): string {
  if (mode.tasks === 'none') return 'the server has no tasks for this tool; --detach returns at once';
  return 'the server answered at once';
}
