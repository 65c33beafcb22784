import { UnfinishedError } from '../../errors.ts';
import type { JsonObject } from '../../lib/json/json.ts';
import type { Participant } from '../question-router.ts';

/** Questions that came as a result rather than as a request (2026-07-28), under ids that are made up for them here. */
export class ResultQuestions {
  readonly #work: Participant;
  readonly #now: () => Date;
  readonly #waiting = new Map<string | number, (answer: JsonObject) => void>();

  constructor(work: Participant, now: () => Date) {
    this.#work = work;
    this.#now = now;
  }

  /** Resolves with the answer. Errors: UnfinishedError where nobody hears questions, the signal's reason. */
  ask(
    { method, params }: { method: string; params: JsonObject },
    signal: AbortSignal | undefined,
  ): Promise<JsonObject> {
    return new Promise((resolve, reject) => {
      const request_id = `round-${this.#waiting.size + 1}`;
      this.#waiting.set(request_id, resolve);
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      const { onQuestion } = this.#work.events;
      if (!onQuestion) return reject(new UnfinishedError('input_required', 'the server asks for input'));
      onQuestion({ request_id, method, params, received_at: this.#now().toISOString() }, true);
    });
  }

  /** False where the question is none of these. */
  answer(id: string | number, result: JsonObject): boolean {
    const resolve = this.#waiting.get(id);
    resolve?.(result);
    return resolve !== undefined;
  }
}
