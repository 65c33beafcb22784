/** What a shared store says in the end, held against what its users were told and what the servers have counted. */
import { Redis } from 'ioredis';
import { readAddress } from '../../src/config/settings/store-address.ts';
import { isTerminal, type JobRecord } from '../../src/jobs/record.ts';
import { connectStore } from '../../src/jobs/store/redis/connection.ts';
import { RedisJobStore } from '../../src/jobs/store/redis/redis-store.ts';
import { atTestEnd } from './cli.ts';
import type { Fleet, Instance } from './fleet.ts';
import type { Ledger } from './ledger.ts';

/** How long nothing may come to an end before what is open is so for ever, in milliseconds. */
const STILL_MS = 90_000;

/** How a call that nobody saw the end of may have ended. */
const LOST_CODES: readonly unknown[] = ['worker_gone'];

export class StoreExamination {
  readonly jobs = new Map<string, JobRecord>();
  readonly #redis: Redis;
  readonly #stores: RedisJobStore[];

  private constructor(redis: Redis, stores: RedisJobStore[]) {
    this.#redis = redis;
    this.#stores = stores;
  }

  /** `host`: Redis' own. */
  static async begin(host: string): Promise<StoreExamination> {
    const [name = '', port] = host.split(':');
    const redis = new Redis(Number(port), name);
    const stores = await Promise.all(
      (['plain', 'tasks'] satisfies Instance[]).map(async (instance) => {
        const address = { ...readAddress(`redis://${host}/0`, 'test'), name: instance };
        return new RedisJobStore(await connectStore(address, 60_000), address, instance);
      }),
    );
    atTestEnd(async () => {
      redis.disconnect();
      await Promise.all(stores.map((store) => store.close()));
    });
    return new StoreExamination(redis, stores);
  }

  /** Resolves when no job is open any more, or when nothing has moved for so long that it never will. */
  async settled(): Promise<void> {
    let seen = '';
    for (let since = performance.now(); performance.now() - since < STILL_MS; ) {
      const states = await Promise.all(this.#stores.map((store) => store.calls.state()));
      const open = states.flat().map(({ waiting, running }) => `${waiting} ${running}`);
      if (open.every((one) => one === '0 0')) return;
      if (open.join() !== seen) since = performance.now();
      seen = open.join();
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  /** Reads all records. Torn: what cannot be read, or is of a job that has ended and should have gone with its end. */
  async read(book: Ledger): Promise<void> {
    for (const store of this.#stores) {
      const { jobs, problems } = await store.list();
      for (const { message } of problems) book.torn(message);
      for (const { job_id } of jobs) {
        try {
          this.jobs.set(job_id, await store.read(job_id));
        } catch (error) {
          book.torn(`${job_id}: ${(error as Error).message}`);
        }
      }
      for (const { target, waiting, running } of await store.calls.state())
        if (waiting + running > 0) book.torn(`${target}: ${waiting} wait and ${running} run, it is said`);
    }
    // Results in parts, of jobs that are not there.
    for (const key of await this.#redis.keys('mcp:jobs:*job:job_*')) {
      const id = /job_\w{26}/.exec(key)?.[0] ?? '';
      if (!this.jobs.has(id)) book.torn(`${key} belongs to no job`);
      if (key.endsWith(id) && (await this.#redis.hexists(key, 'call')) === 1)
        book.torn(`${id}: its call is still there`);
    }
  }

  /** What was told to users is so: a job whose id was printed is there, and an end that was printed is the job's end. */
  told(book: Ledger, { acknowledged, told }: Fleet): void {
    for (const [id, { version }] of acknowledged) {
      const job = this.jobs.get(id);
      if (!job) book.lost(`${id} (${version}) was acknowledged and is not there`);
      else if (job.arguments['version'] !== version) book.torn(`${id} is not ${version}`);
    }
    for (const [id, status] of told) {
      const now = this.jobs.get(id)?.status;
      if (now !== status) book.lost(`${id} was ${status} when somebody waited, and is ${now}`);
    }
  }

  /** Every call was sent once an attempt at most, for one job, which was on record before. */
  sent(book: Ledger, sent: ReadonlyMap<string, number>): void {
    const byVersion = new Map<unknown, JobRecord>();
    for (const job of this.jobs.values()) {
      const version = job.arguments['version'];
      if (byVersion.has(version)) book.twice(`${version} has two jobs`);
      byVersion.set(version, job);
    }
    for (const [version, times] of sent) {
      const job = byVersion.get(version);
      if (!job) book.lost(`${version} was sent and has no record`);
      else if (times > job.attempt) book.twice(`${version}: sent ${times} times in ${job.attempt} attempts`);
    }
  }

  /** Every job has an end, and one that may be. */
  ends(book: Ledger, sent: ReadonlyMap<string, number>, attempts: (version: string) => number): void {
    for (const job of this.jobs.values()) {
      const { job_id, status, error, attempt, remote_task_id } = job;
      const version = String(job.arguments['version']);
      const said = `${job_id} (${version}, attempt ${attempt}) is ${status} (${error?.code}: ${error?.message})`;
      if (!isTerminal(status)) book.lost(`${said}, for ever`);
      else if (attempt > attempts(version)) book.twice(said);
      else if (status === 'completed') {
        const { structuredContent } = job.result as { structuredContent?: { version?: string } };
        if (!sent.has(version) || structuredContent?.version !== version) book.wrong(`${said}: invented`);
      } else if (remote_task_id !== null) book.lost(`${said}, though the server has its task`);
      else if (status === 'lost' && LOST_CODES.includes(error?.code)) {
        // Its worker was killed in mid-call, at its last attempt.
        if (attempt < attempts(version)) book.lost(`${said}, with attempts left`);
      } else book.wrong(said);
    }
  }
}
