/** The claim: whatever delivers a job, and how often, its call is sent at most once an attempt. */
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readAddress, type StoreAddress } from '../../src/config/settings/store-address.ts';
import type { Claimant, NewQueuedJob, WorkerFacts } from '../../src/jobs/call-queue.ts';
import { connectStore } from '../../src/jobs/store/redis/connection.ts';
import { RedisJobStore } from '../../src/jobs/store/redis/redis-store.ts';
import { currentHolder } from '../../src/lib/disk/holder.ts';
import { noRedis } from '../support/redis.ts';
import { redisForAll } from '../support/redis-for-all.ts';
import { completed, newJob, SESSION, taskFact } from '../support/store-fixtures.ts';

const TARGET = 'abcdef';
/** Long enough to outlast a test. */
const LEASE_MS = 600_000;

function worker(id: string, leaseMs = LEASE_MS): Claimant {
  // A machine of its own each: what is known of it is its lease alone.
  return { worker: id, leaseMs, holder: { ...currentHolder(), boot_id: id, host: id, worker: id } };
}

function facts(id: string): WorkerFacts {
  const started_at = '2026-03-30T10:00:00.000Z';
  return { id, host: id, pid: 1, version: '0', started_at, concurrency: 4, draining: false, jobs: [] };
}

function queued(changes: Partial<NewQueuedJob> = {}): NewQueuedJob {
  const { holder: _, ...job } = newJob({ session: null });
  return { ...job, target: TARGET, call: '{"plain":{}}', attempts: 1, ...changes };
}

