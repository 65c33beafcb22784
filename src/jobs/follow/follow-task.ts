import {
  AuthError,
  ConfigError,
  InterruptedError,
  IoError,
  SessionGoneError,
  TaskUnknownError,
  TimeoutError,
  UnfinishedError,
  UnreachableError,
  UsageError,
} from '../../errors.ts';
import type { Stop } from '../../lib/stop.ts';
import type { JobDeps, JobEvents } from '../deps.ts';
import { dialectOf } from '../dialects.ts';
import { endOfSnapshot, lost } from '../job-end.ts';
import type { Backend, ServerLink, Snapshot } from '../ports.ts';
import { isTerminal, type JobEnd, type JobRecord } from '../record.ts';
import { JobRecorder, recordEnd } from '../recorder.ts';
import { fetchEnd } from './fetch-result.ts';
import { Failures, pollDelay } from './polling.ts';
import { isGone, ResultRequest } from './result-request.ts';
import { TaskQuestions } from './task-questions.ts';
import { WakeableSleep } from './wakeable-sleep.ts';

/** How long one status question may take, in milliseconds, before it counts as failed. */
const POLL_TIMEOUT_MS = 30_000;

/** A pause that is worth telling, in milliseconds. */
const LONG_PAUSE_MS = 20_000;

/** How long a blocking `tasks/result` may lag behind a terminal status, in milliseconds, before it is asked afresh. */
const RESULT_GRACE_MS = 15_000;

export interface FollowOptions {
  stop: Stop;
  events: JobEvents;
  /** A link that is open already (the submitter's own); it stays open. */
  link?: ServerLink | undefined;
  /** Where it is put down what is seen of the task; without it, in the job's record. */
  recorder?: Recorder | undefined;
}

/** What is told of a task on the way to its end. */
export type Recorder = Pick<JobRecorder, 'seen' | 'progress' | 'now' | 'tick' | 'withLast' | 'written'>;

/**
 * Stays with a remote task until it is terminal, records the end, and returns the record as it then stands. `tasks/result` is held
 * open (it blocks at the server), with `tasks/get` beside it for status and for servers whose `tasks/result` does not block.
 *
 * A failed poll ends nothing: it is repeated with backoff until `failureBudgetMs` of unbroken failure, pauses that the server asks for aside. Errors: UnreachableError after
 * that, AuthError, the stop's reason, UnfinishedError when the task asks and nobody can answer. None of these touches the job.
 */
export async function followTask(deps: JobDeps, job: JobRecord, options: FollowOptions): Promise<JobRecord> {
  return recordEnd(deps, job, await taskEnd(deps, job, options));
}

/** The same for a task that is not a job of its own: its end is returned, and not recorded. */
export async function taskEnd(deps: JobDeps, job: JobRecord, options: FollowOptions): Promise<JobEnd> {
  const driver = new TaskDriver(deps, job, options);
  try {
    return driver.withLast(await driver.run());
  } finally {
    await driver.release();
  }
}

class TaskDriver {
  readonly #deps: JobDeps;
  readonly #job: JobRecord;
  readonly #taskId: string;
  readonly #options: FollowOptions;
  readonly #recorder: Recorder;
  readonly #signal: AbortSignal;
  #link: ServerLink | undefined;
  #ownLink = false;
  /** Ends the turn that the link was opened in. */
  #endTurn = () => {};
  readonly #failures = new Failures();
  /** When the first of them was, ISO 8601 UTC. */
  #failingSince = '';
  readonly #conversation: TaskQuestions;
  /** Ends the blocking request when nobody here stays for its answer. */
  readonly #leave = new AbortController();
  readonly #sleep: WakeableSleep;
  readonly #blocking: ResultRequest;
  #listening = false;

