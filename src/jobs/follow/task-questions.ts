import { RpcError, UnfinishedError } from '../../errors.ts';
import type { JobDeps, JobEvents } from '../deps.ts';
import type { Backend, InputResponse, Snapshot } from '../ports.ts';
import { Questions } from '../questions/pending-questions.ts';
import type { JobRecord, PendingInput } from '../record.ts';
import type { JobRecorder } from '../recorder.ts';
import { inputRequired } from './follow-record.ts';
import type { ResultRequest } from './result-request.ts';
import type { WakeableSleep } from './wakeable-sleep.ts';

/** How long one request that brings an answer may take, in milliseconds. */
const ANSWER_TIMEOUT_MS = 30_000;

/** How long a server gets to put a question afresh before one that was put to an earlier process is asked instead, in milliseconds. */
const FRESH_QUESTION_MS = 1_500;

export interface TaskQuestionsOptions {
  deps: JobDeps;
  job: JobRecord;
  events: JobEvents;
  signal: AbortSignal;
  recorder: Pick<JobRecorder, 'now' | 'written'>;
  sleep: WakeableSleep;
  blocking: ResultRequest;
}

/** What a task asks while somebody stays with it: who can answer is asked, and the answers are brought to the server. */
export class TaskQuestions {
  readonly #options: TaskQuestionsOptions;
  readonly #questions: Questions;
  /** The last look at the task had it wait for input, with a question of it here. */
  #asked = false;
  /** Since when the task waits for input without a question here, on the monotonic clock. */
  #askedSince: number | undefined;

  constructor(options: TaskQuestionsOptions) {
    this.#options = options;
    const { deps, signal, recorder, sleep, job } = options;
    this.#questions = new Questions({
      ask: deps.ask,
      automatic: deps.automatic,
      signal,
      // On record before anybody is asked: servers put a question once, so it must outlive this process.
      onOpen: (open) => recorder.now({ pending_input: open }),
      onReady: () => sleep.wake(),
    });
    this.#questions.inherit(job.pending_input ?? []);
  }

  put(question: PendingInput): void {
    this.#questions.put(question);
    this.#options.sleep.wake();
  }

  withdraw(requestId: string | number): void {
    this.#questions.withdraw(requestId);
    this.#options.sleep.wake();
  }

  dispose(): void {
    this.#questions.dispose();
  }

  /** Takes in what a look at the task says of its questions. */
  sync(state: Snapshot): void {
    if (state.questions) this.#questions.sync(state.questions);
  }

  /**
   * Asks, and answers, as the task's state wants it. Error: UnfinishedError when it waits for input that nobody here gives, or refuses an answer
   * that nobody hears of.
   */
  async goOn(backend: Backend, state: Snapshot): Promise<void> {
    const asks = state.status === 'input_required';
    // Without a list of questions the status tells that ours was answered elsewhere: it had waited for input, and goes on.
    if (!asks && this.#asked && !state.questions) this.#questions.sync([]);
    this.#asked = asks && this.#questions.pending;
    if (this.#questions.pending || !asks) this.#askedSince = undefined;
    if (this.#questions.pending || asks) await this.#converse(backend, state);
  }

  /** Puts what the server asks to whoever can answer, and delivers what was answered. */
  async #converse(backend: Backend, state: Snapshot): Promise<void> {
    const questions = this.#questions;
    if (questions.unanswerable && (questions.pending || !this.#mayCome())) {
      await this.#questionOnItsWay();
      if (this.#options.blocking.end) return;
      if (questions.open.length > 0) this.#options.recorder.now({ status: 'input_required' });
      throw inputRequired(this.#options.job, questions.open, state.message ?? state.progress?.message);
    }
    if (backend.blocks && questions.inherited.length > 0) await this.#preferFresh(backend);
    await this.#options.recorder.written();
    // Without a question in hand the blocking request fetches it.
    questions.askAll();
    for (const { question, answer } of questions.ready) {
      if (!(await this.#deliver(backend, question, answer))) continue;
      questions.delivered(question);
      this.#options.events.onAnswered?.(question, answer);
      this.#options.blocking.allow();
    }
  }

  /** Gives a question the time to arrive that is on its way to the request for the result: put once, it would be lost with that. */
  async #questionOnItsWay(): Promise<void> {
    const { clock } = this.#options.deps;
    const until = clock.monotonic() + FRESH_QUESTION_MS;
    for (let left = FRESH_QUESTION_MS; left > 0; left = until - clock.monotonic()) {
      if (this.#questions.pending || !this.#options.blocking.running || this.#options.blocking.end) return;
      await this.#options.sleep.pause(left);
    }
  }

  /** A question that is not here may still come, where there is anybody to answer it. */
  #mayCome(): boolean {
    const { ask, automatic, questionWaitMs, clock } = this.#options.deps;
    if (!ask && !automatic) return false;
    const now = clock.monotonic();
    if (automatic?.busy) this.#askedSince = now;
    this.#askedSince ??= now;
    return questionWaitMs === undefined || now - this.#askedSince <= questionWaitMs;
  }

  /** False when the server refuses the answer, and that is for somebody else to hear. */
  async #deliver(backend: Backend, question: PendingInput, answer: InputResponse): Promise<boolean> {
    const options = { signal: this.#options.signal, timeoutMs: ANSWER_TIMEOUT_MS };
    try {
      await backend.answer(this.#options.job.remote_task_id ?? '', question.request_id, answer, options);
      return true;
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      const refusal = new UnfinishedError(
        'input_required',
        `the server refused the answer: ${error.message}`,
        { cause: error },
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
    this.#options.blocking.start(backend);
    const { open, inherited } = this.#questions;
    if (open.length === inherited.length) await this.#options.sleep.pause(FRESH_QUESTION_MS);
    this.#questions.dropRepeated();
  }
}
