/** Hearing of changes: one connection for all jobs that somebody waits for here. */
import type { Redis } from 'ioredis';

/** Who waits for one job. */
interface Listener {
  /** Something was told since it was asked last; at first there is always something to see. */
  changed: boolean;
  wake: () => void;
}

export class Subscriptions {
  readonly #open: () => Redis;
  readonly #listeners = new Map<string, Set<Listener>>();
  #redis: Redis | undefined;

  constructor(open: () => Redis) {
    this.#open = open;
  }

  /** What `JobStore.changes` returns, for the job of this channel. */
  to(channel: string): (signal: AbortSignal) => Promise<void> {
    let listener: Listener | undefined;
    return async (signal) => {
      signal.throwIfAborted();
      listener ??= await this.#listen(channel);
      if (!listener.changed) await woken(listener, signal);
      listener.changed = false;
    };
  }

  close(): void {
    this.#redis?.disconnect();
    for (const all of this.#listeners.values()) for (const one of all) one.wake = () => {};
    this.#listeners.clear();
  }

  /** A connection that cannot be had tells nothing: whoever waits looks again after a while, and hears there what is wrong. */
  async #listen(channel: string): Promise<Listener> {
    const listener: Listener = { changed: true, wake: () => {} };
    const before = this.#listeners.get(channel);
    this.#listeners.set(channel, (before ?? new Set()).add(listener));
    if (!this.#redis) {
      this.#redis = this.#open();
      this.#redis.on('message', (heard: string) => this.#told(heard));
      // What was told while the connection was away was not heard.
      this.#redis.on('ready', () => {
        for (const one of this.#listeners.keys()) this.#told(one);
      });
    }
    if (!before) await this.#redis.subscribe(channel).catch(() => {});
    return listener;
  }

  #told(channel: string): void {
    for (const listener of this.#listeners.get(channel) ?? []) {
      listener.changed = true;
      listener.wake();
    }
  }
}

function woken(listener: Listener, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      listener.wake = () => {};
      reject(signal.reason);
    };
    signal.addEventListener('abort', stop, { once: true });
    listener.wake = () => {
      signal.removeEventListener('abort', stop);
      listener.wake = () => {};
      resolve();
    };
  });
}
