/** Whole jobs from files to Redis and back: every kind of record comes out as it went in. */
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readAddress, type StoreAddress } from '../../src/config/settings/store-address.ts';
import type { Awaitable, JobStore } from '../../src/jobs/ports.ts';
import type { JobEnd } from '../../src/jobs/record.ts';
import { Access } from '../../src/jobs/store/redis/access.ts';
import { connectStore } from '../../src/jobs/store/redis/connection.ts';
import { RedisJobStore } from '../../src/jobs/store/redis/redis-store.ts';
import { diskCopies } from '../../src/jobs/store/transfer/disk-copies.ts';
import { migrateJobs, type Place, removeMigrated } from '../../src/jobs/store/transfer/migrate.ts';
import { redisCopies } from '../../src/jobs/store/transfer/redis-copies.ts';
import { currentHolder } from '../../src/lib/disk/holder.ts';
import { parseJson, stringifyJson } from '../../src/lib/json/exact-json.ts';
import { stepJobId } from '../../src/worker/step-jobs.ts';
import { freshDir } from '../support/home.ts';
import { noRedis } from '../support/redis.ts';
import { redisForAll } from '../support/redis-for-all.ts';
import { completed, deadHolder, diskStore, newJob, taskFact } from '../support/store-fixtures.ts';

const QUESTION = {
  request_id: 1,
  method: 'elicitation/create',
  params: { message: 'sure?' },
  received_at: 'x',
};
const PLAN = {
  name: 'flow',
  steps: [
    { id: 'a', name: 'first', depends_on: [] },
    { id: 'b', name: 'second', depends_on: ['a'] },
  ],
  more: parseJson('12345678901234567890.5'),
};
const FAILED: JobEnd = {
  status: 'failed',
  error: { code: 'rpc_error', message: 'no', rpc_code: -32000, data: { a: 1 } },
  finished_at: '2026-03-30T10:16:00.000Z',
};
const WORKFLOW = { backend: 'local' as const, plan: PLAN, metadata: { kind: 'workflow' as const } };
const AT = '2026-03-30T10:15:32.000Z';

/** Makes a job of each kind; all of them may be copied. */
const KINDS: Record<string, (store: JobStore) => Awaitable<unknown>> = {
  'a completed task': async (store) => {
    const { job_id } = await store.create(newJob());
    await store.accept(job_id, taskFact('task_1', { poll_interval_ms: 250 }));
    await store.observe(job_id, { status: 'running', progress: { progress: 1, total: 4 } });
    await store.finish(job_id, completed('done', { remote: { taskId: 'task_1', status: 'completed' } }));
  },
  'a task that its server runs': async (store) => {
    const { job_id } = await store.create(newJob());
    await store.accept(job_id, taskFact());
  },
  'one that was looked at, and asks something': async (store) => {
    const { job_id } = await store.create(newJob());
    await store.accept(job_id, taskFact());
    await store.observe(job_id, {
      status: 'input_required',
      remote: { status: 'input_required' },
      poll_interval_ms: 100,
      pending_input: [QUESTION],
      trouble: { since: AT, message: 'no answer' },
    });
    await store.requestCancel(job_id);
  },
  'one that was canceled': async (store) => {
    const { job_id } = await store.create(newJob());
    await store.requestCancel(job_id);
    await store.finish(job_id, {
      status: 'canceled',
      error: { code: 'canceled', message: '' },
      finished_at: AT,
    });
  },
  'a failed local call with its log and its calls': async (store) => {
    const { job_id } = await store.create(newJob({ backend: 'local' }));
    await store.observe(job_id, { status: 'running', attempt: 3 });
    await store.log(job_id, 'attempt 1: ü\n no');
    await store.log(job_id, '');
    const call = { instance: 'other', tool: 'fetch', started_at: AT };
    await store.addCall(job_id, { id: 1, ...call });
    await store.addCall(job_id, { id: 2, ...call, finished_at: AT, outcome: 'completed', job_id: 'job_x' });
    await store.finish(job_id, { ...FAILED, attempt: 3 });
  },
  'one whose process is gone': async (store) => {
    await store.create(newJob({ holder: deadHolder() }));
    await store.create(newJob({ backend: 'local', holder: { ...deadHolder(), keeper: true } }));
  },
  'one with metadata of all kinds': async (store) => {
    const metadata = {
      capability: 'nightly',
      kind: 'definition' as const,
      tool: 'deploy',
      name: 'mine',
      tags: ['a', 'b'],
      labels: { team: 'x' },
    };
    const { job_id } = await store.create(newJob({ metadata }));
    await store.finish(job_id, completed());
  },
  'numbers of any size, and names that mean something': async (store) => {
    const odd = parseJson('{"n":12345678901234567890.50,"__proto__":{"a":1},"constructor":[-0,1e400]}');
    const { job_id } = await store.create(newJob({ arguments: odd as Record<string, unknown> }));
    await store.accept(job_id, taskFact('task_1', { remote: odd as Record<string, unknown> }));
    await store.finish(job_id, completed('', { result: odd }));
  },
  'results of all sizes, and none': async (store) => {
    for (const result of [undefined, null, false, '', 'ü'.repeat(20_000), 'ü\u2028'.repeat(900_000)]) {
      const { job_id } = await store.create(newJob());
      const { result: _, ...end } = completed();
      await store.finish(job_id, result === undefined ? end : { ...end, result });
    }
  },
  'a workflow, resumed twice': async (store) => {
    const { job_id } = await store.create(newJob(WORKFLOW));
    for (let round = 0; round <= 2; round++) {
      if (round > 0) await store.resume(job_id, currentHolder());
      if (round === 0) {
        await store.addStep(job_id, 0, { step: 'a', state: 'running', at: AT, attempt: 1 });
        const outputs = { text: 'x'.repeat(20_000) };
        await store.addStep(job_id, 0, { step: 'a', state: 'completed', at: AT, attempt: 1, outputs });
      }
      await store.addStep(job_id, round, { step: 'b', state: 'running', at: AT, attempt: 1 });
      const error = { code: 'tool_error', message: `round ${round}` };
      await store.addStep(job_id, round, { step: 'b', state: 'failed', at: AT, attempt: 1, error });
      await store.observe(job_id, { status: 'running', progress: { progress: round } });
      await store.finish(job_id, FAILED, round);
    }
  },
  'a workflow whose process is gone': async (store) => {
    const { job_id } = await store.create(newJob({ ...WORKFLOW, holder: deadHolder() }));
    await store.addStep(job_id, 0, { step: 'a', state: 'running', at: AT, attempt: 1 });
  },
};