  constructor(deps: JobDeps, job: JobRecord, options: FollowOptions) {
    this.#deps = deps;
    this.#job = job;
    this.#taskId = job.remote_task_id ?? '';
    this.#options = options;
    this.#recorder = options.recorder ?? new JobRecorder(deps, job, options.events);
    this.#signal = options.stop.signal;
    this.#sleep = new WakeableSleep(deps.clock, this.#signal);
    this.#blocking = new ResultRequest(
      this.#taskId,
      AbortSignal.any([this.#signal, this.#leave.signal]),
      () => this.#sleep.wake(),
    );
    this.#conversation = new TaskQuestions({
      deps,
      job,
      events: options.events,
      signal: this.#signal,
      recorder: this.#recorder,
      sleep: this.#sleep,
      blocking: this.#blocking,
    });
    if (options.link) this.#adopt(options.link);
  }

  withLast(end: JobEnd): JobEnd {
    return this.#recorder.withLast(end);
  }

  async run(): Promise<JobEnd> {
    for (;;) {
      this.#signal.throwIfAborted();
      try {
        const end = await this.#step();
        if (end) return end;
      } catch (error) {
        const end = await this.#verdict(error);
        if (end) return end;
        if (this.#deps.turns) await this.#letGo();
        await this.#afterFailure(error);
      }
    }
  }

  async release(): Promise<void> {
    this.#conversation.dispose();
    // The server hears of it: a question that comes later must not be put to a request which nobody reads any more.
    this.#leave.abort(new Error('stopped waiting'));
    if (this.#ownLink) await this.#letGo();
    else this.#link?.observe({});
  }

  /** Closes the link that was opened here; the next look opens another. */
  async #letGo(): Promise<void> {
    if (!this.#ownLink) return;
    const link = this.#link;
    this.#link = undefined;
    this.#listening = false;
    await link?.close({ keepSession: true }).catch(() => {});
    this.#endTurn();
  }

  /** One look at the task, and the pause until the next. */
  async #step(): Promise<JobEnd | undefined> {
    const backend = await this.#backend();
    this.#sleep.reset();
    const state = await backend.poll(this.#taskId, { signal: this.#signal, timeoutMs: POLL_TIMEOUT_MS });
    if (isTerminal(state.status)) return this.#fetchEnd(backend, state);
    if (this.#failures.count > 0 && this.#job.holder?.keeper) this.#recorder.now({ trouble: null });
    this.#failures.over();
    this.#recorder.seen(state);
    this.#conversation.sync(state);
    if (this.#blocking.end) return endOfSnapshot(this.#blocking.end, this.#deps.clock);
    // Among many, a link is held only where a question comes by it.
    const isBrief = this.#deps.turns && state.status !== 'input_required' && !this.#blocking.running;
    if (this.#deps.turns && !isBrief) this.#hear(backend);
    await this.#conversation.goOn(backend, state);
    if (isBrief) await this.#letGo();
    else this.#blocking.start(backend);
    await this.#sleep.untilDue(pollDelay(state.pollIntervalMs));
    if (this.#blocking.end) return endOfSnapshot(this.#blocking.end, this.#deps.clock);
    return undefined;
  }

  async #backend(): Promise<Backend> {
    let link = this.#link;
    if (!link) {
      this.#endTurn = (await this.#deps.turns?.take(this.#signal)) ?? this.#endTurn;
      this.#ownLink = true;
      link = await this.#deps.links.reopen(this.#job, this.#signal);
      this.#adopt(link);
    }
    const backend = link.backend(this.#job.backend ?? 'tasks-2025-11-25');
    if (!this.#deps.turns) this.#listen(backend);
    return backend;
  }

  /** Opens the ways that questions come by. */
  #hear(backend: Backend): void {
    this.#listen(backend);
    this.#blocking.start(backend);
  }

  #listen(backend: Backend): void {
    // The submitter's own session has had its stream since the handshake; subscriptions are to single tasks.
    const subscribes = !backend.blocks && !dialectOf(backend.name).outlivesSession;
    if (this.#listening || !(this.#ownLink || subscribes)) return;
    this.#listening = true;
    this.#link?.listen(this.#taskId, AbortSignal.any([this.#signal, this.#leave.signal])).catch(() => {});
  }

  #adopt(link: ServerLink): void {
    this.#link = link;
    link.observe({
      onProgress: (progress) => this.#recorder.progress(progress),
      onStatusHint: () => this.#sleep.wake(),
      onQuestion: (question) => this.#conversation.put(question),
      onWithdrawn: (requestId) => this.#conversation.withdraw(requestId),
    });
  }

  /** The task is terminal: its end with the result, from the request that waits for it or from a fresh one. */
  async #fetchEnd(backend: Backend, state: Snapshot): Promise<JobEnd> {
    const { clock } = this.#deps;
    // A task that was cancelled has none.
    if (state.status !== 'canceled') await this.#resultOnItsWay();
    if (this.#blocking.end) return endOfSnapshot(this.#blocking.end, clock);
    return fetchEnd(backend, this.#taskId, state, this.#deps, this.#signal);
  }

  /** Gives a result that is on its way the time to arrive. */
  async #resultOnItsWay(): Promise<void> {
    const { running, end } = this.#blocking;
    if (running && !end) await Promise.race([running, this.#sleep.pause(RESULT_GRACE_MS)]);
  }

  /** Ends that an error tells; undefined for a failure that may pass. Throws what must reach the person. */
  async #verdict(error: unknown): Promise<JobEnd | undefined> {
    const { clock } = this.#deps;
    if (this.#signal.aborted) throw this.#signal.reason;
    // A result on its way may cross with the news that the task is gone: what was received counts.
    if (isGone(error)) await this.#resultOnItsWay();
    if (this.#blocking.end) return endOfSnapshot(this.#blocking.end, clock);
    if (error instanceof TaskUnknownError) return lost('task_unknown', error.message, clock);
    if (error instanceof SessionGoneError && this.#mayReconnect()) return undefined;
    if (error instanceof SessionGoneError)
      return lost('session_gone', `${error.message}; the task belonged to it`, clock);
    if (isFinal(error)) throw error;
    return undefined;
  }

  /** The task may be known in another session; a server that was a child of this process has taken it along. */
  #mayReconnect(): boolean {
    const { backend, session } = this.#job;
    if (!dialectOf(backend).outlivesSession || session?.transport === 'stdio') return false;
    const link = this.#ownLink ? this.#link : undefined;
    void link?.close({ keepSession: true }).catch(() => {});
    this.#link = undefined;
    this.#listening = false;
    this.#endTurn();
    return true;
  }

  async #afterFailure(error: unknown): Promise<void> {
    const { clock, random, failureBudgetMs } = this.#deps;
    const now = clock.monotonic();
    const asked = error instanceof UnreachableError ? error.retryAfterMs : undefined;
    const delay = this.#failures.pause(now, asked, random(), failureBudgetMs);
    if (delay === undefined)
      throw error instanceof UnreachableError
        ? error
        : new UnreachableError(`no usable answer about the task: ${(error as Error).message}`, {
            cause: error,
          });
    const { message } = error as Error;
    const isFirst = this.#failures.count === 1;
    if (isFirst) this.#failingSince = clock.now().toISOString();
    if ((isFirst || asked) && this.#job.holder?.keeper) {
      // Others wait by the record alone, and have budgets of their own.
      const trouble = { since: this.#failingSince, message, asked_ms: this.#failures.askedMs };
      this.#recorder.now({ trouble });
    }
    if (isFirst) {
      // The longest pause that nobody asked for is shorter.
      const when =
        delay > LONG_PAUSE_MS ? ` in ${Math.round(delay / 1_000)} s, when the server wants it` : '';
      this.#options.events.onNote?.(`${message}; trying again${when} (the job is not affected)`);
    }
    // A server that asked for time gets it, whatever it notifies of meanwhile.
    for (let left = delay; left > 0 && !this.#blocking.end; left = now + delay - clock.monotonic()) {
      this.#signal.throwIfAborted();
      await this.#sleep.pause(left);
    }
  }
}

/** Errors that another try would not change, or that are not about the server at all. */
function isFinal(error: unknown): boolean {
  return [AuthError, TimeoutError, UnfinishedError, InterruptedError, UsageError, ConfigError, IoError].some(
    (kind) => error instanceof kind,
  );
}
