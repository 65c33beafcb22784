/** What a store that machines share does for calls that workers make, wherever they are. Declared here, as ports.ts is. */
import type { AbortSignalLike } from '../lib/clock.ts';
import type { HolderFacts } from '../lib/disk/holder-facts.ts';
import type { JobRecord, NewJob } from './record.ts';

/** A job for the workers of a target. */
export interface NewQueuedJob extends Omit<NewJob, 'holder'> {
  /** Which server it is for (config/target/target-hash.ts): a worker whose instance of that name is another server never gets it. */
  target: string;
  /** The call (calls/queued-call.ts) as text: JSON, sealed where it has secrets. */
  call: string;
  /** How often the call may be sent. */
  attempts: number;
  /** Of the job of a workflow's step. */
  step?: StepOfWorkflow;
}

/** Whose step a job is. It is made once, whoever asks for it and how often, and in no list. */
export interface StepOfWorkflow {
  /** The id of the step's job: the same for the same step of the same round. */
  id: string;
  workflow: string;
  round: number;
  /** The claim of the worker that drives the workflow. */
  token: string;
}

/** A worker, as it tells of itself. */
export interface WorkerFacts {
  id: string;
  host: string;
  pid: number;
  version: string;
  /** ISO 8601 UTC. */
  started_at: string;
  /** Calls at a time. */
  concurrency: number;
  /** It takes nothing new. */
  draining: boolean;
  /** The jobs that it has under way. */
  jobs: string[];
}

export interface QueueState {
  target: string;
  /** Those that live. */
  workers: WorkerFacts[];
  /** Jobs that no worker has begun. */
  waiting: number;
  /** When the oldest of them was submitted, ISO 8601 UTC. */
  oldest: string | null;
  /** Jobs that workers have begun, and that have not ended. */
  running: number;
}

/**
 * What a claim comes to. `drop`: the job has ended, or is none; `wait`: another worker has it; `send`: the call may be sent, as this attempt;
 * `drive`: the server has made a task of it, which is to be followed, or it is a workflow that a worker had before; `lost`, `canceled`: so it has ended now, and nothing is sent.
 */
export interface Claim {
  decision: 'drop' | 'wait' | 'send' | 'drive' | 'lost' | 'canceled';
  attempt: number;
  /** The job that may be sent, or is to be driven, as it is now, and the text of its call. */
  taken?: { job: JobRecord; call: string };
}

export interface Claimant {
  worker: string;
  /** The worker as the holder of the job. */
  holder: HolderFacts;
  /** Milliseconds that its lease lasts from now on. */
  leaseMs: number;
}

/** Errors of all of them: those of the store. */
export interface CallQueue {
  /** Looks whether a worker may do there all that it needs. Error: AuthError that says what it may not. */
  checkRights(): Promise<void>;
  /**
   * Publishes a record together with its call. `alive`: the workers of the target that live. It is kept, whole, when this resolves. Error:
   * UsageError, code `superseded`, for a step of a workflow that another worker drives by now.
   */
  submit(job: NewQueuedJob): Promise<{ job: JobRecord; alive: number }>;
  /**
   * Decides about a delivery. The same `token` is the same claim, however often it is asked; another delivery has another one. Error: RecordError
   * for a record that cannot be read.
   */
  claim(id: string, claimant: Claimant, token: string): Promise<Claim>;
  /** Whether the job is still this claim's, whose attempt of that number begins now. */
  beginAttempt(id: string, token: string, attempt: number): Promise<boolean>;
  /** Whether it is, or was, a job for workers. */
  isQueued(id: string): Promise<boolean>;
  /** Those of the jobs that are workflows. */
  workflows(ids: readonly string[]): Promise<string[]>;
  /** Opens a workflow that has ended again, for the workers of the target. Errors: as `JobStore.resume`. */
  resume(id: string, target: string, call: string): Promise<JobRecord>;
  /** Leaves a workflow to other workers. */
  leave(id: string, token: string): Promise<void>;
  /** The worker lives for the milliseconds of its lease; 0: it leaves. */
  beat(target: string, worker: WorkerFacts, lease: Omit<Claimant, 'worker'>): Promise<void>;
  /** Takes ids of submitted jobs that no worker has heard of, the oldest first; each is taken once. */
  take(target: string, most: number): Promise<string[]>;
  /** Resolves when there may be something to take. The signal ends the wait. */
  submitted(target: string, signal: AbortSignalLike): Promise<void>;
  /**
   * Jobs that should be delivered again, for the one worker that looks at a time (it does for `alone` milliseconds): those whose worker is gone,
   * and of those that wait for longer than `long` milliseconds the next few after `from`.
   */
  overdue(
    target: string,
    worker: string,
    options: { alone: number; long: number; from: number },
  ): Promise<{ ids: string[]; next: number }>;
  /** The targets that calls were submitted for or that workers serve, with what waits for each. */
  state(): Promise<QueueState[]>;
  /**
   * Hears of jobs that something was asked of which this worker has: a cancellation, an answer. Of a step whose workflow it drives: `step ID`.
   * `onMissed`: of any of them something may have been told that was not heard.
   */
  mail(worker: string, onMail: (id: string) => void, onMissed: () => void): Promise<void>;
}
