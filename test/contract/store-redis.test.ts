import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readAddress, type StoreAddress } from '../../src/config/settings/store-address.ts';
import { connectStore } from '../../src/jobs/store/redis/connection.ts';
import { RedisJobStore } from '../../src/jobs/store/redis/redis-store.ts';
import { noRedis, startRedis } from '../support/redis.ts';
import { redisForAll } from '../support/redis-for-all.ts';
import { completed, deadHolder, newJob, taskFact } from '../support/store-fixtures.ts';
import { jobStoreContract } from './store-contract.ts';
import { workflowStoreContract } from './workflow-store-contract.ts';

describe.skipIf(noRedis !== undefined)('a store in Redis', () => {
  const server = redisForAll();
  let number = 0;

  /** An address whose keys nobody else has. */
  const fresh = (more = '', on: { host: string } = server): StoreAddress => ({
    ...readAddress(`redis://${on.host}/0?prefix=t${number++}:${more}`, 'test'),
    name: 'work',
  });

  const open = async (address: StoreAddress, patienceMs = 0) => {
    const store = new RedisJobStore(await connectStore(address, patienceMs), address, 'work');
    onTestFinished(() => store.close());
    return store;
  };

  const raw = () => {
    const [host, port] = server.host.split(':');
    const redis = new Redis(Number(port), host ?? '');
    onTestFinished(() => redis.disconnect());
    return redis;
  };

  const inRedis = async () => {
    const address = fresh();
    const [store, other] = [await open(address), await open(address)];
    return { store, reopen: () => other };
  };

  jobStoreContract('jobs in Redis', inRedis);
  workflowStoreContract('workflows in Redis', inRedis);

  it('gives ids and times by its own clock, in order whoever asks', async () => {
    const address = fresh();
    const stores = [await open(address), await open(address), await open(address)];
    const jobs = await Promise.all(
      Array.from({ length: 60 }, (_, i) => stores[i % 3]?.create(newJob({ arguments: { i } }))),
    );
    const ids = new Set(jobs.map((job) => job?.job_id));
    expect(ids.size).toBe(60);
    const { jobs: listed } = (await stores[0]?.list()) ?? { jobs: [] };
    const order = listed.map(({ job_id }) => job_id);
    expect(order).toEqual([...order].sort().reverse());
    expect(await stores[1]?.latest()).toBe(order[0]);
  });

  it('says when a task was accepted and a job ended by its own clock, whatever the machine thinks that did it', async () => {
    const store = await open(fresh());
    const { job_id, created_at } = await store.create(newJob());
    await store.accept(job_id, taskFact('t', { accepted_at: '2126-03-30T10:15:31.000Z' }));
    const accepted = await store.read(job_id);
    for (const time of [accepted.updated_at, accepted.observed_at])
      expect(Date.parse(time ?? '') - Date.parse(created_at)).toBeLessThan(60_000);
    const end = { ...completed(), finished_at: '2126-03-30T10:16:00.000Z' };
    const ended = await store.finish(job_id, end);
    const { updated_at, observed_at, finished_at } = ended;
    expect(Date.parse(finished_at ?? '') - Date.parse(created_at)).toBeLessThan(60_000);
    expect([updated_at, observed_at]).toEqual([finished_at, finished_at]);
    expect(await store.finish(job_id, end)).toEqual(ended);
    expect((await store.list()).jobs).toMatchObject([{ updated_at, observed_at, finished_at }]);
  });

  it('takes one end of many that come at once, from any machine', async () => {
    const address = fresh();
    const stores = await Promise.all(Array.from({ length: 6 }, () => open(address)));
    const { job_id } = (await stores[0]?.create(newJob())) ?? { job_id: '' };
    const ends = await Promise.all(
      stores.map((store, i) => store.finish(job_id, completed(`${i};`.repeat(i % 2 ? 10 : 800_000)))),
    );
    for (const end of ends) expect(end).toEqual(ends[0]);
    // The results of those that came late are gone.
    expect(await raw().keys(`${address.prefix}*:result:*`)).toHaveLength(
      (JSON.stringify(ends[0]?.result).length > 1_048_576 && 1) || 0,
    );
  });

  it('keeps a number of any size, in lists too', async () => {
    const { store, reopen } = await inRedis();
    const { parseJson, stringifyJson } = await import('../../src/lib/json/exact-json.ts');
    const exact = parseJson('{"n":12345678901234567890.5,"none":[],"empty":{}}') as Record<string, unknown>;
    const { job_id } = await store.create(newJob({ arguments: exact }));
    await store.finish(job_id, completed('', { result: exact }));
    const text = stringifyJson(exact);
    expect(stringifyJson((await reopen().read(job_id)).result)).toBe(text);
    expect(stringifyJson((await reopen().list()).jobs[0]?.arguments)).toBe(text);
  });

  it('a result over the limit is told, and not kept', async () => {
    const address = { ...fresh(), resultBytes: 2_000 };
    const store = await open(address);
    const { job_id } = await store.create(newJob());
    const job = await store.finish(job_id, completed('x'.repeat(2_000)));
    expect(job).toMatchObject({
      status: 'failed',
      error: { code: 'result_too_large', ended: 'completed', limit: 2_000 },
    });
    expect(job).not.toHaveProperty('result');
  });

  it('an end that is sent again has its line in the log once', async () => {
    const store = await open(fresh());
    const { job_id } = await store.create(newJob());
    for (const line of ['it broke', 'it broke', 'it broke off', 'broke off'])
      await store.finish(job_id, completed(), undefined, line);
    expect((await store.readLog(job_id)).map(({ text }) => text)).toEqual([
      'it broke',
      'it broke off',
      'broke off',
    ]);
  });

  it('a log has at most a thousand lines', async () => {
    const store = await open(fresh());
    const { job_id } = await store.create(newJob());
    await Promise.all(Array.from({ length: 1_100 }, (_, i) => store.log(job_id, `line\n ${i}`)));
    const lines = await store.readLog(job_id);
    expect(lines).toHaveLength(1_000);
    expect(lines[0]?.text).toBe('line 0');
    expect(lines.at(-1)?.text).toBe('(the log is full)');
  });

  it('an ended job goes when its time is over, from the lists too, and an open one stays', async () => {
    const address = { ...fresh(), ttlMs: 60_000 };
    const store = await open(address);
    const ended = (await store.create(newJob())).job_id;
    const live = (await store.create(newJob())).job_id;
    await store.log(ended, 'a line');
    await store.finish(ended, completed('x'.repeat(1_100_000)));
    const redis = raw();
    const keys = await redis.keys(`${address.prefix}*${ended}*`);
    expect(keys.length).toBe(3);
    for (const key of keys) expect(await redis.pttl(key)).toBeGreaterThan(0);
    expect(await redis.pttl(`${address.prefix}{work}:job:${live}`)).toBe(-1);
    // Its time is over now.
    await redis.del(...keys);
    await redis.zadd(`${address.prefix}{work}:ends`, 1, ended);
    expect((await store.list()).jobs.map(({ job_id }) => job_id)).toEqual([live]);
    expect(await store.latest()).toBe(live);
    await expect(store.read(ended)).rejects.toMatchObject({ code: 'unknown_job' });
  });

  it('removes what has ended, whole, and nothing else', async () => {
    const address = fresh();
    const store = await open(address);
    const ended = (await store.create(newJob())).job_id;
    await store.log(ended, 'a line');
    await store.finish(ended, completed('x'.repeat(1_100_000)));
    const lost = (await store.create(newJob({ holder: deadHolder() }))).job_id;
    const live = (await store.create(newJob())).job_id;
    const remote = (await store.create(newJob())).job_id;
    await store.accept(remote, taskFact());
    expect(await store.removableBytes([ended])).toBeGreaterThan(1_100_000);
    const removed: string[] = [];
    await store.remove([ended, lost, live, remote, 'job_00000000000000000000000000'], {
      onRemoved: (part) => removed.push(...part.removed),
      signal: new AbortController().signal,
    });
    expect(removed).toEqual([ended, lost]);
    expect((await store.list()).jobs.map(({ job_id }) => job_id)).toEqual([remote, live]);
    expect(await raw().keys(`${address.prefix}*job:${ended}*`)).toEqual([]);
  });

  it('listens to no job that it knows to have ended, and to one again that is open again', async () => {
    const address = fresh();
    const [store, other] = [await open(address), await open(address)];
    const { signal } = new AbortController();
    const redis = raw();
    const heard = async (id: string) => {
      const channel = `${address.prefix}{work}:changes:${id}`;
      return (await redis.pubsub('NUMSUB', channel))[1];
    };
    const { job_id } = await store.create(newJob());
    const changed = store.changes(job_id);
    // The first look is for what was before.
    await changed(signal);
    const next = changed(signal);
    expect(await heard(job_id)).toBe(1);
    await other.finish(job_id, completed());
    await next;
    expect(await heard(job_id)).toBe(1);
    await store.read(job_id);
    await expect.poll(() => heard(job_id)).toBe(0);
    await changed(signal);
    await expect.poll(() => heard(job_id)).toBe(1);
  });

  it('tells whoever waits of a change, at once and every time', async () => {
    const { store, reopen } = await inRedis();
    const { job_id } = await store.create(newJob());
    const { signal } = new AbortController();
    const changed = store.changes(job_id);
    await changed(signal);
    const second = changed(signal);
    await reopen().observe(job_id, { progress: { progress: 1 } });
    await second;
    // One that came while nobody waited is not lost.
    await reopen().requestCancel(job_id);
    while (!(await store.cancelRequested(job_id))) await changed(signal);
    const stop = new AbortController();
    const never = changed(stop.signal).then(() => changed(stop.signal));
    stop.abort(new Error('enough'));
    await expect(never).rejects.toThrow('enough');
  });

  it('a holder that goes away in order leaves no lease, and its open job is lost', async () => {
    const address = fresh();
    const [store, other] = [
      new RedisJobStore(await connectStore(address, 0), address, 'work'),
      await open(address),
    ];
    const { job_id } = await store.create(newJob({ backend: 'local' }));
    expect(await other.read(job_id)).toMatchObject({ status: 'queued' });
    expect(await other.isProvedHeld(await other.read(job_id))).toBe(true);
    await store.close();
    expect(await other.read(job_id)).toMatchObject({ status: 'lost', error: { code: 'holder_gone' } });
  });

  it('believes the end that a holder wrote just before it went, with its result', async () => {
    const address = fresh();
    const connection = await connectStore(address, 0);
    const other = await open(address);
    let beforeAsking = async () => {};
    const store = new RedisJobStore(
      {
        ...connection,
        ask: async (work) => {
          await beforeAsking();
          return connection.ask(work);
        },
      },
      address,
      'work',
    );
    onTestFinished(() => store.close());
    const large = 'x'.repeat(1_100_000);
    for (const text of ['in the nick of time', large]) {
      const { job_id } = await other.create(newJob({ backend: 'local', holder: deadHolder() }));
      let asked = 0;
      beforeAsking = async () => {
        asked += 1;
        // Between the first look at the record and the second one.
        if (asked === 2) await other.finish(job_id, completed(text));
      };
      expect(await store.read(job_id)).toMatchObject({
        status: 'completed',
        result: { content: [{ text }] },
      });
    }
  });

  it('names a record that is damaged or newer, and leaves it alone', async () => {
    const address = fresh();
    const store = await open(address);
    const [damaged, newer] = [await store.create(newJob()), await store.create(newJob())];
    const redis = raw();
    await redis.hset(`${address.prefix}{work}:job:${damaged.job_id}`, 'job', '{"no');
    await redis.hset(`${address.prefix}{work}:job:${newer.job_id}`, 'v', '99');
    await store.requestCancel(damaged.job_id);
    await store.requestCancel(newer.job_id);
    await expect(store.read(damaged.job_id)).rejects.toMatchObject({ code: 'record_damaged', exitCode: 78 });
    await expect(store.read(newer.job_id)).rejects.toMatchObject({ code: 'record_newer', exitCode: 78 });
    const { jobs, problems } = await store.list();
    expect(jobs).toEqual([]);
    expect(problems.map(({ code }) => code).sort()).toEqual(['damaged', 'newer']);
  });

  it('two prefixes are two stores', async () => {
    const [one, two] = [await open(fresh()), await open(fresh())];
    const { job_id } = await one.create(newJob());
    await expect(two.read(job_id)).rejects.toMatchObject({ code: 'unknown_job' });
    expect((await two.list()).jobs).toEqual([]);
  });

  describe('trouble', () => {
    const on = async (settings: string[]) => {
      const own = await startRedis(settings);
      onTestFinished(() => own.kill());
      return own;
    };

    it('no Redis: exit 3, at once', async () => {
      const own = await startRedis();
      await own.kill();
      await expect(connectStore(fresh('', own), 60_000)).rejects.toMatchObject({
        exitCode: 3,
        message: expect.stringContaining(`the store redis://${own.host}/0 cannot be reached`),
      });
    });

    it('no password, a wrong one, and a user who may not: exit 4', async () => {
      const own = await on(['requirepass right', 'user bob on >pw ~t* &t* +@all -info']);
      for (const [user, password] of [
        [undefined, undefined],
        [undefined, 'wrong'],
        ['bob', 'pw'],
      ] as const)
        await expect(connectStore({ ...fresh('', own), username: user, password }, 0)).rejects.toMatchObject({
          exitCode: 4,
          message: expect.not.stringContaining('wrong '),
        });
    });

    it('a store that throws keys away is refused', async () => {
      const own = await on(['maxmemory 100mb', 'maxmemory-policy allkeys-lru']);
      await expect(connectStore(fresh('', own), 0)).rejects.toMatchObject({
        code: 'store_evicts',
        exitCode: 78,
      });
    });

    it('no memory left: exit 74, and what is there stays', async () => {
      const own = await on(['maxmemory 4mb']);
      const store = await open(fresh('', own));
      const { job_id } = await store.create(newJob());
      await expect(store.finish(job_id, completed('x'.repeat(6_000_000)))).rejects.toMatchObject({
        exitCode: 74,
      });
      expect(await store.read(job_id)).toMatchObject({ status: 'queued' });
    });

    it('a key of another kind where jobs would be: exit 78', async () => {
      const address = fresh();
      await raw().set(`${address.prefix}{work}:ids`, 'mine');
      await expect((await open(address)).create(newJob())).rejects.toMatchObject({
        exitCode: 78,
        hint: expect.stringContaining('choose another prefix'),
      });
    });

    it('a connection that breaks in the middle is had again, and nothing is done twice', async () => {
      const address = fresh();
      const store = await open(address, 10_000);
      const redis = raw();
      const made: string[] = [];
      for (let i = 0; i < 30; i++) {
        const creating = store.create(newJob({ arguments: { i } }));
        await redis.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
        made.push((await creating).job_id);
      }
      const { jobs } = await store.list();
      expect(jobs.map(({ job_id }) => job_id)).toEqual(made.toReversed());
    });

    it('a store that is lost for good is exit 3 after the patience', async () => {
      const own = await on([]);
      const store = await open(fresh('', own), 300);
      const { job_id } = await store.create(newJob());
      await own.kill();
      await expect(store.read(job_id)).rejects.toMatchObject({ exitCode: 3 });
    });
  });
});
