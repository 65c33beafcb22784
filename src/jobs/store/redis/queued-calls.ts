/** Calls for workers in Redis: scripts/queue.ts decides, layout.ts has the keys. */
import type { Redis } from 'ioredis';
import type { AbortSignalLike } from '../../../lib/clock.ts';
import { parseJson } from '../../../lib/json/exact-json.ts';
import type { CallQueue, Claim, Claimant, NewQueuedJob, QueueState, WorkerFacts } from '../../call-queue.ts';
import type { JobRecord } from '../../record.ts';
import type { Access, Hash } from './access.ts';
import type { StoreConnection } from './connection.ts';
import { jsonText } from './layout.ts';

/** Overdue jobs that are told at a time. */
const OVERDUE = 200;

/** Seconds that one wait for submitted jobs takes at most. */
const WAIT_S = 5;

export class QueuedCalls implements CallQueue {
  readonly #access: Access;
  readonly #connection: StoreConnection;
  readonly #create: (job: NewQueuedJob) => Promise<{ job: JobRecord; alive: number }>;
  readonly #resume: CallQueue['resume'];
  readonly #record: (id: string, hash: Hash) => Promise<JobRecord>;
  #blocking: Redis | undefined;
  #heard: Redis | undefined;

  constructor(
    access: Access,
    connection: StoreConnection,
    create: (job: NewQueuedJob) => Promise<{ job: JobRecord; alive: number }>,
    resume: CallQueue['resume'],
    record: (id: string, hash: Hash) => Promise<JobRecord>,
  ) {
    this.#access = access;
    this.#connection = connection;
    this.#create = create;
    this.#resume = resume;
    this.#record = record;
  }

  async checkRights(): Promise<void> {
    const { checkWorkersRights } = await import('./demands/rights.ts');
    await checkWorkersRights(this.#connection, this.#access.address);
  }

  submit(job: NewQueuedJob): Promise<{ job: JobRecord; alive: number }> {
    return this.#create(job);
  }

  async claim(id: string, { worker, holder, leaseMs }: Claimant, token: string): Promise<Claim> {
    const lease = this.#access.keys.lease(holder);
    const { decision, attempt, hash } = await this.#access.claim(
      id,
      [worker, token, jsonText(holder), leaseMs],
      lease,
    );
    const { call } = hash;
    if (call === undefined) return { decision, attempt };
    return { decision, attempt, taken: { job: await this.#record(id, hash), call } };
  }

  async beginAttempt(id: string, token: string, attempt: number): Promise<boolean> {
    return (await this.#access.change('jobAttempt', id, [token, attempt])) === 'ok';
  }

  async isQueued(id: string): Promise<boolean> {
    const key = this.#access.job(id);
    return (await this.#access.ask((redis) => redis.hexists(key, 'queue'))) === 1;
  }

  async workflows(ids: readonly string[]): Promise<string[]> {
    const keys = ids.map((id) => this.#access.job(id));
    const has = await this.#access.ask((redis) => Promise.all(keys.map((key) => redis.hexists(key, 'plan'))));
    return ids.filter((_, i) => has[i] === 1);
  }

  resume(id: string, target: string, call: string): Promise<JobRecord> {
    return this.#resume(id, target, call);
  }

  async leave(id: string, token: string): Promise<void> {
    await this.#access.change('jobLeave', id, [token]);
  }

  async beat(
    target: string,
    worker: WorkerFacts,
    { holder, leaseMs }: Omit<Claimant, 'worker'>,
  ): Promise<void> {
    const args = [target, worker.id, leaseMs, jsonText(worker), this.#access.keys.lease(holder)];
    await this.#access.run('workerBeat', this.#access.keys.jobs, args);
  }

  async take(target: string, most: number): Promise<string[]> {
    const key = this.#access.keys.queue(target, 'inbox');
    return (await this.#access.ask((redis) => redis.lpop(key, most))) ?? [];
  }

  async submitted(target: string, until: AbortSignalLike): Promise<void> {
    const signal = until as AbortSignal;
    const inbox = this.#access.keys.queue(target, 'inbox');
    signal.throwIfAborted();
    this.#blocking ??= this.#connection.another();
    const blocking = this.#blocking;
    const stop = () => blocking.disconnect();
    signal.addEventListener('abort', stop, { once: true });
    try {
      // Looks, and takes nothing: what is taken by a process that dies then has to be looked for.
      await blocking.blmove(inbox, inbox, 'LEFT', 'LEFT', WAIT_S);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async overdue(
    target: string,
    worker: string,
    { alone, long, from }: { alone: number; long: number; from: number },
  ): Promise<{ ids: string[]; next: number }> {
    const args = [target, worker, alone, long, OVERDUE, from];
    const said = await this.#access.run('jobsOverdue', this.#access.keys.jobs, args);
    const [next = 0, ...ids] = said as [number, ...string[]];
    return { ids, next: Number(next) };
  }

  async state(): Promise<QueueState[]> {
    const { keys } = this.#access;
    const targets = await this.#access.ask((redis) => redis.smembers(keys.targets));
    return Promise.all(targets.sort().map((target) => this.#stateOf(target)));
  }

  async #stateOf(target: string): Promise<QueueState> {
    const key = (part: string) => this.#access.keys.queue(target, part);
    return this.#access.ask(async (redis) => {
      const [time, leases, about, waiting, running, first] = await Promise.all([
        redis.time(),
        redis.zrange(key('workers'), 0, -1, 'WITHSCORES'),
        redis.hgetall(key('about')),
        redis.zcard(key('waiting')),
        redis.zcard(key('running')),
        redis.zrange(key('waiting'), 0, 0, 'WITHSCORES'),
      ]);
      const now = Number(time[0]) * 1_000 + Number(time[1]) / 1_000;
      const alive = leases.filter((_, i) => i % 2 === 0 && Number(leases[i + 1]) > now);
      return {
        target,
        workers: alive.flatMap((id) => (about[id] ? [parseJson(about[id]) as WorkerFacts] : [])),
        waiting,
        running,
        oldest: first[1] === undefined ? null : new Date(Number(first[1])).toISOString(),
      };
    });
  }

  async mail(worker: string, onMail: (id: string) => void, onMissed: () => void): Promise<void> {
    this.#heard = this.#connection.another();
    this.#heard.on('message', (_, id: string) => onMail(id));
    await this.#heard.subscribe(this.#access.keys.mail(worker));
    this.#heard.on('ready', onMissed);
  }

  close(): void {
    this.#blocking?.disconnect();
    this.#heard?.disconnect();
  }
}
