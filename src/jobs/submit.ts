import { CliError, IoError, UnfinishedError } from '../errors.ts';
import type { Stop } from '../lib/stop.ts';
import { CancelRequested, watchForCancel } from './cancel-requests.ts';
import type { JobDeps } from './deps.ts';
import { canceled, endOfFailure, endOfSnapshot, lost } from './job-end.ts';
import type { ServerLink, Submission, ToolCall } from './ports.ts';
import { endedHere, withAnswers } from './questions/attend.ts';
import { answeredAnywhere } from './questions/elsewhere.ts';
import { askedText } from './questions/pending-questions.ts';
import type { JobEnd, JobRecord, PendingInput, SessionFacts } from './record.ts';
import { recordAcceptance, recordEnd } from './recorder.ts';
import { mayRetry } from './retry.ts';
import { runLocally } from './run-local.ts';
import {
  recordFailedCall,
  recordSubmission,
  type SubmitOptions,
  type Submitted,
  type TaskSubmission,
} from './submission.ts';

/** How long a server may take to accept a call whose cancellation is asked for, in milliseconds, before the call is given up. */
const CANCEL_GRACE_MS = 3_000;
const CANCEL_TIMEOUT_MS = 10_000;

/** How long a server that asks something may take to accept the task without an answer, in milliseconds. */
const ACCEPT_GRACE_MS = 2_000;

/**
 * Starts a job: record first, then the one request, then the remote id, then the caller hears of it. Where no task can outlive this process
 * the call runs here, inside a local job. Errors before the record: those of opening the link. Afterwards the record tells, and `error`.
 */
export async function submitJob(
  deps: JobDeps,
  link: ServerLink,
  call: ToolCall,
  options: SubmitOptions,
): Promise<Submitted> {
  const local = runsHere(link, call, options);
  const job =
    options.resumes === undefined
      ? await deps.store.create({
          instance: options.instance,
          capability: options.metadata?.capability ?? call.name,
          arguments: options.storedArguments,
          backend: local ? 'local' : null,
          session: link.session,
          holder: deps.holder,
          metadata: options.metadata,
          plan: options.plan,
        })
      : await deps.store.resume(options.resumes, deps.holder);
  options.onCreated?.(job);
  return sendCall(deps, link, call, job, options);
}

/** Whether the call runs in this process, inside a local job: no task can outlive it, or the call may be tried again. */
function runsHere(
  link: ServerLink,
  call: ToolCall,
  { local, holds }: Pick<SubmitOptions, 'local' | 'holds'>,
): boolean {
  const mode = link.taskMode(call);
  return mayRetry(local?.retry) || mode.tasks === 'none' || !(mode.holdable || holds);
}

/** Sends the call of a job that has its record. The record tells what comes of it, and `error`. */
export async function sendCall(
  deps: JobDeps,
  link: ServerLink,
  call: ToolCall,
  job: JobRecord,
  options: SubmitOptions,
): Promise<Submitted> {
  const ofJob = { ...call, job: job.job_id };
  const asking = answeredAnywhere(deps, job.job_id);
  return runsHere(link, call, options)
    ? runLocally(asking, link, ofJob, job, options)
    : submitTask(asking, link, ofJob, job, options);
}