describe.skipIf(noRedis !== undefined)('calls for workers', () => {
  const server = redisForAll();

  const fresh = (): StoreAddress => ({
    ...readAddress(server.address(), 'test'),
    name: 'work',
  });

  const open = async (address: StoreAddress) => {
    const store = new RedisJobStore(await connectStore(address, 0), address, 'work');
    onTestFinished(() => store.close());
    return store;
  };

  const raw = () => {
    const [host, port] = server.host.split(':');
    const redis = new Redis(Number(port), host ?? '');
    onTestFinished(() => redis.disconnect());
    return redis;
  };

  /** What is stored of a job's call. */
  const callOf = ({ prefix }: StoreAddress, id: string) => raw().hget(`${prefix}{work}:job:${id}`, 'call');

  /** A store with a job in it, and a job's life by hand. */
  const submitted = async (changes: Partial<NewQueuedJob> = {}) => {
    const address = fresh();
    const store = await open(address);
    const { job } = await store.calls.submit(queued(changes));
    const key = (part: string) => `${address.prefix}{work}:queue:${TARGET}:${part}`;
    /** The worker's lease is over, as if it had not been renewed for so long. */
    const leaseEnds = async ({ worker: id, holder }: Claimant, agoMs: number) => {
      const redis = raw();
      await redis.zadd(key('workers'), Date.now() - agoMs, id);
      const leases = await redis.keys(`${address.prefix}*holder:${holder.host}:*`);
      if (leases.length > 0) await redis.del(leases);
    };
    return { address, store, id: job.job_id, job, key, leaseEnds };
  };

  it('a job waits with its call, is told once, and nobody holds it', async () => {
    const { store, id, job, address } = await submitted();
    expect(job).toMatchObject({ status: 'queued', holder: null });
    expect(await store.calls.take(TARGET, 10)).toEqual([id]);
    expect(await store.calls.take(TARGET, 10)).toEqual([]);
    expect(await callOf(address, id)).toBe('{"plain":{}}');
    expect(JSON.stringify((await store.list()).jobs)).not.toContain('plain');
    expect(await raw().hget(`${address.prefix}{work}:glance`, id)).not.toContain('plain');
    expect(await store.calls.state()).toEqual([
      { target: TARGET, workers: [], waiting: 1, running: 0, oldest: job.created_at },
    ]);
  });

  it('a submission tells how many workers of its target live', async () => {
    const store = await open(fresh());
    const { holder } = worker('a');
    await store.calls.beat(TARGET, facts('a'), { holder, leaseMs: LEASE_MS });
    await store.calls.beat('another', facts('b'), { holder: worker('b').holder, leaseMs: LEASE_MS });
    expect((await store.calls.submit(queued())).alive).toBe(1);
    await store.calls.beat(TARGET, facts('a'), { holder, leaseMs: 0 });
    expect((await store.calls.submit(queued())).alive).toBe(0);
    const states = await store.calls.state();
    expect(states.map(({ target, workers, waiting }) => [target, workers.length, waiting])).toEqual([
      [TARGET, 0, 2],
      ['another', 1, 0],
    ]);
  });

  it('of claims that race one may send, and all others wait', async () => {
    const { address, id } = await submitted();
    const stores = await Promise.all(Array.from({ length: 8 }, () => open(address)));
    const claims = await Promise.all(
      Array.from({ length: 64 }, (_, i) =>
        (stores[i % 8] as RedisJobStore).calls.claim(id, worker(`w${i}`), `t${i}`),
      ),
    );
    expect(claims.filter(({ decision }) => decision === 'send')).toMatchObject([
      { decision: 'send', attempt: 1 },
    ]);
    expect(claims.filter(({ decision }) => decision === 'wait')).toHaveLength(63);
    expect(await stores[0]?.read(id)).toMatchObject({ status: 'running', attempt: 1 });
  });

  it('a claim that is sent again is the same claim', async () => {
    const { store, id } = await submitted();
    for (let i = 0; i < 3; i++)
      expect(await store.calls.claim(id, worker('a'), 't')).toEqual({
        decision: 'send',
        attempt: 1,
        taken: { job: await store.read(id), call: '{"plain":{}}' },
      });
    expect((await store.readLog(id)).map(({ text }) => text)).toEqual(['attempt 1 of 1']);
  });

  it('what has ended, is no job, or is none of the workers is dropped', async () => {
    const { store, id, address } = await submitted();
    const claim = (job: string) => store.calls.claim(job, worker('a'), 't');
    await claim(id);
    await store.finish(id, completed());
    const { job_id } = await store.create(newJob());
    for (const job of [id, job_id, 'job_01jqkz0000000000000000000a'])
      expect((await claim(job)).decision).toBe('drop');
    expect(await callOf(address, id)).toBeNull();
    expect(await store.calls.state()).toMatchObject([{ waiting: 0, running: 0 }]);
  });

  it('a job whose worker is gone is lost, and is not sent again', async () => {
    const { store, id, leaseEnds } = await submitted();
    await store.calls.claim(id, worker('a'), 'ta');
    expect((await store.calls.claim(id, worker('b'), 'tb')).decision).toBe('wait');
    await leaseEnds(worker('a'), 1);
    expect((await store.calls.claim(id, worker('b'), 'tb')).decision).toBe('lost');
    expect(await store.read(id)).toMatchObject({ status: 'lost', error: { code: 'worker_gone' } });
    // The worker was only cut off: what it brings comes after the end.
    expect(await store.finish(id, completed())).toMatchObject({ status: 'lost' });
  });

  it('where retries were asked for the next attempt is sent, and the earlier claim sends nothing more', async () => {
    const { store, id, leaseEnds } = await submitted({ attempts: 3 });
    await store.calls.claim(id, worker('a'), 'ta');
    expect(await store.calls.beginAttempt(id, 'ta', 2)).toBe(true);
    await leaseEnds(worker('a'), 1);
    expect(await store.calls.claim(id, worker('b'), 'tb')).toMatchObject({ decision: 'send', attempt: 3 });
    expect(await store.calls.beginAttempt(id, 'ta', 3)).toBe(false);
    await leaseEnds(worker('b'), 1);
    expect((await store.calls.claim(id, worker('c'), 'tc')).decision).toBe('lost');
    const log = (await store.readLog(id)).map(({ text }) => text);
    expect(log).toEqual(['attempt 1 of 3', 'attempt 2 of 3', 'attempt 3 of 3']);
  });

  it('a task is driven by whoever claims next, and lost only where it went with its worker', async () => {
    const { store, id, leaseEnds } = await submitted();
    await store.calls.claim(id, worker('a'), 'ta');
    await store.accept(id, taskFact());
    expect((await store.calls.claim(id, worker('b'), 'tb')).decision).toBe('wait');
    await leaseEnds(worker('a'), 1);
    expect(await store.calls.claim(id, worker('b'), 'tb')).toMatchObject({ decision: 'drive', attempt: 1 });
    expect((await store.calls.claim(id, worker('c'), 'tc')).decision).toBe('wait');

    const child = await submitted();
    await child.store.calls.claim(child.id, worker('a'), 'ta');
    const { holder } = worker('a');
    await child.store.accept(
      child.id,
      taskFact('t', { session: { ...SESSION, transport: 'stdio' }, holder }),
    );
    await child.leaseEnds(worker('a'), 1);
    expect((await child.store.calls.claim(child.id, worker('b'), 'tb')).decision).toBe('lost');
  });

  it('a job that is cancelled before a worker has it ends at once, without any worker', async () => {
    const { store, id } = await submitted();
    await store.requestCancel(id);
    expect(await store.read(id)).toMatchObject({ status: 'canceled', error: { code: 'canceled' } });
    expect((await store.calls.claim(id, worker('a'), 't')).decision).toBe('drop');
    expect(await store.calls.state()).toMatchObject([{ waiting: 0, running: 0 }]);
  });

  it('a submission that a store brings back after it was made again is not sent', async () => {
    const { store, id, address } = await submitted();
    // What the later one has left: the same digits, another time.
    const other = `job_0000000000${id.slice(14)}`;
    await raw().set(`${address.prefix}{work}:job:token:${id.slice(14)}`, other);
    expect(await store.calls.claim(id, worker('a'), 'one')).toMatchObject({ decision: 'canceled' });
    expect(await store.read(id)).toMatchObject({ status: 'canceled' });
  });

  it('the worker that has a job hears of its cancellation, and nobody begins a further attempt', async () => {
    const { store, id, leaseEnds, address } = await submitted({ attempts: 2 });
    await store.calls.claim(id, worker('a'), 'ta');
    const heard = new Promise<string>((resolve) => void store.calls.mail('a', resolve, () => {}));
    // Subscribed when this is answered.
    await expect
      .poll(async () => (await raw().pubsub('NUMSUB', `${address.prefix}{work}:mail:a`))[1])
      .toBe(1);
    await store.requestCancel(id);
    expect(await heard).toBe(id);
    await leaseEnds(worker('a'), 1);
    expect((await store.calls.claim(id, worker('b'), 'tb')).decision).toBe('lost');
  });

  it('a reader writes that a job is lost only where no worker will take it over', async () => {
    const { store, id, leaseEnds } = await submitted();
    await store.calls.claim(id, worker('a'), 'ta');
    expect(await store.read(id)).not.toHaveProperty('trouble');
    await leaseEnds(worker('a'), 30_000);
    const gone = { message: expect.stringContaining('its worker is gone') };
    expect(await store.read(id)).toMatchObject({ status: 'running', trouble: gone });
    expect((await store.list()).jobs).toMatchObject([{ status: 'running', trouble: gone }]);
    await leaseEnds(worker('a'), 90_000);
    await store.calls.beat(TARGET, facts('b'), { holder: worker('b').holder, leaseMs: LEASE_MS });
    expect(await store.read(id)).toMatchObject({ status: 'running' });
    await store.calls.beat(TARGET, facts('b'), { holder: worker('b').holder, leaseMs: 0 });
    expect((await store.list()).jobs).toMatchObject([{ status: 'lost', error: { code: 'worker_gone' } }]);
    expect(await store.read(id)).toMatchObject({ status: 'lost', error: { code: 'worker_gone' } });
  });

  it('one worker at a time looks for jobs whose worker is gone, and for those that nobody has heard of', async () => {
    const { store, id, leaseEnds } = await submitted();
    const other = (await store.calls.submit(queued())).job.job_id;
    await store.calls.claim(id, worker('a'), 'ta');
    const look = (by: string, long: number) =>
      store.calls.overdue(TARGET, by, { alone: LEASE_MS, long, from: 0 });
    expect(await look('b', LEASE_MS)).toEqual({ ids: [], next: 0 });
    expect(await look('b', -1)).toEqual({ ids: [other], next: 0 });
    await leaseEnds(worker('a'), 1);
    expect(await look('c', -1)).toEqual({ ids: [], next: 0 });
    expect(await look('b', -1)).toEqual({ ids: [id, other], next: 0 });
  });

  it('whoever waits for submissions hears of one, and takes each once', async () => {
    const store = await open(fresh());
    const none = new AbortController();
    const waiting = store.calls.submitted(TARGET, none.signal);
    const { job } = await store.calls.submit(queued());
    await waiting;
    expect(await store.calls.take(TARGET, 10)).toEqual([job.job_id]);
    const stopped = store.calls.submitted(TARGET, none.signal);
    none.abort(new Error('no more'));
    await expect(stopped).rejects.toThrow('no more');
  });

  describe('the steps of a workflow', () => {
    const STEP = 'job_01jqkz0000stepstepstepste1';
    const plan = { name: 'flow', steps: [{ id: 's', name: 'echo', depends_on: [] }] };
    const flow = async () => {
      const all = await submitted({ plan });
      await all.store.calls.claim(all.id, worker('a'), 'ta');
      const step = (token: string, round = 0) =>
        queued({ step: { id: STEP, workflow: all.id, round, token } });
      return { ...all, step };
    };

    it('are made once, by whoever drives it, and are in no list', async () => {
      const { store, id, step, key } = await flow();
      const made = await Promise.all(Array.from({ length: 20 }, () => store.calls.submit(step('ta'))));
      expect(new Set(made.map(({ job }) => job.job_id))).toEqual(new Set([STEP]));
      expect(await store.calls.take(TARGET, 100)).toEqual([id, STEP]);
      expect((await store.list()).jobs.map(({ job_id }) => job_id)).toEqual([id]);
      expect(await raw().zcard(key('waiting'))).toBe(1);
      expect(await store.calls.workflows([id, STEP])).toEqual([id]);
      expect(await store.resolve(STEP)).toBe(STEP);
    });

    it('are not made by a worker that the workflow was taken over from, nor for an earlier round', async () => {
      const { store, id, step, leaseEnds } = await flow();
      await leaseEnds(worker('a'), 1);
      // It is driven on; a reader never says that it is lost.
      expect((await store.calls.claim(id, worker('b'), 'tb')).decision).toBe('drive');
      const refused = { code: 'superseded' };
      await expect(store.calls.submit(step('ta'))).rejects.toMatchObject(refused);
      await expect(store.calls.submit(step('tb', 1))).rejects.toMatchObject(refused);
      expect((await store.calls.submit(step('tb'))).job.job_id).toBe(STEP);
      await store.finish(id, completed());
      await expect(
        store.calls.submit(
          queued({ step: { id: `${STEP.slice(0, -1)}2`, workflow: id, round: 0, token: 'tb' } }),
        ),
      ).rejects.toMatchObject(refused);
    });

    it('a workflow that its worker leaves is the next one’s at once, and one that is resumed waits again', async () => {
      const { store, id } = await flow();
      await store.calls.take(TARGET, 10);
      await store.calls.leave(id, 'ta');
      expect(await store.calls.take(TARGET, 10)).toEqual([id]);
      expect((await store.calls.claim(id, worker('b'), 'tb')).decision).toBe('drive');
      await store.finish(id, { ...completed(), status: 'failed', error: { code: 'x', message: 'x' } });
      const again = await Promise.allSettled(
        [1, 2].map(() => store.calls.resume(id, TARGET, '{"plain":{}}')),
      );
      expect(again.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(await store.read(id)).toMatchObject({ status: 'queued', holder: null, resumed: 1 });
      expect(await store.calls.take(TARGET, 10)).toEqual([id]);
      expect((await store.calls.claim(id, worker('b'), 'tc')).decision).toBe('send');
    });

    it('stay for as long as the workflow may ask, and are removed with it', async () => {
      const { store, id, step, address } = await flow();
      const redis = raw();
      await store.calls.submit(step('ta'));
      await store.calls.claim(STEP, worker('a'), 'ts');
      await store.finish(STEP, completed());
      const jobKey = `${address.prefix}{work}:job:${STEP}`;
      expect(await redis.pttl(jobKey)).toBe(-1);
      await store.finish(id, completed());
      expect((await redis.pttl(jobKey)) > 0).toBe((address.ttlMs ?? 0) > 0);
      await store.remove([id], { onRemoved: () => {}, signal: new AbortController().signal });
      expect(await redis.keys(`${address.prefix}{work}:job:job_*`)).toEqual([]);
    });
  });
});
