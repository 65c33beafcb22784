import { CliError, IoError, RpcError, UnfinishedError } from '../errors.ts';
import type { JobDeps, JobEvents } from './deps.ts';
import { driveTask } from './drive.ts';
import { canceled, endOfFailure, endOfResult, endOfSnapshot, lost } from './ending.ts';
import { Observer } from './observing.ts';
import type { ServerLink, Submission, ToolCall } from './ports.ts';
import { askedText } from './questions.ts';
import type { JobEnd, JobRecord, PendingInput, SessionFacts, TaskFact } from './record.ts';
import { recordEnd, UnrecordedTaskError } from './recording.ts';
import { attended, CancelRequested, endedHere } from './run-call.ts';
import type { Stop } from './stop.ts';

/** How often a process that holds a call looks whether another one asked for cancellation, in milliseconds. */
const CANCEL_CHECK_MS = 250;

/** How long a server may take to accept a call whose cancellation is asked for, in milliseconds, before the call is given up. */
const CANCEL_GRACE_MS = 3_000;
const CANCEL_TIMEOUT_MS = 10_000;

/** How long a server that asks something may take to accept the task without an answer, in milliseconds. */
const ACCEPT_GRACE_MS = 2_000;

export interface SubmitOptions {
  instance: string;
  /** Arguments as they may be stored: secrets redacted. */
  storedArguments: Record<string, unknown>;
  ttlMs?: number | undefined;
  stop: Stop;
  events: JobEvents;
  /** This process stays with the job to its end, so that even tasks of its own child processes are safe with it. */
  holds?: boolean | undefined;
  /** The record is on disk; nothing was sent yet. */
  onCreated?: ((job: JobRecord) => void) | undefined;
}

export interface Submitted {
  job: JobRecord;
  /** The job ran to its end in this process: the server, the tool or the connection has no tasks that outlive it. */
  synchronous: boolean;
  /** What went wrong with the submission itself, where something did; the record says the same. */
  error?: Error;
}

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
  const mode = link.taskMode(call.name);
  const local = mode.tasks === 'none' || !(mode.holdable || options.holds);
  const job = deps.store.create({
    instance: options.instance,
    capability: call.name,
    arguments: options.storedArguments,
    backend: local ? 'local' : null,
    session: link.session,
    holder: deps.holder,
  });
  options.onCreated?.(job);
  return local ? runLocally(deps, link, call, job, options) : submitTask(deps, link, call, job, options);
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
    giveUp(deps, options.stop, reason, asks ? 0 : CANCEL_GRACE_MS);
  });
  try {
    submission = await attended(
      deps,
      link,
      {
        stop: options.stop,
        // Some servers ask before they accept; the question stays with the record for whoever can answer.
        onOpen: (open) => {
          asks = open.length > 0;
          deps.store.observe(job.job_id, {
            pending_input: open,
            ...(asks ? { status: 'input_required' } : {}),
          });
        },
        onAnswered: options.events.onAnswered,
        onUnanswered: (question, parked) => {
          const error = askedTooEarly(question);
          if (parked) unstarted = error;
          giveUp(deps, options.stop, error, parked ? 0 : ACCEPT_GRACE_MS);
        },
      },
      () => link.submit(call, submitOptions(options)),
    );
  } catch (error) {
    return failed(deps, job, error, endOfSubmission(error, error === unstarted, deps));
  } finally {
    watching.abort(new Error('done'));
  }
  const submitted = settle(deps, job, submission, options);
  if (submission.kind === 'result' || !deps.store.cancelRequested(job.job_id)) return submitted;
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

/** A server that does not accept before it is answered would be waited for in vain: after a moment the submission is given up. */
function giveUp(deps: JobDeps, stop: Stop, error: Error, afterMs: number): void {
  deps.clock.sleep(afterMs, stop.signal).then(
    () => stop.abort(error),
    () => {},
  );
}

type TaskSubmission = Extract<Submission, { kind: 'task' }>;

/** Records what the server made of the call. */
function settle(
  deps: JobDeps,
  job: JobRecord,
  submission: Submission,
  { holds }: Pick<SubmitOptions, 'holds'>,
): Submitted {
  if (submission.kind === 'result')
    return {
      job: recordEnd(deps, job, endOfResult(submission.result, deps.clock)),
      synchronous: true,
    };
  recordAcceptance(deps, job.job_id, submission.fact, holds);
  return { job: deps.store.read(job.job_id), synchronous: false };
}

/** The remote handle goes on record. One that cannot be written must not be lost with the error: the server runs the task. */
function recordAcceptance(deps: JobDeps, id: string, fact: TaskSubmission['fact'], holds?: boolean): void {
  // The child of a process ends with it, and its tasks with the child.
  const dies = holds && fact.session.transport === 'stdio';
  const accepted: TaskFact = {
    ...fact,
    ...(dies ? { holder: deps.holder } : {}),
    accepted_at: deps.clock.now().toISOString(),
  };
  try {
    deps.store.accept(id, accepted);
  } catch (error) {
    if (!(error instanceof IoError)) throw error;
    throw new UnrecordedTaskError(id, accepted, error);
  }
}

