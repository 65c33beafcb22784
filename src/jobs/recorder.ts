/** All that is written of a job once it has its record: the server has accepted it, what was seen of it, how it ended. */
import { CliError, type ExitCode, IoError, UnreachableError, UsageError } from '../errors.ts';
import { stringifyJson } from '../lib/json/exact-json.ts';
import type { JobDeps, JobEvents } from './deps.ts';
import type { JobStore, Snapshot } from './ports.ts';
import {
  isTerminal,
  type JobEnd,
  type JobRecord,
  type Observation,
  type Progress,
  type TaskFact,
} from './record.ts';

/** The store does not take what is in hand: the disk refuses, or it is away. Code and exit code are those of the cause. */
class UnrecordedError extends IoError {
  override readonly code: string;
  override readonly exitCode: ExitCode;

  constructor(what: string, cause: CliError, details: { job_id: string; remote_task_id?: string }) {
    super(`${what}, which could not be recorded: ${cause.message}`, {
      cause,
      hint: cause.hint,
      details: { ...cause.details, ...details },
    });
    this.code = cause.code;
    this.exitCode = cause.exitCode;
  }
}

/** The work has ended, and its end is in hand. `job` is the record as it would be. */
export class UnrecordedEndError extends UnrecordedError {
  readonly job: JobRecord;
  readonly end: JobEnd;

  constructor(job: JobRecord, end: JobEnd, cause: CliError) {
    super(`${job.job_id} is ${end.status}`, cause, { job_id: job.job_id });
    this.job = job;
    this.end = end;
  }
}

/** The server has taken a call, whose handle is in hand. */
export class UnrecordedTaskError extends UnrecordedError {
  readonly jobId: string;
  readonly fact: TaskFact;

  constructor(jobId: string, fact: TaskFact, cause: CliError) {
    const { remote_task_id } = fact;
    super(`the server runs ${jobId} as task ${remote_task_id}`, cause, { job_id: jobId, remote_task_id });
    this.jobId = jobId;
    this.fact = fact;
  }
}

/**
 * Records how a job ended, and returns the record as it then stands: if somebody else was first, theirs counts. Error: UnrecordedEndError,
 * so that a result that was received is not lost with the error. A record that was removed meanwhile had ended: this end is told all the same.
 * `line` is the last one of the job's log.
 */
export async function recordEnd(
  deps: Pick<JobDeps, 'store'>,
  job: JobRecord,
  end: JobEnd,
  line?: string,
): Promise<JobRecord> {
  try {
    return await deps.store.finish(job.job_id, end, job.resumed, line);
  } catch (error) {
    if (error instanceof UsageError && error.code === 'unknown_job') return endedRecord(job, end);
    if (!takesNothing(error)) throw error;
    throw new UnrecordedEndError(endedRecord(job, end), end, error);
  }
}

/** Ends a job that this process gives up. One that has ended, and a task that goes on at its server, stay as they are. Errors: those of the store. */
export async function endIfHeld(store: JobStore, id: string, end: JobEnd): Promise<void> {
  const { status, holder } = await store.read(id);
  if (!isTerminal(status) && holder != null) await store.finish(id, end);
}

/** A store that takes nothing now may do so later. */
export function takesNothing(error: unknown): error is CliError {
  return error instanceof IoError || error instanceof UnreachableError;
}

function endedRecord(job: JobRecord, end: JobEnd): JobRecord {
  const { pending_input: _, ...rest } = job;
  return {
    ...rest,
    status: end.status,
    ...(end.result === undefined ? {} : { result: end.result }),
    error: end.error,
    remote: end.remote ?? job.remote,
    progress: end.progress ?? job.progress,
    updated_at: end.finished_at,
    observed_at: end.finished_at,
    finished_at: end.finished_at,
    holder: null,
  };
}

/**
 * For a job's promise: a job whose end could not be recorded is an outcome all the same, to be printed before `kept` is told. A result that
 * was received is not lost with a full disk.
 */
export function unrecordedJob(kept: UnrecordedEndError[]): (error: unknown) => JobRecord {
  return (error) => {
    if (!(error instanceof UnrecordedEndError)) throw error;
    kept.push(error);
    return error.job;
  };
}

