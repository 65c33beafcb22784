import type { JobDeps } from '../deps.ts';

/** A pause that ends early when something has happened, also when that was just before it began. */
export class WakeableSleep {
  readonly #clock: JobDeps['clock'];
  readonly #signal: AbortSignal;
  #wake: () => void = () => {};
  #due = false;

  constructor(clock: JobDeps['clock'], signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
  }

  /** Something has happened: the pause ends, or the next one does not begin. */
  wake(): void {
    this.#due = true;
    this.#wake();
  }

  /** What has happened until now is being looked at. */
  reset(): void {
    this.#due = false;
  }

  /** Waits, unless something has happened since `looked`. Error: the signal's reason. */
  async untilDue(ms: number): Promise<void> {
    if (!this.#due) await this.pause(ms);
  }

  /** Waits for `ms` milliseconds or until something happens from now on. Error: the signal's reason, when it is aborted meanwhile. */
  async pause(ms: number): Promise<void> {
    if (this.#signal.aborted) return;
    const nap = new AbortController();
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    const onStop = () => nap.abort(this.#signal.reason);
    this.#signal.addEventListener('abort', onStop, { once: true });
    try {
      await Promise.race([this.#clock.sleep(ms, nap.signal), woken]);
    } finally {
      this.#signal.removeEventListener('abort', onStop);
      this.#wake = () => {};
      nap.abort(new Error('awake'));
    }
  }
}