/**
 * Makes a job of a call that came back as a task although nobody had asked for one: nothing that runs is without a record.
 * Errors: IoError.
 */
export function adoptTask(
  deps: JobDeps,
  call: ToolCall,
  submission: TaskSubmission,
  options: Pick<SubmitOptions, 'instance' | 'storedArguments' | 'holds'>,
): JobRecord {
  const job = createJob(deps, call, submission.fact.session, options);
  recordAcceptance(deps, job.job_id, submission.fact, options.holds);
  return deps.store.read(job.job_id);
}

/** A record of a call that is this process's. */
export function createJob(
  deps: JobDeps,
  call: ToolCall,
  session: SessionFacts,
  { instance, storedArguments }: Pick<SubmitOptions, 'instance' | 'storedArguments'>,
): JobRecord {
  return deps.store.create({
    instance,
    capability: call.name,
    arguments: storedArguments,
    backend: null,
    session,
    holder: deps.holder,
  });
}

/** The call runs in this process, in a job that other processes can see, wait for and cancel. */
async function runLocally(
  deps: JobDeps,
  link: ServerLink,
  call: ToolCall,
  job: JobRecord,
  options: SubmitOptions,
): Promise<Submitted> {
  const { stop, events } = options;
  const observer = new Observer(deps, job, events);
  const watching = new AbortController();
  watchForCancel(
    deps,
    job.job_id,
    watching.signal,
    () => stop.abort(new CancelRequested('cancelled on request')),
    () => observer.tick(),
  );
  const mode = link.taskMode(call.name);
  try {
    observer.now({ status: 'running' });
    // A server over HTTP may still make a task of it: the offer costs nothing and the reply's shape decides. Over stdio a task dies
    // with this process, so only a tool that insists gets one, and it is driven to its end here.
    const asTask = mode.holdable || mode.tasks === 'required';
    const submission = await attended(
      deps,
      link,
      {
        stop,
        onProgress: (p) => observer.progress(p),
        onAnswered: events.onAnswered,
        onOpen: (open) =>
          observer.now({ pending_input: open, status: open.length > 0 ? 'input_required' : 'running' }),
      },
      () => (asTask ? link.submit(call, submitOptions(options)) : link.call(call, { signal: stop.signal })),
    );
    if (submission.kind === 'result' || mode.holdable || options.holds)
      return settle(deps, job, submission, options);
    return { job: await driveHere(deps, link, job, submission, options), synchronous: true };
  } catch (error) {
    if (error instanceof IoError) throw error;
    const end = endedHere(error) ? endedByUs(error, deps) : endOfFailure(error, deps.clock);
    return { ...failed(deps, job, error, end), synchronous: true };
  } finally {
    watching.abort(new Error('done'));
  }
}

/** A task that dies with this process: the record stays a local one, since no other process could reach the task. */
async function driveHere(
  deps: JobDeps,
  link: ServerLink,
  job: JobRecord,
  submission: TaskSubmission,
  { stop, events }: SubmitOptions,
): Promise<JobRecord> {
  const { fact } = submission;
  try {
    return await driveTask(
      deps,
      { ...job, backend: fact.backend, remote_task_id: fact.remote_task_id, remote: fact.remote },
      { stop, events, link },
    );
  } catch (error) {
    await link
      .backend(fact.backend)
      .cancel(fact.remote_task_id, { timeoutMs: 2_000 })
      .catch(() => {});
    throw error;
  }
}

function submitOptions(options: SubmitOptions) {
  const { ttlMs, stop } = options;
  return ttlMs === undefined ? { signal: stop.signal } : { signal: stop.signal, ttlMs };
}

/** A call that this process gave up: the server was told, and MCP has no confirmation for that. */
function endedByUs(error: unknown, deps: JobDeps): JobEnd {
  if (error instanceof CliError) return endOfFailure(error, deps.clock);
  return canceled((error as Error).message, deps.clock);
}

function failed(deps: JobDeps, job: JobRecord, error: unknown, end: JobEnd): Submitted {
  // A protocol error and a requested cancellation are outcomes of the work; anything else is also this command's failure.
  const outcome = error instanceof RpcError || error instanceof CancelRequested;
  return {
    job: recordEnd(deps, job, end),
    synchronous: false,
    ...(outcome ? {} : { error: error as Error }),
  };
}

/** Hears of a cancel request that another process wrote. */
function watchForCancel(
  deps: JobDeps,
  id: string,
  until: AbortSignal,
  onCancel: () => void,
  onLook: () => void = () => {},
): void {
  const look = async () => {
    for (;;) {
      await deps.clock.sleep(CANCEL_CHECK_MS, until);
      onLook();
      if (deps.store.cancelRequested(id)) return onCancel();
    }
  };
  look().catch(() => {});
}
