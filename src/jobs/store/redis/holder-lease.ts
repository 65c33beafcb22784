/**
 * That this process lives, for whoever cannot look at it: a key that goes by itself when it is not renewed. A process that is paused for longer is
 * taken for gone until it goes on; nothing that is told so is written down.
 */
import type { Redis } from 'ioredis';
import { currentHolder } from '../../../lib/disk/holder.ts';
import type { HolderFacts } from '../../../lib/disk/holder-facts.ts';

/** How long a lease lasts, and how often it is renewed, in milliseconds. */
const LEASE_MS = 30_000;
const RENEW_MS = 10_000;

export class HolderLease {
  readonly #redis: Redis;
  readonly #keyOf: (holder: HolderFacts) => string;
  readonly #own: string;
  readonly #held = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(redis: Redis, keyOf: (holder: HolderFacts) => string) {
    this.#redis = redis;
    this.#keyOf = keyOf;
    this.#own = keyOf(currentHolder());
  }

  /** The key of a holder's lease and the milliseconds that it is given now: 0 for another process, which gives its own. */
  of(holder: HolderFacts): [key: string, ms: number] {
    const key = this.#keyOf(holder);
    return [key, key === this.#own ? LEASE_MS : 0];
  }

  /** A job that this process holds, if it is the holder: its lease lasts as long as there is one. */
  hold(id: string, holder: HolderFacts): void {
    if (this.#keyOf(holder) !== this.#own) return;
    this.#held.add(id);
    this.#timer ??= setInterval(() => this.#renew(), RENEW_MS).unref();
  }

  /** The job has ended, or is not held any more. */
  async letGo(id: string): Promise<void> {
    if (!this.#held.delete(id) || this.#held.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#redis.del(this.#own).catch(() => {});
  }

  /** What this process held is held by nobody. */
  async close(): Promise<void> {
    for (const id of [...this.#held]) await this.letGo(id);
  }

  #renew(): void {
    this.#redis.set(this.#own, '1', 'PX', LEASE_MS).catch(() => {});
  }
}