describe.skipIf(noRedis !== undefined)('jobs from one store to another', () => {
  const server = redisForAll();

  const files = (): Place => {
    const { store, dir } = diskStore(freshDir());
    return { store, copies: diskCopies(dir, 'work') };
  };

  const redis = async (changes: Partial<StoreAddress> = {}): Promise<Place> => {
    const address = {
      ...readAddress(server.address('&ttl=1h'), 'test'),
      name: 'other',
      ...changes,
    };
    const connection = await connectStore(address, 0);
    const store = new RedisJobStore(connection, address, 'work');
    onTestFinished(() => store.close());
    return { store, copies: redisCopies(new Access(connection, address, 'work')) };
  };

  /** Everything that a reader gets of all jobs. */
  const shown = async ({ store }: Place): Promise<string[]> => {
    const { jobs, problems } = await store.list();
    expect(problems).toEqual([]);
    return Promise.all(
      jobs.map(async ({ job_id }) =>
        stringifyJson([
          await store.read(job_id),
          await store.readLog(job_id),
          // Files say the version of each.
          { ...(await store.readPlan(job_id)), schema_version: 1 },
        ]),
      ),
    );
  };

  const { signal } = new AbortController();
  const copy = (from: Place, to: Place) => migrateJobs(from, to, { dryRun: false, signal });

  it.for(Object.entries(KINDS))('%s: files, Redis, Redis, files', async ([, make]) => {
    const places = [files(), await redis(), await redis(), files()] as const;
    await make(places[0].store);
    const before = await shown(places[0]);
    expect(before.length).toBeGreaterThan(0);
    for (const [i, to] of places.slice(1).entries()) {
      const from = places[i] as Place;
      expect(await copy(from, to)).toMatchObject({
        copied: { length: before.length },
        present: [],
        left: [],
      });
      expect(await shown(to)).toEqual(before);
      expect(stringifyJson((await to.store.list()).jobs)).toBe(stringifyJson((await from.store.list()).jobs));
      // Again: nothing is done.
      expect(await copy(from, to)).toMatchObject({
        copied: [],
        present: { length: before.length },
        left: [],
      });
    }
    expect(await shown(places[0])).toEqual(before);
  });

  it.for(Object.entries(KINDS))('%s: Redis, files, Redis', async ([, make]) => {
    const places = [await redis(), files(), await redis()] as const;
    await make(places[0].store);
    const before = await shown(places[0]);
    await copy(places[0], places[1]);
    expect(await shown(places[1])).toEqual(before);
    await copy(places[1], places[2]);
    expect(await shown(places[2])).toEqual(before);
  });

  it('any arguments, results and remote states', async () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue());
    const property = fc.asyncProperty(object, fc.jsonValue(), object, async (args, result, remote) => {
      const places = [files(), await redis(), files()] as const;
      const { job_id } = await places[0].store.create(newJob({ arguments: args }));
      await places[0].store.accept(job_id, taskFact('t', { remote }));
      await places[0].store.finish(job_id, completed('', { result, remote }));
      await copy(places[0], places[1]);
      await copy(places[1], places[2]);
      expect(await shown(places[2])).toEqual(await shown(places[0]));
    });
    await fc.assert(property, { numRuns: 25 });
  });

  it('what was copied goes on: a task gets its end, a workflow is resumed', async () => {
    for (const [from, to] of [
      [files(), await redis()],
      [await redis(), files()],
    ] as const) {
      await KINDS['one that was looked at, and asks something']?.(from.store);
      await KINDS['a workflow, resumed twice']?.(from.store);
      await copy(from, to);
      const [flow, task] = (await to.store.list()).jobs;
      expect(await to.store.finish(task?.job_id ?? '', completed())).toMatchObject({ status: 'completed' });
      const resumed = await to.store.resume(flow?.job_id ?? '', currentHolder());
      expect(resumed).toMatchObject({
        status: 'queued',
        resumed: 3,
        error: null,
      });
      expect(resumed.steps?.map(({ state }) => state)).toEqual(['completed', 'failed']);
      await to.store.addStep(resumed.job_id, 3, { step: 'b', state: 'completed', at: AT, attempt: 1 });
      const end = await to.store.finish(resumed.job_id, completed(), 3);
      expect(end).toMatchObject({
        status: 'completed',
        steps: [{ state: 'completed' }, { state: 'completed' }],
      });
    }
  });

  it('leaves what a process has, and says which', async () => {
    const [from, to] = [files(), await redis()];
    const { job_id } = await from.store.create(newJob({ backend: 'local' }));
    await KINDS['a completed task']?.(from.store);
    const { copied, left } = await copy(from, to);
    expect(copied).toHaveLength(1);
    expect(left).toEqual([
      { job_id, code: 'held', message: expect.stringContaining(`(pid ${process.pid})`) },
    ]);
    // Once it has ended it is copied.
    await from.store.finish(job_id, completed());
    expect(await copy(from, to)).toMatchObject({ copied: [job_id], present: { length: 1 }, left: [] });
  });

  it('leaves what waits for a worker, and takes it once it has ended', async () => {
    const [from, to] = [await redis(), files()];
    const { holder: _, ...job } = newJob({ session: null });
    const queued = { ...job, target: 'abcdef', call: '{"plain":{"password":"s3cret"}}', attempts: 1 };
    const { job_id } = (await from.store.calls?.submit(queued))?.job ?? { job_id: '' };
    expect((await copy(from, to)).left).toEqual([
      { job_id, code: 'held', message: 'it is queued and waits for a worker' },
    ]);
    await from.store.finish(job_id, completed());
    const other = await redis();
    await copy(from, to);
    await copy(from, other);
    expect(await shown(to)).toEqual(await shown(from));
    expect(await shown(other)).toEqual(await shown(from));
  });

  it("takes the jobs of a workflow's steps along, and leaves it while one of them is open", async () => {
    const [from, to, other] = [await redis(), files(), await redis()];
    const { holder: _, ...job } = newJob({ session: null, ...WORKFLOW });
    const queued = { ...job, target: 'abcdef', call: '{"plain":{}}', attempts: 1 };
    const { job_id } = (await from.store.calls?.submit(queued))?.job ?? { job_id: '' };
    const holder = { ...currentHolder(), worker: 'w' };
    await from.store.calls?.claim(job_id, { worker: 'w', holder, leaseMs: 600_000 }, 't');
    const step = { workflow: job_id, round: 0, token: 't' };
    const ids = ['a', 'b'].map((id) => stepJobId(job_id, 0, id));
    for (const id of ids) {
      const { plan: __, ...call } = queued;
      await from.store.calls?.submit({ ...call, step: { ...step, id } });
    }
    const [first = '', second = ''] = ids;
    await from.store.addStep(job_id, 0, { step: 'a', state: 'completed', at: AT, job_id: first, attempt: 1 });
    await from.store.log(first, 'said');
    await from.store.finish(first, completed('x'.repeat(2_000_000)));
    await from.store.finish(job_id, FAILED);
    expect((await copy(from, other)).left).toEqual([
      {
        job_id,
        code: 'held',
        message: `a step of it, ${second}: it is queued and waits for a worker`,
      },
    ]);
    expect((await other.store.list()).jobs).toEqual([]);
    await from.store.finish(second, completed());
    const back = await redis();
    for (const [source, place] of [
      [from, other],
      [from, to],
      [to, back],
    ] as const) {
      expect(await copy(source, place)).toMatchObject({ copied: [job_id], left: [] });
      for (const id of [job_id, ...ids])
        expect(stringifyJson(await place.store.read(id))).toBe(stringifyJson(await from.store.read(id)));
      expect(await place.store.readLog(first)).toEqual(await from.store.readLog(first));
      // They are in no list, are known by their whole id, and go with the workflow.
      expect((await place.store.list()).jobs.map((one) => one.job_id)).toEqual([job_id]);
      expect(await place.store.latest()).toBe(job_id);
      expect(await place.store.resolve(second)).toBe(second);
      await expect((async () => place.store.resolve(second.slice(0, -1)))()).rejects.toMatchObject({
        code: 'unknown_job',
      });
    }
    await removeMigrated(from, other, [job_id], { onRemoved: () => {}, signal });
    for (const id of [job_id, ...ids])
      await expect(from.store.read(id)).rejects.toMatchObject({ code: 'unknown_job' });
    for (const place of [other, to]) {
      await place.store.remove([job_id], { onRemoved: () => {}, signal });
      await expect((async () => place.store.read(first))()).rejects.toMatchObject({ code: 'unknown_job' });
    }
  });

  it('adds the end of a task that was copied while it ran', async () => {
    const [from, to] = [files(), await redis()];
    await KINDS['a task that its server runs']?.(from.store);
    await copy(from, to);
    const id = (await from.store.latest()) ?? '';
    await from.store.finish(id, completed('late'));
    expect(await copy(from, to)).toMatchObject({ copied: [id] });
    // A store in Redis says by its own clock when it heard of the end.
    const { status, result } = completed('late');
    expect(await to.store.read(id)).toMatchObject({ status, result });
  });

  it('a result over the limit stays where it is, and keeps no other', async () => {
    const [from, to] = [files(), await redis({ resultBytes: 5_000 })];
    const { job_id } = await from.store.create(newJob());
    await from.store.finish(job_id, completed('x'.repeat(6_000)));
    await KINDS['a completed task']?.(from.store);
    const { copied, left } = await copy(from, to);
    expect(copied).toHaveLength(1);
    expect(left).toMatchObject([{ job_id, code: 'refused', message: expect.stringContaining('takes 5000') }]);
  });

  it('two that copy at once make one job of each', async () => {
    const [from, to] = [files(), await redis()];
    for (const make of Object.values(KINDS)) await make(from.store);
    const both = await Promise.all([copy(from, to), copy(from, to)]);
    const copied = both.flatMap((one) => one.copied);
    expect(new Set(copied).size).toBe(copied.length);
    expect(await shown(to)).toEqual(await shown(from));
  });

  it('removes from the source only what is the same in the other', async () => {
    const [from, to] = [files(), await redis()];
    await KINDS['a completed task']?.(from.store);
    await KINDS['a task that its server runs']?.(from.store);
    const { copied } = await copy(from, to);
    const { job_id } = await from.store.create(newJob());
    await from.store.finish(job_id, completed());
    const removed: string[] = [];
    const onRemoved = (part: { removed: string[] }) => removed.push(...part.removed);
    await removeMigrated(from, to, [...copied, job_id], { onRemoved, signal });
    expect(removed).toEqual(copied.slice(0, 1));
    expect((await from.store.list()).jobs.map((job) => job.job_id)).toEqual([job_id, copied[1]]);
  });

  it('stops between two jobs', async () => {
    const [from, to] = [files(), await redis()];
    for (let i = 0; i < 3; i++) await KINDS['a completed task']?.(from.store);
    const stop = new AbortController();
    const onJob = () => stop.abort(new Error('enough'));
    await expect(migrateJobs(from, to, { dryRun: false, signal: stop.signal, onJob })).rejects.toThrow(
      'enough',
    );
    expect((await to.store.list()).jobs).toHaveLength(1);
    expect(await copy(from, to)).toMatchObject({ copied: { length: 2 }, present: { length: 1 } });
  });
});
