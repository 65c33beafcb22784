/**
 * The worker of one instance: hears of submitted jobs, has them delivered, claims what is delivered, and runs what it may. Its lease says that it
 * lives; the jobs of one that is gone are found by whichever worker looks.
 */
import type { RedisOptions } from 'ioredis';
import { STORE_KEY, type StoreAddress } from '../config/settings/store-address.ts';
import { targetHash } from '../config/target/target-hash.ts';
import { UnreachableError } from '../errors.ts';
import type { InstanceScope } from '../instance/scope.ts';
import type { CallQueue, WorkerFacts } from '../jobs/call-queue.ts';
import type { JobDeps } from '../jobs/deps.ts';
import type { JobStore } from '../jobs/ports.ts';
import { storeError } from '../jobs/store/redis/connection.ts';
import { storeKey } from '../jobs/store/redis/sealed-call.ts';
import { ConnectionPool } from '../keeper/server/connection-pool.ts';
import { currentHolder } from '../lib/disk/holder.ts';
import { randomId } from '../lib/random-id.ts';
import { automaticAnswers } from '../mcp/automatic-answers.ts';
import { VERSION } from '../version.ts';
import type { Delivery } from './delivery.ts';
import { Mailbox } from './mailbox.ts';
import { RunningJobs } from './running-jobs.ts';

/** Submitted jobs that are taken at a time. */
const TAKEN = 100;

/** How often jobs are looked for that should be delivered again, at most, and how long one that nobody has begun is left alone, in milliseconds. */
const LOOK_MS = 5_000;
const LONG_MS = 15_000;

/** The pause after a failure of the store, in milliseconds, and how many in a row end the worker. */
const PAUSE_MS = 1_000;
const MAX_FAILURES = 10;

export interface InstanceWorkerOptions {
  scope: InstanceScope;
  store: JobStore & { readonly calls: CallQueue };
  address: StoreAddress;
  redis: RedisOptions;
  concurrency: number;
  leaseMs: number;
  failureBudgetMs: number;
  say: (text: string) => void;
  /** Something ended, or there is nothing to do: whoever drains looks again. */
  onChange: () => void;
  /** The store refuses for good. */
  onFailure: (error: Error) => void;
}

export class InstanceWorker {
  readonly #options: InstanceWorkerOptions;
  readonly #target: string;
  readonly #facts: WorkerFacts;
  readonly #mailbox = new Mailbox();
  /** Ends the taking of new jobs. */
  readonly #taking = new AbortController();
  /** Ends everything. */
  readonly #ending = new AbortController();
  #connections: ConnectionPool | undefined;
  #jobs: RunningJobs | undefined;
  #delivery: Delivery | undefined;
  #loops: Promise<void>[] = [];
  #leasedAt = Number.NEGATIVE_INFINITY;
  /** Refusals of the store in a row. */
  #failures = 0;
  /** Where to go on looking among the jobs that wait. */
  #from = 0;

