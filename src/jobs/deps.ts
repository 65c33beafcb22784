import type { Clock } from '../lib/clock.ts';
import type { HolderFacts } from '../lib/disk/holder-facts.ts';
import type { Turns } from '../lib/turns.ts';
import type { Answerer, AutomaticAnswers, InputResponse, JobStore, LinkOpener, LogMessage } from './ports.ts';
import type { JobRecord, PendingInput } from './record.ts';

/** What the job service works with; built once per command. */
export interface JobDeps {
  store: JobStore;
  links: LinkOpener;
  clock: Clock & { sleep(ms: number, signal?: AbortSignal): Promise<void> };
  /** In [0, 1). */
  random: () => number;
  holder: HolderFacts;
  /** Nobody to ask without it. */
  ask?: Answerer | undefined;
  /** Comes before anybody is asked. */
  automatic?: AutomaticAnswers | undefined;
  /**
   * How long a task may say that it waits for input without putting its question here, in milliseconds, before nobody here is taken to
   * answer it. Without it there is no limit: a person is at hand.
   */
  questionWaitMs?: number | undefined;
  /** Hears the server's log messages, where the call asks for such. */
  onLog?: ((message: LogMessage) => void) | undefined;
  /**
   * Many tasks are followed at once: each has a connection only in its turn, to ask for its state, and holds none open until its end. Without it each
   * has one all the time.
   */
  turns?: Turns | undefined;
  /** Hears of what is asked of a job of this process's, sooner and for less than by the store's own `changes`. */
  changes?: JobStore['changes'] | undefined;
  /** Milliseconds of unbroken failure that end a wait. */
  failureBudgetMs: number;
}

/** What a caller may want to see while work goes on. */
export interface JobEvents {
  /** The record changed: status, progress or remote state. */
  onChange?: (job: JobRecord) => void;
  /** Something a person should know; one line. */
  onNote?: (text: string) => void;
  /** An answer has reached the server. */
  onAnswered?: ((question: PendingInput, answer: InputResponse) => void) | undefined;
  /** The server has refused an answer; the question is open again. Without it a refusal ends the wait. */
  onRefused?: ((question: PendingInput, error: Error) => void) | undefined;
}
