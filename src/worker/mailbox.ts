/** What is asked of the jobs that a worker has, as its own channel tells: one subscription for all of them. */

interface Listener {
  /** Something was told since it was asked last; at first there is always something to see. */
  changed: boolean;
  wake: () => void;
}

export class Mailbox {
  readonly #listeners = new Map<string, Set<Listener>>();

  /** Something was asked of a job. */
  readonly put = (id: string): void => {
    for (const listener of this.#listeners.get(id) ?? []) {
      listener.changed = true;
      listener.wake();
    }
  };

  /** Something may have been asked of any of them. */
  readonly putAll = (): void => {
    for (const id of this.#listeners.keys()) this.put(id);
  };

  /** As `JobStore.changes`. A job's listeners are forgotten with `forget`. */
  readonly changes = (id: string): ((signal: AbortSignal) => Promise<void>) => {
    const listener: Listener = { changed: true, wake: () => {} };
    this.#listeners.set(id, (this.#listeners.get(id) ?? new Set()).add(listener));
    return async (signal) => {
      signal.throwIfAborted();
      if (!listener.changed)
        await new Promise<void>((resolve, reject) => {
          const stop = () => reject(signal.reason);
          signal.addEventListener('abort', stop, { once: true });
          listener.wake = () => {
            signal.removeEventListener('abort', stop);
            resolve();
          };
        });
      listener.changed = false;
    };
  };

  forget(id: string): void {
    this.#listeners.delete(id);
  }
}