  constructor(options: InstanceWorkerOptions) {
    const { scope, concurrency } = options;
    this.#options = options;
    this.#target = targetHash(scope.instance.identity);
    const holder = currentHolder();
    this.#facts = {
      id: `${holder.host}-${holder.pid}-${randomId().slice(0, 8)}`,
      host: holder.host,
      pid: holder.pid,
      version: VERSION,
      started_at: scope.context.clock.now().toISOString(),
      concurrency,
      draining: false,
      jobs: [],
    };
  }

  get #holder() {
    return { ...currentHolder(), worker: this.#facts.id };
  }

  get #lookMs() {
    return Math.round(Math.min(LOOK_MS, this.#options.leaseMs / 3));
  }

  get #lease() {
    return { holder: this.#holder, leaseMs: this.#options.leaseMs };
  }

  /** Connects, and takes jobs from then on. Errors: those of the store, ConfigError for a key that is none. */
  async start(): Promise<void> {
    const { scope, store, address, redis, concurrency, leaseMs, failureBudgetMs } = this.#options;
    const { context, paths, instance } = scope;
    const key = storeKey(context.env[STORE_KEY]);
    const session = await scope.session();
    const { connectTarget } = session;
    this.#connections = new ConnectionPool({
      connectTarget,
      onEnded: (why) => this.#say(`the connection ended: ${why}`),
      extrasFile: paths.extrasFile(instance.name),
    });
    const connections = this.#connections;
    // The server is a child of this process: its tasks are in no other.
    const isChild = instance.identity.kind === 'stdio';
    const deps: Omit<JobDeps, 'ask'> = {
      store,
      links: {
        open: () => Promise.reject(new Error('a worker leases its links')),
        reopen: (job, signal) =>
          isChild ? connections.leasedLink(signal as AbortSignal) : session.reopen(job, signal),
      },
      clock: context.clock,
      random: Math.random,
      automatic: automaticAnswers(session.features),
      holder: this.#holder,
      failureBudgetMs,
      changes: this.#mailbox.changes as NonNullable<JobDeps['changes']>,
    };
    this.#jobs = new RunningJobs({
      scope,
      store,
      target: this.#target,
      deps,
      connections,
      key,
      mailbox: this.#mailbox,
      claimant: () => ({ worker: this.#facts.id, ...this.#lease }),
      ending: this.#ending.signal,
      say: (text) => this.#say(text),
      onFailure: (error) => this.#heard(error),
      onChange: this.#options.onChange,
    });
    const jobs = this.#jobs;
    await store.calls.checkRights();
    await this.#beat();
    await store.calls.mail(this.#facts.id, this.#mailbox.put, this.#mailbox.putAll);
    const { startDelivery } = await import('./delivery.ts');
    this.#delivery = await startDelivery({
      redis,
      prefix: `${address.prefix}{${address.name}}:q`,
      name: `calls-${this.#target}`,
      concurrency,
      leaseMs,
      deliver: (id) => jobs.deliver(id),
      onError: (error) => this.#heard(storeError(error, address)),
    });
    this.#loops = [this.#take(), this.#every(this.#lookMs, () => this.#look()), this.#live()];
    this.#say(
      `takes jobs of ${instance.name} (${address.shown}, target ${this.#target}), ${concurrency} at a time`,
    );
  }

  /** The store has heard of it within its lease. */
  get isAlive(): boolean {
    const { scope, leaseMs } = this.#options;
    return scope.context.clock.monotonic() - this.#leasedAt < leaseMs;
  }

  get jobs(): string[] {
    return this.#jobs?.ids ?? [];
  }

  /** Whether there is nothing to do: nothing runs here, and nothing waits for anybody. */
  async isIdle(): Promise<boolean> {
    if (this.jobs.length > 0) return false;
    const states = await this.#options.store.calls.state();
    return !states.some(({ target, waiting }) => target === this.#target && waiting > 0);
  }

  /** Takes nothing new, and resolves when what runs has ended. */
  async stop(): Promise<void> {
    this.#taking.abort(new Error('it takes nothing new'));
    this.#facts.draining = true;
    await Promise.all([this.#jobs?.leaveWorkflows(), this.#delivery?.stop()]);
    // What was on its way when it stopped.
    await this.#jobs?.leaveWorkflows();
  }

  /** Ends what runs, and says so on record. */
  async abort(why: string): Promise<void> {
    await this.#jobs?.abort(why);
  }

  async close(): Promise<void> {
    const { store } = this.#options;
    this.#taking.abort(new Error('ending'));
    this.#ending.abort(new Error('ending'));
    this.#jobs?.leaveWorkflows().catch(() => {});
    await Promise.allSettled(this.#loops);
    await this.#delivery?.close();
    await store.calls.beat(this.#target, this.#facts, { ...this.#lease, leaseMs: 0 }).catch(() => {});
    await this.#connections?.close();
  }

  #say(text: string): void {
    this.#options.say(`${this.#options.scope.instance.name}: ${text}`);
  }

  /** What the store, or the way there, says. One that is away comes back; one that refuses for good ends the worker. */
  #heard(error: Error): void {
    if (this.#ending.signal.aborted) return;
    const isAway = error instanceof UnreachableError;
    if (!isAway) this.#failures += 1;
    if (this.#failures <= 1) this.#say(error.message);
    if (this.#failures >= MAX_FAILURES) this.#options.onFailure(error);
  }

  /** Does some work again and again until the worker ends. */
  async #every(ms: number, work: () => Promise<void>): Promise<void> {
    const { clock } = this.#options.scope.context;
    for (;;) {
      try {
        await clock.sleep(ms, this.#ending.signal);
        await work();
        this.#failures = 0;
      } catch (error) {
        if (this.#ending.signal.aborted) return;
        this.#heard(error as Error);
      }
    }
  }

  #live(): Promise<void> {
    return this.#every(this.#options.leaseMs / 3, async () => {
      await this.#beat();
      await this.#jobs?.leaveEnded();
    });
  }

  async #beat(): Promise<void> {
    const { store, scope } = this.#options;
    const at = scope.context.clock.monotonic();
    await store.calls.beat(this.#target, { ...this.#facts, jobs: this.jobs }, this.#lease);
    this.#leasedAt = at;
  }

  /** Hands on what was submitted: whichever worker is free gets it. */
  async #take(): Promise<void> {
    const { store, scope } = this.#options;
    const { signal } = this.#taking;
    for (;;) {
      try {
        const ids = await store.calls.take(this.#target, TAKEN);
        if (ids.length > 0) await this.#hand(ids);
        else {
          this.#options.onChange();
          await store.calls.submitted(this.#target, signal);
        }
      } catch (error) {
        if (signal.aborted) return;
        this.#heard(error as Error);
        await scope.context.clock.sleep(PAUSE_MS, signal).catch(() => {});
      }
      if (signal.aborted) return;
    }
  }

  /** Calls go to whichever worker has room; a workflow is driven here. */
  async #hand(ids: readonly string[]): Promise<void> {
    const workflows = new Set(await this.#options.store.calls.workflows(ids));
    for (const id of workflows) this.#jobs?.drive(id);
    const calls = ids.filter((id) => !workflows.has(id));
    if (calls.length > 0) await this.#delivery?.add(calls);
  }

  /** Has jobs delivered again whose worker is gone, or that nobody has heard of. */
  async #look(): Promise<void> {
    if (this.#taking.signal.aborted) return;
    const { store } = this.#options;
    const options = { alone: this.#lookMs * 3, long: LONG_MS, from: this.#from };
    const { ids, next } = await store.calls.overdue(this.#target, this.#facts.id, options);
    this.#from = next;
    if (ids.length > 0) await this.#hand(ids);
  }
}
