/** jq in a thread, which can be ended: an expression may have no end, and jq itself cannot be interrupted. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { JqError } from './jq.ts';

/** How long an expression may take, in milliseconds, on a busy machine, too. */
const LONGEST_MS = 30_000;

export interface JqTask {
  json: string;
  expression: string;
}

export type JqAnswer = { text: string } | { problem: string };

/** Bundled beside this file. From source, as in unit tests, it is the one that was built last: Node runs no TypeScript. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? '../../../dist/jq-worker.cjs' : './jq-worker.cjs',
  import.meta.url,
);

/** Evaluates one expression after the other. The thread starts with the first one. */
export class JqThread {
  readonly #longestMs: number;
  #worker: Worker | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(longestMs = LONGEST_MS) {
    this.#longestMs = longestMs;
  }

  /** What `jq -c` prints for a JSON document: a value a line. Errors: JqError, also for what does not come to its end; the signal's reason. */
  run(json: string, expression: string, signal: AbortSignal): Promise<string> {
    const mine = this.#turn.then(() => this.#evaluate({ json, expression }, signal));
    this.#turn = mine.catch(() => {});
    return mine;
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = undefined;
  }

  async #evaluate(task: JqTask, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    this.#worker ??= new Worker(WORKER, { execArgv: [] });
    const limit = AbortSignal.timeout(this.#longestMs);
    try {
      const answered = once(this.#worker, 'message', { signal: AbortSignal.any([signal, limit]) });
      this.#worker.postMessage(task);
      const [answer] = (await answered) as [JqAnswer];
      if ('text' in answer) return answer.text;
      throw new JqError(answer.problem);
    } catch (error) {
      if (error instanceof JqError) throw error;
      // It is at the expression still, or has ended: the next one has another.
      await this.close();
      signal.throwIfAborted();
      if (limit.aborted)
        throw new JqError(`the expression does not come to its end (${this.#longestMs / 1_000} s)`);
      throw new JqError(`the expression was not evaluated: ${(error as Error).message}`, { cause: error });
    }
  }
}
