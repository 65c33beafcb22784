import {
  AuthError,
  ConfigError,
  InterruptedError,
  IoError,
  RpcError,
  SessionGoneError,
  TaskUnknownError,
  TimeoutError,
  UnfinishedError,
  UnreachableError,
  UsageError,
} from '../errors.ts';
import type { JobDeps, JobEvents } from './deps.ts';
import { dialectOf } from './dialects.ts';
import { endOfSnapshot, lost } from './ending.ts';
import { fetchEnd } from './fetch-end.ts';
import { inputRequired } from './held.ts';
import { Observer } from './observing.ts';
import { backoffDelay, pollDelay } from './polling.ts';
import type { Backend, InputResponse, ServerLink, Snapshot } from './ports.ts';
import { Questions } from './questions.ts';
import { isTerminal, type JobEnd, type JobRecord, type PendingInput } from './record.ts';
import { recordEnd } from './recording.ts';
import { isGone, ResultRequest } from './result-request.ts';
import type { Stop } from './stop.ts';
import { Waker } from './waker.ts';

/** How long one status question may take, in milliseconds, before it counts as failed. */
const POLL_TIMEOUT_MS = 30_000;

/** How long a blocking `tasks/result` may lag behind a terminal status, in milliseconds, before it is asked afresh. */
const RESULT_GRACE_MS = 15_000;

/** How long a server gets to put a question afresh before one that was put to an earlier process is asked instead, in milliseconds. */
const FRESH_QUESTION_MS = 1_500;

export interface DriveOptions {
  stop: Stop;
  events: JobEvents;
  /** A link that is open already (the submitter's own); it stays open. */
  link?: ServerLink | undefined;
}

/**
 * Stays with a remote task until it is terminal, records the end, and returns the record as it then stands. `tasks/result` is held
 * open (it blocks at the server), with `tasks/get` beside it for status and for servers whose `tasks/result` does not block.
 *
 * A failed poll ends nothing: it is repeated with backoff until `failureBudgetMs` of unbroken failure. Errors: UnreachableError after
 * that, AuthError, the stop's reason, UnfinishedError when the task asks and nobody can answer. None of these touches the job.
 */
export async function driveTask(deps: JobDeps, job: JobRecord, options: DriveOptions): Promise<JobRecord> {
  const driver = new TaskDriver(deps, job, options);
  try {
    return recordEnd(deps, job, await driver.run());
  } finally {
    await driver.release();
  }
}

class TaskDriver {
  readonly #deps: JobDeps;
  readonly #job: JobRecord;
  readonly #taskId: string;
  readonly #options: DriveOptions;
  readonly #observer: Observer;
  readonly #signal: AbortSignal;
  #link: ServerLink | undefined;
  #ownLink = false;
  #failures = 0;
  #failingSince: number | undefined;
  readonly #questions: Questions;
  /** Ends the blocking request when nobody here stays for its answer. */
  readonly #leave = new AbortController();
  readonly #waker: Waker;
  readonly #blocking: ResultRequest;
  #listening = false;
  /** The last look at the task had it wait for input, with a question of it here. */
  #asked = false;
  /** Since when the task waits for input without a question here, on the monotonic clock. */
  #askedSince: number | undefined;

