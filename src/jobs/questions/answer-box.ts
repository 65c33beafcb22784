/** What a store that machines share does for answers to what jobs ask. Declared here, as ports.ts is. */
import type { JsonObject } from '../../lib/json/json.ts';
import type { PendingInput } from '../record.ts';

/** An answer as whoever gave it left it, and what has become of it. */
export interface LeftAnswer {
  /** Of whoever gave it. */
  token: string;
  /** Until it is taken. */
  answer?: JsonObject;
  /** In place of it: why it cannot be read here. */
  unreadable?: string;
  /** `taken`: whoever holds the job brings it to the server; `refused`: the server will not have it, and says why. */
  state?: 'taken' | 'refused';
  message?: string;
}

type Question = Pick<PendingInput, 'request_id' | 'received_at'>;

/** Answers on their way from any machine to whoever holds the job. The first one to a question counts. Errors of all: those of the store. */
export interface AnswerBox {
  /**
   * Leaves an answer, and has the holder told. `given`: it is there, however often this is asked with one token; `answered`: another one was first;
   * `ended`: the job has ended. Error: UsageError for an unknown job.
   */
  give(
    id: string,
    question: Question,
    left: Required<Pick<LeftAnswer, 'token' | 'answer'>>,
  ): Promise<'given' | 'answered' | 'ended'>;
  /** What was left for a question, if anything was. */
  left(id: string, question: Question): Promise<LeftAnswer | undefined>;
  /** Says what has become of an answer; its text is not kept any longer. */
  settle(id: string, question: Question, state: 'taken' | 'refused', message?: string): Promise<void>;
}