/** The remote handle goes on record. One that cannot be written must not be lost with the error: the server runs the task. */
export async function recordAcceptance(
  deps: JobDeps,
  id: string,
  fact: Omit<TaskFact, 'accepted_at' | 'holder'>,
  holds?: boolean,
): Promise<void> {
  // The child of a process ends with it, and its tasks with the child.
  const dies = holds && fact.session.transport === 'stdio';
  const accepted: TaskFact = {
    ...fact,
    ...(dies ? { holder: deps.holder } : {}),
    accepted_at: deps.clock.now().toISOString(),
  };
  try {
    await deps.store.accept(id, accepted);
  } catch (error) {
    if (!takesNothing(error)) throw error;
    throw new UnrecordedTaskError(id, accepted, error);
  }
}

/** The shortest time between two observations on disk and two events about progress, in milliseconds. */
const INTERVAL_MS = 1_000;

/**
 * Keeps a job's record up to date while somebody looks at it: a change of status is written at once, anything else at most once a
 * second. A record that cannot be written (full or read-only disk) does not end the watching.
 */
export class JobRecorder {
  readonly #deps: JobDeps;
  readonly #id: string;
  readonly #events: JobEvents;
  #lastStatus: string | undefined;
  #lastRemote = '';
  #written = Number.NEGATIVE_INFINITY;
  #warned = false;
  #waiting: Observation | undefined;
  /** The last write that is under way, where the store takes its time: what comes later waits for it. */
  #writing: Promise<void> | undefined;

  constructor(deps: JobDeps, job: JobRecord, events: JobEvents) {
    this.#deps = deps;
    this.#id = job.job_id;
    this.#events = events;
    this.#lastStatus = job.status;
    this.#lastRemote = stringifyJson(job.remote);
  }

  seen(snapshot: Snapshot): void {
    const remote = stringifyJson(snapshot.remote);
    const changed = remote !== this.#lastRemote;
    this.#lastRemote = remote;
    const seen = observationOf(snapshot);
    const statusChanged = seen.status !== this.#lastStatus;
    this.#lastStatus = seen.status;
    if (statusChanged || changed) this.#record(seen, statusChanged);
    else this.tick();
  }

  /** Writes what was held back, once its time has come; for whoever comes by regularly. */
  tick(): void {
    if (this.#waiting) this.#record({}, false);
  }

  progress(progress: Progress): void {
    this.#record({ progress }, false);
  }

  /** Facts that must not wait. */
  now(seen: Observation): void {
    this.#record(seen, true);
  }

  /** Resolves when what was to be written by now is on record. */
  async written(): Promise<void> {
    await this.#writing;
  }

  /** The end with the progress that was held back: what came last is what counts. */
  withLast(end: JobEnd): JobEnd {
    const progress = end.progress ?? this.#waiting?.progress;
    return progress == null ? end : { ...end, progress };
  }

  #record(seen: Observation, urgent: boolean): void {
    const merged = { ...this.#waiting, ...seen };
    const at = this.#deps.clock.monotonic();
    if (!urgent && at - this.#written < INTERVAL_MS) {
      this.#waiting = merged;
      return;
    }
    this.#waiting = undefined;
    // What is urgent does not hold up the first progress after it.
    if (!urgent) this.#written = at;
    const before = this.#writing;
    const writing = (before ? before.then(() => this.#write(merged)) : this.#write(merged)).finally(() => {
      if (this.#writing === writing) this.#writing = undefined;
    });
    this.#writing = writing;
  }

  /** A store on disk has written it when this returns. */
  async #write(seen: Observation): Promise<void> {
    try {
      await this.#deps.store.observe(this.#id, seen);
      if (!this.#events.onChange) return;
      this.#events.onChange({ ...(await this.#deps.store.read(this.#id)), ...definedOnly(seen) });
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      if (!this.#warned) this.#events.onNote?.(`the record was not updated: ${error.message}`);
      this.#warned = true;
    }
  }
}

/** What was just seen is newer than what the disk may hold. */
function definedOnly(seen: Observation): Partial<JobRecord> {
  return Object.fromEntries(
    Object.entries(seen).filter(([, value]) => value !== undefined),
  ) as Partial<JobRecord>;
}

/** What a snapshot of a task that has not ended says, as the record takes it. */
export function observationOf(snapshot: Snapshot) {
  const { remote, progress, pollIntervalMs, attempt } = snapshot;
  return {
    status: snapshot.status as 'queued' | 'running' | 'input_required',
    ...(remote === null ? {} : { remote }),
    ...(progress === undefined ? {} : { progress }),
    ...(pollIntervalMs === undefined ? {} : { poll_interval_ms: pollIntervalMs }),
    ...(attempt === undefined ? {} : { attempt }),
  };
}
