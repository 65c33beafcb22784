import { UsageError } from '../../errors.ts';
import type { JobEvents } from '../../jobs/deps.ts';
import type { Answer, Answerer } from '../../jobs/ports.ts';
import type { PendingInput } from '../../jobs/record.ts';

type Id = string | number;

/** An answer that is on its way to the server. */
interface Delivery {
  resolve: () => void;
  reject: (error: Error) => void;
}

/**
 * The open questions of one job: what its policy does not answer is offered through the record, and waits here for the answer that `jobs
 * answer`, or a wait on a terminal, brings.
 */
export class OpenQuestions {
  readonly #automatic: Answerer | undefined;
  readonly #open = new Map<Id, (answer: Answer) => void>();
  readonly #deliveries = new Map<Id, Delivery>();

  constructor(automatic?: Answerer) {
    this.#automatic = automatic;
  }

  readonly answerer: Answerer = async (question, signal) =>
    (await this.#automatic?.(question, signal)) ?? this.#offer(question, signal as AbortSignal | undefined);

  /**
   * Answers a question, once: the first answer counts. Resolves when the server has it. Errors: UsageError when it is not open, and what the
   * server refuses the answer with.
   */
  answer(jobId: string, id: Id, answer: Answer): Promise<void> {
    const take = this.#open.get(id);
    if (!take)
      return Promise.reject(
        new UsageError(`${jobId} does not ask this any more`, { code: 'nothing_to_answer' }),
      );
    return new Promise((resolve, reject) => {
      this.#deliveries.set(id, { resolve, reject });
      take(answer);
    });
  }

  /** What the work that asks them has to tell. */
  readonly events: Pick<JobEvents, 'onAnswered' | 'onRefused'> = {
    onAnswered: ({ request_id }) => this.#close(request_id),
    onRefused: ({ request_id }, error) => this.#close(request_id, error),
  };

  /** The server has the answer, or (`refusal`) will not have it. */
  #close(id: Id, refusal?: Error): void {
    const delivery = this.#deliveries.get(id);
    this.#deliveries.delete(id);
    if (refusal) delivery?.reject(refusal);
    else delivery?.resolve();
  }

  #offer(question: PendingInput, signal: AbortSignal | undefined): Promise<Answer> {
    const { request_id: id } = question;
    return new Promise((resolve, reject) => {
      const withdraw = () => {
        this.#open.delete(id);
        reject(signal?.reason);
      };
      if (signal?.aborted) return withdraw();
      signal?.addEventListener('abort', withdraw, { once: true });
      this.#open.set(id, (answer) => {
        this.#open.delete(id);
        signal?.removeEventListener('abort', withdraw);
        // Work that ends before the answer is delivered has no more use for it.
        signal?.addEventListener('abort', () => this.#close(id), { once: true });
        resolve(answer);
      });
    });
  }
}