async function submitTask(
  deps: JobDeps,
  link: ServerLink,
  call: ToolCall,
  job: JobRecord,
  options: SubmitOptions,
): Promise<Submitted> {
  let submission: Submission;
  /** Known to have started nothing. */
  let unstarted: Error | undefined;
  let asks = false;
  const watching = new AbortController();
  // A server that is about to take the call gets the time for it, and the cancellation then; one that asks first is not going to.
  watchForCancel(deps, job.job_id, watching.signal, () => {
    const reason = new CancelRequested('cancelled on request, before the server had taken the call');
    giveUp(deps, options.stop, reason, asks ? 0 : CANCEL_GRACE_MS, watching.signal);
  });
  try {
    submission = await withAnswers(
      deps,
      link,
      {
        stop: options.stop,
        // Some servers ask before they accept; the question stays with the record for whoever can answer.
        onOpen: async (open) => {
          asks = open.length > 0;
          await deps.store.observe(job.job_id, {
            pending_input: open,
            ...(asks ? { status: 'input_required' } : {}),
          });
        },
        onAnswered: options.events.onAnswered,
        onUnanswered: (question, asResult) => {
          const error = askedTooEarly(question);
          if (asResult) unstarted = error;
          giveUp(deps, options.stop, error, asResult ? 0 : ACCEPT_GRACE_MS, watching.signal);
        },
      },
      () => link.submit(call, { signal: options.stop.signal, ttlMs: options.ttlMs }),
    );
  } catch (error) {
    return recordFailedCall(deps, job, error, endOfSubmission(error, error === unstarted, deps));
  } finally {
    watching.abort(new Error('done'));
  }
  const submitted = await recordSubmission(deps, job, submission, options);
  if (submission.kind === 'result' || !(await deps.store.cancelRequested(job.job_id))) return submitted;
  return { ...submitted, job: await cancelAccepted(deps, link, submitted.job, submission) };
}

/** Cancellation was asked for before the server had taken the call: now there is something to cancel. */
async function cancelAccepted(
  deps: JobDeps,
  link: ServerLink,
  job: JobRecord,
  { fact }: TaskSubmission,
): Promise<JobRecord> {
  try {
    const backend = link.backend(fact.backend);
    const state = await backend.cancel(fact.remote_task_id, { timeoutMs: CANCEL_TIMEOUT_MS });
    return state.status === 'canceled' ? recordEnd(deps, job, endOfSnapshot(state, deps.clock)) : job;
  } catch (error) {
    // It stays asked for; the job itself is well, and under way.
    if (!(error instanceof CliError) || error instanceof IoError) throw error;
    return job;
  }
}

/** Whoever gave up waiting for the reply does not know what became of the request, unless the reply was a question. */
function endOfSubmission(error: unknown, unstarted: boolean, deps: JobDeps): JobEnd {
  if (unstarted || !endedHere(error)) return endOfFailure(error, deps.clock);
  if (error instanceof CancelRequested) return canceled(error.message, deps.clock);
  const why = `no answer to the submission was waited for: ${(error as Error).message}`;
  return lost('submission_unknown', why, deps.clock);
}

/** A question that came before the server accepted, with nobody here to answer. */
function askedTooEarly(question: PendingInput): UnfinishedError {
  const asked = askedText(question);
  const text = `the server asks for input before it accepts${asked === undefined ? '' : `: ${asked}`}`;
  return new UnfinishedError('input_required', text, {
    hint: 'run it on a terminal to answer, or say how to: --elicit decline|defaults',
    details: { pending_input: [question] },
  });
}

/** A server that does not accept would be waited for in vain: after a moment the submission is given up, unless it is over by then. */
function giveUp(deps: JobDeps, stop: Stop, error: Error, afterMs: number, over: AbortSignal): void {
  deps.clock.sleep(afterMs, over).then(
    () => stop.abort(error),
    () => {},
  );
}

/**
 * Makes a job of a call that came back as a task although nobody had asked for one: nothing that runs is without a record.
 * Errors: IoError.
 */
export async function adoptTask(
  deps: JobDeps,
  call: ToolCall,
  submission: TaskSubmission,
  options: Pick<SubmitOptions, 'instance' | 'storedArguments' | 'metadata' | 'holds'>,
): Promise<JobRecord> {
  const job = await createJob(deps, call, submission.fact.session, options);
  await recordAcceptance(deps, job.job_id, submission.fact, options.holds);
  return deps.store.read(job.job_id);
}

/** A record of a call that is this process's. */
export async function createJob(
  deps: JobDeps,
  call: ToolCall,
  session: SessionFacts,
  { instance, storedArguments, metadata }: Pick<SubmitOptions, 'instance' | 'storedArguments' | 'metadata'>,
): Promise<JobRecord> {
  return deps.store.create({
    instance,
    capability: metadata?.capability ?? call.name,
    arguments: storedArguments,
    backend: null,
    session,
    holder: deps.holder,
    metadata,
  });
}
