import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import type { Awaitable, JobStore } from '../../src/jobs/ports.ts';
import { completed, deadHolder, newJob, taskFact } from '../support/store-fixtures.ts';

export interface StoreUnderTest {
  store: JobStore;
  /** The same jobs through a second store, as another process would have it. */
  reopen(): JobStore;
}

/** What every JobStore must do, whatever it keeps jobs in. `make` is called once a test and starts empty. */
export function jobStoreContract(name: string, make: () => Awaitable<StoreUnderTest>): void {
  describe(`${name}: life of a job`, () => {
    it('creates a queued record that another process reads the same', async () => {
      const { store, reopen } = await make();
      const job = await store.create(newJob());
      expect(job).toMatchObject({
        schema_version: 1,
        instance: 'work',
        capability: 'deploy',
        arguments: { version: '2.0' },
        status: 'queued',
        remote_task_id: null,
        remote: null,
        attempt: 1,
        error: null,
        finished_at: null,
        cancel_requested_at: null,
      });
      expect(job.job_id).toMatch(/^job_[0-9a-z]{26}$/);
      expect(await reopen().read(job.job_id)).toEqual(job);
    });

    it('keeps its marks to the end, and has none that were not set', async () => {
      const { store, reopen } = await make();
      const metadata = {
        kind: 'definition' as const,
        tool: 'deploy',
        tags: ['etl', 'nightly'],
        labels: { team: 'data' },
      };
      const { job_id, ...created } = await store.create(newJob({ capability: 'nightly', metadata }));
      expect(created).toMatchObject({ capability: 'nightly', ...metadata });
      await store.accept(job_id, taskFact());
      await store.observe(job_id, { progress: { progress: 1 } });
      expect(await reopen().read(job_id)).toMatchObject(metadata);
      expect(await store.finish(job_id, completed())).toMatchObject({ status: 'completed', ...metadata });
      expect((await reopen().list()).jobs).toMatchObject([metadata]);
      for (const none of [undefined, {}, { tags: [], labels: {} }]) {
        const plain = await store.create(newJob({ metadata: none }));
        for (const field of ['kind', 'tool', 'tags', 'labels', 'metadata'])
          expect(plain).not.toHaveProperty(field);
      }
    });

    it.each([
      ['working', 'running'],
      ['queued', 'queued'],
      ['submitted', 'queued'],
      ['input_required', 'input_required'],
      ['never heard of', 'running'],
      // The end counts once it is recorded with its result.
      ['completed', 'running'],
    ])('says of a task accepted as %s that it is %s', async (word, status) => {
      const { store } = await make();
      const { job_id } = await store.create(newJob());
      await store.accept(job_id, taskFact('task_7', { remote: { taskId: 'task_7', status: word } }));
      expect(await store.read(job_id)).toMatchObject({
        status,
        backend: 'tasks-2025-11-25',
        remote_task_id: 'task_7',
        remote: { taskId: 'task_7', status: word },
        updated_at: expect.any(String),
      });
    });

    it('accepts one task, the same one twice, and never another', async () => {
      const { store } = await make();
      const { job_id } = await store.create(newJob());
      await store.accept(job_id, taskFact('task_1'));
      await store.accept(job_id, taskFact('task_1'));
      expect((await caught(() => store.accept(job_id, taskFact('task_2')))).message).toMatch(
        /another remote task/,
      );
      expect((await store.read(job_id)).remote_task_id).toBe('task_1');
    });

    it('keeps the last observation, field by field', async () => {
      const { store } = await make();
      const { job_id } = await store.create(newJob());
      await store.accept(job_id, taskFact());
      await store.observe(job_id, { progress: { progress: 1, total: 4 } });
      expect(await store.read(job_id)).toMatchObject({
        status: 'running',
        progress: { progress: 1, total: 4 },
      });
      await store.observe(job_id, {
        status: 'input_required',
        remote: { status: 'input_required' },
        poll_interval_ms: 250,
      });
      expect(await store.read(job_id)).toMatchObject({
        status: 'input_required',
        remote: { status: 'input_required' },
        progress: { progress: 1, total: 4 },
        poll_interval_ms: 250,
      });
      await store.observe(job_id, { status: 'queued', progress: null });
      expect(await store.read(job_id)).toMatchObject({ status: 'queued', progress: null });
    });

    it('keeps a question until the job ends', async () => {
      const { store } = await make();
      const { job_id } = await store.create(newJob());
      const question = {
        request_id: 1,
        method: 'elicitation/create',
        params: { message: 'sure?' },
        received_at: 'x',
      };
      await store.observe(job_id, { pending_input: [question] });
      expect((await store.read(job_id)).pending_input).toEqual([question]);
      await store.observe(job_id, { pending_input: [] });
      expect((await store.read(job_id)).pending_input).toEqual([]);
      await store.observe(job_id, { pending_input: [question] });
      expect((await store.finish(job_id, completed())).pending_input).toBeUndefined();
    });

    it('ends once: the first verdict counts, and later observations change nothing', async () => {
      const { store, reopen } = await make();
      const { job_id } = await store.create(newJob());
      await store.accept(job_id, taskFact());
      const first = await store.finish(job_id, completed('mine', { remote: { status: 'completed' } }));
      expect(first).toMatchObject({
        status: 'completed',
        result: { content: [{ type: 'text', text: 'mine' }] },
        finished_at: expect.stringMatching(/Z$/),
        remote: { status: 'completed' },
        remote_task_id: 'task_1',
      });
      const late = await reopen().finish(job_id, {
        status: 'failed',
        error: { code: 'tool_error', message: 'late' },
        finished_at: '2026-03-30T10:17:00.000Z',
      });
      expect(late).toEqual(first);
      await store.observe(job_id, { status: 'running', progress: { progress: 9 } });
      await store.requestCancel(job_id);
      expect(await store.read(job_id)).toEqual(first);
    });

    it('puts the last line of its log there with its end, and returns the record that others read', async () => {
      const { store, reopen } = await make();
      const { job_id } = await store.create(newJob());
      await store.log(job_id, 'the first');
      const ended = await store.finish(job_id, completed('done'), undefined, 'the last');
      expect(ended).toMatchObject({ status: 'completed', result: { content: [{ text: 'done' }] } });
      expect(await reopen().read(job_id)).toEqual(ended);
      // What comes too late changes nothing, and is told.
      expect(await reopen().finish(job_id, completed('mine'), undefined, 'too late')).toEqual(ended);
      const log = (await reopen().readLog(job_id)).map(({ text }) => text);
      expect(log).toEqual(['the first', 'the last', 'too late']);
    });

    it('ends as it was seen to end, whatever was under way elsewhere', async () => {
      const { store, reopen } = await make();
      const { job_id } = await store.create(newJob());
      const end = await store.finish(job_id, completed());
      // A process that read the record before the end, and writes after it.
      await reopen().accept(job_id, taskFact());
      expect(await store.read(job_id)).toEqual(end);
      expect((await store.list()).jobs).toMatchObject([{ status: 'completed', updated_at: end.updated_at }]);
    });

    it('keeps a failure with its error, extras included, and no result', async () => {
      const { store } = await make();
      const { job_id } = await store.create(newJob());
      const error = { code: 'rpc_error', message: 'no', rpc_code: -32000, data: { a: 1 } };
      const end = { status: 'failed', error, finished_at: '2026-03-30T10:16:00.000Z' } as const;
      expect(await store.finish(job_id, end)).toMatchObject({ status: 'failed', error });
      expect('result' in (await store.read(job_id))).toBe(false);
    });

    it.each([[0], [16_000], [16_500], [3_000_000]])(
      'returns a result of %i characters as it was',
      async (size) => {
        const { store, reopen } = await make();
        const { job_id } = await store.create(newJob());
        const end = completed('ü\u2028'.repeat(size / 2));
        await store.finish(job_id, end);
        expect((await reopen().read(job_id)).result).toEqual(end.result);
      },
    );

    it.each([[null], [false], ['']])('tells the result %j from none', async (result) => {
      const { store } = await make();
      const { job_id } = await store.create(newJob());
      expect(await store.finish(job_id, completed('', { result }))).toHaveProperty('result', result);
    });

    it('takes the first request to cancel, and shows it to everybody', async () => {
      const { store, reopen } = await make();
      const { job_id } = await store.create(newJob());
      expect(await store.cancelRequested(job_id)).toBe(false);
      await reopen().requestCancel(job_id);
      const at = (await store.read(job_id)).cancel_requested_at;
      expect(at).not.toBeNull();
      await store.requestCancel(job_id);
      expect(await store.cancelRequested(job_id)).toBe(true);
      expect(await store.read(job_id)).toMatchObject({ cancel_requested_at: at, status: 'queued' });
    });

    it('keeps the calls of a run, the later word of each, and not in lists', async () => {
      const { store, reopen } = await make();
      const { job_id } = await store.create(newJob());
      expect(await store.read(job_id)).not.toHaveProperty('calls');
      const call = { instance: 'other', tool: 'fetch', started_at: '2026-03-30T10:15:32.000Z' };
      for (let id = 1; id <= 11; id++) await store.addCall(job_id, { id, ...call });
      const end = { finished_at: '2026-03-30T10:15:33.000Z', outcome: 'failed' as const };
      await store.addCall(job_id, { id: 2, ...call, ...end, error: { code: 'x', message: 'no' } });
      const { calls } = await reopen().read(job_id);
      expect(calls?.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
      expect(calls?.[1]).toEqual({ id: 2, ...call, ...end, error: { code: 'x', message: 'no' } });
      expect((await store.list()).jobs[0]).not.toHaveProperty('calls');
    });

    it('keeps `__proto__` and its kin as ordinary data', async () => {
      const { store, reopen } = await make();
      const hostile = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
      const { job_id } = await store.create(newJob({ arguments: hostile }));
      await store.observe(job_id, { remote: hostile });
      const job = await reopen().finish(job_id, completed('', { result: hostile }));
      for (const value of [job.arguments, job.remote, job.result])
        expect(JSON.stringify(value)).toBe(JSON.stringify(hostile));
      expect(({} as { polluted?: number }).polluted).toBeUndefined();
    });
  });

  describe(`${name}: holders that are gone`, () => {
    it('reads a submission whose creator died as lost, open whether it runs', async () => {
      const { store } = await make();
      const { job_id } = await store.create(newJob({ holder: deadHolder() }));
      const job = await store.read(job_id);
      expect(job).toMatchObject({ status: 'lost', error: { code: 'submission_unknown' } });
      expect(job.error?.message).toMatch(/may or may not be running/);
      expect((await store.list()).jobs).toEqual([job]);
      expect((await store.list({ statuses: ['lost'] })).jobs).toEqual([job]);
      expect((await store.list({ statuses: ['queued'] })).jobs).toEqual([]);
    });

    it('reads a local call whose process died as lost', async () => {
      const { store } = await make();
      const { job_id } = await store.create(newJob({ backend: 'local', holder: deadHolder() }));
      await store.observe(job_id, { status: 'running' });
      expect(await store.read(job_id)).toMatchObject({
        status: 'lost',
        error: { code: 'holder_gone', message: 'the process that ran it is gone; its outcome is unknown' },
      });
    });

    it('needs no holder once the server has the task, or the job has ended', async () => {
      const { store } = await make();
      const accepted = (await store.create(newJob({ holder: deadHolder() }))).job_id;
      await store.accept(accepted, taskFact());
      expect((await store.read(accepted)).status).toBe('running');
      const ended = (await store.create(newJob({ backend: 'local', holder: deadHolder() }))).job_id;
      expect((await store.finish(ended, completed())).status).toBe('completed');
    });
  });

  describe(`${name}: lists and ids`, () => {
    it('is empty before the first job', async () => {
      const { store } = await make();
      expect(await store.list()).toEqual({ jobs: [], problems: [] });
      expect(await store.latest()).toBeUndefined();
      expect(await caught(() => store.resolve('job_01'))).toBeInstanceOf(UsageError);
    });

    it('lists newest first, without results, by status and up to a limit', async () => {
      const { store } = await make();
      const ids: string[] = [];
      for (let i = 0; i < 6; i++) ids.push((await store.create(newJob({ arguments: { i } }))).job_id);
      for (const id of ids.slice(0, 4)) await store.finish(id, completed());
      const listed = async (filter?: Parameters<JobStore['list']>[0]) =>
        (await store.list(filter)).jobs.map((job) => job.job_id);
      expect(await listed()).toEqual(ids.toReversed());
      expect(await listed({ limit: 2 })).toEqual([ids[5], ids[4]]);
      expect(await listed({ limit: 0 })).toEqual([]);
      expect(await listed({ statuses: ['completed'] })).toEqual([ids[3], ids[2], ids[1], ids[0]]);
      expect(await listed({ statuses: ['completed'], limit: 1 })).toEqual([ids[3]]);
      expect((await store.list()).jobs.some((job) => 'result' in job)).toBe(false);
      const { result: _, ...shown } = await store.read(ids[0] ?? '');
      expect((await store.list()).jobs.at(-1)).toEqual(shown);
      expect(await store.latest()).toBe(ids[5]);
    });

    it('lists by tags (any of them) and labels (all of them), and counts afterwards', async () => {
      const { store } = await make();
      const ids: string[] = [];
      for (const metadata of [
        { tags: ['a', 'b'], labels: { team: 'x', tier: '1' } },
        { tags: ['b'], labels: { team: 'x' } },
        undefined,
      ])
        ids.push((await store.create(newJob({ metadata }))).job_id);
      const [one, two, three] = ids;
      const listed = async (filter?: Parameters<JobStore['list']>[0]) =>
        (await store.list(filter)).jobs.map((job) => job.job_id);
      expect(await listed({ tags: [], labels: {} })).toEqual([three, two, one]);
      expect(await listed({ tags: ['a'] })).toEqual([one]);
      expect(await listed({ tags: ['a', 'b'] })).toEqual([two, one]);
      expect(await listed({ tags: ['b'], limit: 1 })).toEqual([two]);
      expect(await listed({ labels: { team: 'x' } })).toEqual([two, one]);
      expect(await listed({ labels: { team: 'x', tier: '1' }, limit: 1 })).toEqual([one]);
      expect(await listed({ labels: { team: 'y' } })).toEqual([]);
      expect(await listed({ labels: { toString: 'x' } })).toEqual([]);
      expect(await listed({ tags: ['b'], labels: { tier: '1' }, statuses: ['completed'] })).toEqual([]);
    });

    it('resolves full ids and unique prefixes, with or without job_, in any case', async () => {
      const { store } = await make();
      const { job_id } = await store.create(newJob());
      for (const asked of [
        job_id,
        job_id.toUpperCase(),
        job_id.slice(0, 20),
        job_id.slice(4),
        job_id.slice(4, 8),
        'job_',
      ])
        expect(await store.resolve(asked)).toBe(job_id);
    });

    it('names up to five candidates of an ambiguous prefix', async () => {
      const { store } = await make();
      const ids: string[] = [];
      for (let i = 0; i < 7; i++) ids.push((await store.create(newJob())).job_id);
      const error = await caught(() => store.resolve('job_'));
      expect(error).toBeInstanceOf(UsageError);
      expect(ids.filter((id) => error.message.includes(id))).toEqual(ids.slice(-5));
    });

    it.each(['', '..', '.', '../x', 'a/b', 'a\\b', 'job_/../..', 'job_\0', '\n', 'ö', 'x'.repeat(5000)])(
      'refuses %j as an id, everywhere',
      async (id) => {
        const { store } = await make();
        await store.create(newJob());
        const uses = [
          () => store.resolve(id),
          () => store.read(id),
          () => store.accept(id, taskFact()),
          () => store.observe(id, {}),
          () => store.requestCancel(id),
          () => store.cancelRequested(id),
          () => store.finish(id, completed()),
        ];
        for (const use of uses) expect(await caught(use)).toBeInstanceOf(UsageError);
      },
    );

    it('says of a job that is not there that there is none', async () => {
      const { store } = await make();
      await store.create(newJob());
      const missing = 'job_00000000000000000000000000';
      expect(await caught(() => store.resolve('zzz'))).toMatchObject({
        exitCode: 2,
        command: expect.anything(),
      });
      for (const use of [
        () => store.read(missing),
        () => store.observe(missing, {}),
        () => store.accept(missing, taskFact()),
        () => store.finish(missing, completed()),
        () => store.requestCancel(missing),
      ])
        expect(await caught(use)).toMatchObject({ exitCode: 2, code: 'unknown_job' });
    });
  });
}

async function caught(work: () => unknown): Promise<Error> {
  try {
    await work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
