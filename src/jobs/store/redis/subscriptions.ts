/** Hearing of changes: one connection for all jobs that somebody waits for here. */
import type { Redis } from 'ioredis';

/** Who waits for one job. */
interface Listener {
  /** Something was told since it was asked last; at first there is always something to see. */
  changed: boolean;
  wake: () => void;
  /** Its job has ended, and nothing is heard of it any more. */
  isOver: boolean;
}

export class Subscriptions {
  readonly #open: () => Redis;
  /** What the channels of jobs begin with. */
  readonly #prefix: string;
  /** By channel. */
  readonly #listeners = new Map<string, Set<Listener>>();
  #redis: Redis | undefined;

  constructor(open: () => Redis, prefix: string) {
    this.#open = open;
    this.#prefix = prefix;
  }

  /** What `JobStore.changes` returns. */
  to(id: string): (signal: AbortSignal) => Promise<void> {
    let listener: Listener | undefined;
    return async (signal) => {
      signal.throwIfAborted();
      if (!listener || listener.isOver) listener = await this.#listen(`${this.#prefix}${id}`);
      if (!listener.changed) await woken(listener, signal);
      listener.changed = false;
    };
  }

  /** Lets go of a job that has ended: a process that lives for long would have ever more to listen to. Whoever waits looks once more. */
  forget(id: string): void {
    const channel = `${this.#prefix}${id}`;
    if (!this.#listeners.has(channel)) return;
    this.#told(channel);
    for (const listener of this.#listeners.get(channel) ?? []) listener.isOver = true;
    this.#listeners.delete(channel);
    this.#redis?.unsubscribe(channel).catch(() => {});
  }

  close(): void {
    this.#redis?.disconnect();
    for (const all of this.#listeners.values()) for (const one of all) one.wake = () => {};
    this.#listeners.clear();
  }

  /** A connection that cannot be had tells nothing: whoever waits looks again after a while, and hears there what is wrong. */
  async #listen(channel: string): Promise<Listener> {
    const listener: Listener = { changed: true, wake: () => {}, isOver: false };
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