  constructor(deps: JobDeps, job: JobRecord, options: DriveOptions) {
    this.#deps = deps;
    this.#job = job;
    this.#taskId = job.remote_task_id ?? '';
    this.#options = options;
    this.#observer = new Observer(deps, job, options.events);
    this.#signal = options.stop.signal;
    this.#waker = new Waker(deps.clock, this.#signal);
    this.#blocking = new ResultRequest(
      this.#taskId,
      AbortSignal.any([this.#signal, this.#leave.signal]),
      () => this.#waker.rouse(),
    );
    this.#questions = new Questions({
      ask: deps.ask,
      automatic: deps.automatic,
      signal: this.#signal,
      // On record before anybody is asked: servers put a question once, so it must outlive this process.
      onOpen: (open) => this.#observer.now({ pending_input: open }),
      onReady: () => this.#waker.rouse(),
    });
    this.#questions.inherit(job.pending_input ?? []);
    if (options.link) this.#adopt(options.link);
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
        await this.#afterFailure(error);
      }
    }
  }

  async release(): Promise<void> {
    this.#questions.dispose();
    // The server hears of it: a question that comes later must not be put to a request which nobody reads any more.
    this.#leave.abort(new Error('stopped waiting'));
    if (this.#ownLink) await this.#link?.close({ keepSession: true }).catch(() => {});
    else this.#link?.observe({});
  }

  /** One look at the task, and the pause until the next. */
  async #step(): Promise<JobEnd | undefined> {
    const backend = await this.#backend();
    this.#waker.looked();
    const state = await backend.poll(this.#taskId, { signal: this.#signal, timeoutMs: POLL_TIMEOUT_MS });
    if (isTerminal(state.status)) return this.#fetchEnd(backend, state);
    if (this.#failures > 0 && this.#job.holder?.keeper) this.#observer.now({ trouble: null });
    this.#failures = 0;
    this.#failingSince = undefined;
    this.#observer.snapshot(state);
    if (state.questions) this.#questions.sync(state.questions);
    if (this.#blocking.end) return endOfSnapshot(this.#blocking.end, this.#deps.clock);
    const asks = state.status === 'input_required';
    // Without a list of questions the status tells that ours was answered elsewhere: it had waited for input, and goes on.
    if (!asks && this.#asked && !state.questions) this.#questions.sync([]);
    this.#asked = asks && this.#questions.pending;
    if (this.#questions.pending || !asks) this.#askedSince = undefined;
    if (this.#questions.pending || asks) await this.#converse(backend, state);
    this.#blocking.start(backend);
    await this.#waker.untilDue(pollDelay(state.pollIntervalMs));
    if (this.#blocking.end) return endOfSnapshot(this.#blocking.end, this.#deps.clock);
    return undefined;
  }

  async #backend(): Promise<Backend> {
    let link = this.#link;
    if (!link) {
      link = await this.#deps.links.reopen(this.#job, this.#signal);
      this.#ownLink = true;
      this.#adopt(link);
    }
    const backend = link.backend(this.#job.backend ?? 'tasks-2025-11-25');
    // The submitter's own session has had its stream since the handshake; subscriptions are to single tasks.
    const subscribes = !backend.blocks && !dialectOf(backend.name).outlivesSession;
    if (!this.#listening && (this.#ownLink || subscribes)) {
      this.#listening = true;
      link.listen(this.#taskId, AbortSignal.any([this.#signal, this.#leave.signal])).catch(() => {});
    }
    return backend;
  }

  #adopt(link: ServerLink): void {
    this.#link = link;
    link.observe({
      onProgress: (progress) => this.#observer.progress(progress),
      onStatusHint: () => this.#waker.rouse(),
      onQuestion: (question) => {
        this.#questions.put(question);
        this.#waker.rouse();
      },
      onWithdrawn: (requestId) => {
        this.#questions.withdraw(requestId);
        this.#waker.rouse();
      },
    });
  }

  /** The task is terminal: its end with the result, from the request that waits for it or from a fresh one. */
  async #fetchEnd(backend: Backend, state: Snapshot): Promise<JobEnd> {
    const { clock } = this.#deps;
    await this.#resultOnItsWay();
    if (this.#blocking.end) return endOfSnapshot(this.#blocking.end, clock);
    return fetchEnd(backend, this.#taskId, state, this.#deps, this.#signal);
  }

  /** Gives a result that is on its way the time to arrive. */
  async #resultOnItsWay(): Promise<void> {
    const { running, end } = this.#blocking;
    if (running && !end) await Promise.race([running, this.#waker.pause(RESULT_GRACE_MS)]);
  }

  /** Puts what the server asks to whoever can answer, and delivers what was answered. */
  async #converse(backend: Backend, state: Snapshot): Promise<void> {
    const questions = this.#questions;
    if (questions.unanswerable && (questions.pending || !this.#mayCome())) {
      await this.#questionOnItsWay();
      if (this.#blocking.end) return;
      if (questions.open.length > 0) this.#observer.now({ status: 'input_required' });
      throw inputRequired(this.#job, questions.open, state.message ?? state.progress?.message);
    }
    if (backend.blocks && questions.inherited.length > 0) await this.#preferFresh(backend);
    // Without a question in hand the blocking request fetches it.
    questions.askAll();
    for (const { question, answer } of questions.ready) {
      if (!(await this.#deliver(backend, question, answer))) continue;
      questions.delivered(question);
      this.#options.events.onAnswered?.(question, answer);
      this.#blocking.allow();
    }
  }

  /** Gives a question the time to arrive that is on its way to the request for the result: put once, it would be lost with that. */
  async #questionOnItsWay(): Promise<void> {
    const { clock } = this.#deps;
    const until = clock.monotonic() + FRESH_QUESTION_MS;
    for (let left = FRESH_QUESTION_MS; left > 0; left = until - clock.monotonic()) {
      if (this.#questions.pending || !this.#blocking.running || this.#blocking.end) return;
      await this.#waker.pause(left);
    }
  }

  /** A question that is not here may still come, where there is anybody to answer it. */
  #mayCome(): boolean {
    const { ask, automatic, questionWaitMs, clock } = this.#deps;
    if (!ask && !automatic) return false;
    const now = clock.monotonic();
    if (automatic?.busy) this.#askedSince = now;
    this.#askedSince ??= now;
    return questionWaitMs === undefined || now - this.#askedSince <= questionWaitMs;
  }

  /** False when the server refuses the answer, and that is for somebody else to hear. */
  async #deliver(backend: Backend, question: PendingInput, answer: InputResponse): Promise<boolean> {
    const options = { signal: this.#signal, timeoutMs: POLL_TIMEOUT_MS };
    try {
      await backend.answer(this.#taskId, question.request_id, answer, options);
      return true;
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      const refusal = new UnfinishedError(
        'input_required',
        `the server refused the answer: ${error.message}`,
        {
          cause: error,
        },
      );
      const { onRefused } = this.#options.events;
      if (!onRefused) throw refusal;
      this.#questions.put(question);
      onRefused(question, refusal);
      return false;
    }
  }

  /** Some servers put the question again to whoever waits next, and do not listen to an answer under its old id any more. */
  async #preferFresh(backend: Backend): Promise<void> {
    this.#blocking.start(backend);
    const { open, inherited } = this.#questions;
    if (open.length === inherited.length) await this.#waker.pause(FRESH_QUESTION_MS);
    this.#questions.dropRepeated();
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
    if (this.#ownLink) void this.#link?.close({ keepSession: true }).catch(() => {});
    this.#link = undefined;
    this.#listening = false;
    return true;
  }

  async #afterFailure(error: unknown): Promise<void> {
    const { clock, random, failureBudgetMs } = this.#deps;
    const now = clock.monotonic();
    this.#failingSince ??= now;
    this.#failures += 1;
    const retryAfter = error instanceof UnreachableError ? error.retryAfterMs : undefined;
    const delay = backoffDelay(this.#failures, retryAfter, random());
    if (now + delay - this.#failingSince > failureBudgetMs)
      throw error instanceof UnreachableError
        ? error
        : new UnreachableError(`no usable answer about the task: ${(error as Error).message}`, {
            cause: error,
          });
    if (this.#failures === 1 && this.#job.holder?.keeper) {
      // Others wait by the record alone, and have budgets of their own.
      const message = (error as Error).message;
      this.#observer.now({ trouble: { since: clock.now().toISOString(), message } });
    }
    if (this.#failures === 1)
      this.#options.events.onNote?.(`${(error as Error).message}; trying again (the job is not affected)`);
    // A server that asked for time gets it, whatever it notifies of meanwhile.
    for (let left = delay; left > 0 && !this.#blocking.end; left = now + delay - clock.monotonic()) {
      this.#signal.throwIfAborted();
      await this.#waker.pause(left);
    }
  }
}

/** Errors that another try would not change, or that are not about the server at all. */
function isFinal(error: unknown): boolean {
  return [AuthError, TimeoutError, UnfinishedError, InterruptedError, UsageError, ConfigError, IoError].some(
    (kind) => error instanceof kind,
  );
}
