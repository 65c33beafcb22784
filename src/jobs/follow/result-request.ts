import { RpcError, SessionGoneError, TaskUnknownError, UnsupportedError } from '../../errors.ts';
import type { Backend, Snapshot } from '../ports.ts';
import { isTerminal } from '../record.ts';

/**
 * The request for a task's result that blocks at the server until there is one (MCP 2025-11-25, `tasks/result`). One at a time; what it brings
 * is kept. A server that does not block, or refuses, is not asked again unless `allow` says so.
 */
export class ResultRequest {
  readonly #taskId: string;
  readonly #signal: AbortSignal;
  readonly #onNews: () => void;
  #running: Promise<void> | undefined;
  #allowed = true;
  /** The end that it has brought. */
  end: Snapshot | undefined;

  /** `onNews`: it has brought an end, or the news that there will be none. Aborting the signal gives it up, and the server hears of it. */
  constructor(taskId: string, signal: AbortSignal, onNews: () => void) {
    this.#taskId = taskId;
    this.#signal = signal;
    this.#onNews = onNews;
  }

  /** Resolves when it is answered; undefined while there is none. */
  get running(): Promise<void> | undefined {
    return this.#running;
  }

  /** It may be asked again: something has changed. */
  allow(): void {
    this.#allowed = true;
  }

  start(backend: Backend): void {
    if (!backend.blocks || this.#running || !this.#allowed || this.end) return;
    this.#running = this.#ask(backend).finally(() => {
      this.#running = undefined;
    });
  }

  async #ask(backend: Backend): Promise<void> {
    try {
      const end = await backend.result(this.#taskId, { signal: this.#signal });
      if (isTerminal(end.status)) this.end = end;
      // Not blocking here: the state comes from polls, the result when it is there.
      else this.#allowed = false;
      if (this.end) this.#onNews();
    } catch (error) {
      if (error instanceof RpcError || error instanceof UnsupportedError) this.#allowed = false;
      // Any other failure is tried again with the next poll: at once it would be without a pause for as long as it fails.
      if (isGone(error)) this.#onNews();
    }
  }
}

/** The news that nothing more can be learned of the task. */
export function isGone(error: unknown): boolean {
  return error instanceof TaskUnknownError || error instanceof SessionGoneError;
}
