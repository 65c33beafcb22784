import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import type { JobStore } from '../../src/jobs/ports.ts';
import type { HolderFacts } from '../../src/lib/disk/holder-facts.ts';
import { completed, deadHolder, newJob, taskFact } from '../support/store-fixtures.ts';

export interface StoreUnderTest {
  store: JobStore;
  /** The same jobs through a second store, as another process would have it. */
  reopen(): JobStore;
}

/** What every JobStore must do, whatever it keeps jobs in. `make` is called once a test and starts empty. */
export function jobStoreContract(
  name: string,
  make: (options: { holderAlive?: (holder: HolderFacts) => boolean }) => StoreUnderTest,
): void {
  describe(`${name}: life of a job`, () => {
    it('creates a queued record that another process reads the same', () => {
      const { store, reopen } = make({});
      const job = store.create(newJob());
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
      expect(reopen().read(job.job_id)).toEqual(job);
    });

    it('keeps its marks to the end, and has none that were not set', () => {
      const { store, reopen } = make({});
      const metadata = {
        kind: 'definition' as const,
        tool: 'deploy',
        tags: ['etl', 'nightly'],
        labels: { team: 'data' },
      };
      const { job_id, ...created } = store.create(newJob({ capability: 'nightly', metadata }));
      expect(created).toMatchObject({ capability: 'nightly', ...metadata });
      store.accept(job_id, taskFact());
      store.observe(job_id, { progress: { progress: 1 } });
      expect(reopen().read(job_id)).toMatchObject(metadata);
      expect(store.finish(job_id, completed())).toMatchObject({ status: 'completed', ...metadata });
      expect(reopen().list().jobs).toMatchObject([metadata]);
      for (const none of [undefined, {}, { tags: [], labels: {} }]) {
        const plain = store.create(newJob({ metadata: none }));
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
    ])('says of a task accepted as %s that it is %s', (word, status) => {
      const { store } = make({});
      const { job_id } = store.create(newJob());
      store.accept(job_id, taskFact('task_7', { remote: { taskId: 'task_7', status: word } }));
      expect(store.read(job_id)).toMatchObject({
        status,
        backend: 'tasks-2025-11-25',
        remote_task_id: 'task_7',
        remote: { taskId: 'task_7', status: word },
        updated_at: expect.any(String),
      });
    });

    it('accepts one task, the same one twice, and never another', () => {
      const { store } = make({});
      const { job_id } = store.create(newJob());
      store.accept(job_id, taskFact('task_1'));
      store.accept(job_id, taskFact('task_1'));
      expect(() => store.accept(job_id, taskFact('task_2'))).toThrow(/another remote task/);
      expect(store.read(job_id).remote_task_id).toBe('task_1');
    });

    it('keeps the last observation, field by field', () => {
      const { store } = make({});
      const { job_id } = store.create(newJob());
      store.accept(job_id, taskFact());
      store.observe(job_id, { progress: { progress: 1, total: 4 } });
      expect(store.read(job_id)).toMatchObject({ status: 'running', progress: { progress: 1, total: 4 } });
      store.observe(job_id, {
        status: 'input_required',
        remote: { status: 'input_required' },
        poll_interval_ms: 250,
      });
      expect(store.read(job_id)).toMatchObject({
        status: 'input_required',
        remote: { status: 'input_required' },
        progress: { progress: 1, total: 4 },
        poll_interval_ms: 250,
      });
      store.observe(job_id, { status: 'queued', progress: null });
      expect(store.read(job_id)).toMatchObject({ status: 'queued', progress: null });
    });

    it('keeps a question until the job ends', () => {
      const { store } = make({});
      const { job_id } = store.create(newJob());
      const question = {
        request_id: 1,
        method: 'elicitation/create',
        params: { message: 'sure?' },
        received_at: 'x',
      };
      store.observe(job_id, { pending_input: [question] });
      expect(store.read(job_id).pending_input).toEqual([question]);
      store.observe(job_id, { pending_input: [] });
      expect(store.read(job_id).pending_input).toEqual([]);
      store.observe(job_id, { pending_input: [question] });
      expect(store.finish(job_id, completed()).pending_input).toBeUndefined();
    });

    it('ends once: the first verdict counts, and later observations change nothing', () => {
      const { store, reopen } = make({});
      const { job_id } = store.create(newJob());
      store.accept(job_id, taskFact());
      const first = store.finish(job_id, completed('mine', { remote: { status: 'completed' } }));
      expect(first).toMatchObject({
        status: 'completed',
        result: { content: [{ type: 'text', text: 'mine' }] },
        finished_at: '2026-03-30T10:16:00.000Z',
        remote: { status: 'completed' },
        remote_task_id: 'task_1',
      });
      const late = reopen().finish(job_id, {
        status: 'failed',
        error: { code: 'tool_error', message: 'late' },
        finished_at: '2026-03-30T10:17:00.000Z',
      });
      expect(late).toEqual(first);
      store.observe(job_id, { status: 'running', progress: { progress: 9 } });
      store.requestCancel(job_id);
      expect(store.read(job_id)).toEqual(first);
    });

    it('ends as it was seen to end, whatever was under way elsewhere', () => {
      const { store, reopen } = make({});
      const { job_id } = store.create(newJob());
      const end = store.finish(job_id, completed());
      // A process that read the record before the end, and writes after it.
      reopen().accept(job_id, taskFact());
      expect(store.read(job_id)).toEqual(end);
      expect(store.list().jobs).toMatchObject([{ status: 'completed', updated_at: end.updated_at }]);
    });

    it('keeps a failure with its error, extras included, and no result', () => {
      const { store } = make({});
      const { job_id } = store.create(newJob());
      const error = { code: 'rpc_error', message: 'no', rpc_code: -32000, data: { a: 1 } };
      const end = { status: 'failed', error, finished_at: '2026-03-30T10:16:00.000Z' } as const;
      expect(store.finish(job_id, end)).toMatchObject({ status: 'failed', error });
      expect('result' in store.read(job_id)).toBe(false);
    });

    it.each([[0], [16_000], [16_500], [3_000_000]])('returns a result of %i characters as it was', (size) => {
      const { store, reopen } = make({});
      const { job_id } = store.create(newJob());
      const end = completed('ü\u2028'.repeat(size / 2));
      store.finish(job_id, end);
      expect(reopen().read(job_id).result).toEqual(end.result);
    });

    it.each([[null], [false], ['']])('tells the result %j from none', (result) => {
      const { store } = make({});
      const { job_id } = store.create(newJob());
      expect(store.finish(job_id, completed('', { result }))).toHaveProperty('result', result);
    });

    it('takes the first request to cancel, and shows it to everybody', () => {
      const { store, reopen } = make({});
      const { job_id } = store.create(newJob());
      expect(store.cancelRequested(job_id)).toBe(false);
      reopen().requestCancel(job_id);
      const at = store.read(job_id).cancel_requested_at;
      expect(at).not.toBeNull();
      store.requestCancel(job_id);
      expect(store.cancelRequested(job_id)).toBe(true);
      expect(store.read(job_id)).toMatchObject({ cancel_requested_at: at, status: 'queued' });
    });

    it('keeps `__proto__` and its kin as ordinary data', () => {
      const { store, reopen } = make({});
      const hostile = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
      const { job_id } = store.create(newJob({ arguments: hostile }));
      store.observe(job_id, { remote: hostile });
      const job = reopen().finish(job_id, completed('', { result: hostile }));
      for (const value of [job.arguments, job.remote, job.result])
        expect(JSON.stringify(value)).toBe(JSON.stringify(hostile));
      expect(({} as { polluted?: number }).polluted).toBeUndefined();
    });
  });

  describe(`${name}: holders that are gone`, () => {
    it('reads a submission whose creator died as lost, open whether it runs', () => {
      const { store } = make({});
      const { job_id } = store.create(newJob({ holder: deadHolder() }));
      const job = store.read(job_id);
      expect(job).toMatchObject({ status: 'lost', error: { code: 'submission_unknown' } });
      expect(job.error?.message).toMatch(/may or may not be running/);
      expect(store.list().jobs).toEqual([job]);
      expect(store.list({ statuses: ['lost'] }).jobs).toEqual([job]);
      expect(store.list({ statuses: ['queued'] }).jobs).toEqual([]);
    });

    it('reads a local call whose process died as lost', () => {
      const { store } = make({});
      const { job_id } = store.create(newJob({ backend: 'local', holder: deadHolder() }));
      store.observe(job_id, { status: 'running' });
      expect(store.read(job_id)).toMatchObject({
        status: 'lost',
        error: { code: 'holder_gone', message: 'the process that ran it is gone; its outcome is unknown' },
      });
    });

    it('needs no holder once the server has the task, or the job has ended', () => {
      const { store } = make({});
      const accepted = store.create(newJob({ holder: deadHolder() })).job_id;
      store.accept(accepted, taskFact());
      expect(store.read(accepted).status).toBe('running');
      const ended = store.create(newJob({ backend: 'local', holder: deadHolder() })).job_id;
      expect(store.finish(ended, completed()).status).toBe('completed');
    });

    it('believes the end that a holder wrote just before it went', () => {
      let last: () => void = () => {};
      const { store, reopen } = make({
        holderAlive: () => {
          // Between the first look at the record and this question, the holder finishes and is gone.
          last();
          return false;
        },
      });
      const { job_id } = store.create(newJob({ backend: 'local' }));
      last = () => {
        last = () => {};
        reopen().finish(job_id, completed('in the nick of time'));
      };
      expect(store.read(job_id)).toMatchObject({
        status: 'completed',
        result: { content: [{ text: 'in the nick of time' }] },
      });
    });
  });

  describe(`${name}: lists and ids`, () => {
    it('is empty before the first job', () => {
      const { store } = make({});
      expect(store.list()).toEqual({ jobs: [], problems: [] });
      expect(store.latest()).toBeUndefined();
      expect(() => store.resolve('job_01')).toThrow(UsageError);
    });

    it('lists newest first, without results, by status and up to a limit', () => {
      const { store } = make({});
      const ids = [0, 1, 2, 3, 4, 5].map((i) => store.create(newJob({ arguments: { i } })).job_id);
      for (const id of ids.slice(0, 4)) store.finish(id, completed());
      const listed = (filter?: Parameters<JobStore['list']>[0]) =>
        store.list(filter).jobs.map((job) => job.job_id);
      expect(listed()).toEqual(ids.toReversed());
      expect(listed({ limit: 2 })).toEqual([ids[5], ids[4]]);
      expect(listed({ limit: 0 })).toEqual([]);
      expect(listed({ statuses: ['completed'] })).toEqual([ids[3], ids[2], ids[1], ids[0]]);
      expect(listed({ statuses: ['completed'], limit: 1 })).toEqual([ids[3]]);
      expect(store.list().jobs.some((job) => 'result' in job)).toBe(false);
      const { result: _, ...shown } = store.read(ids[0] ?? '');
      expect(store.list().jobs.at(-1)).toEqual(shown);
      expect(store.latest()).toBe(ids[5]);
    });

    it('lists by tags (any of them) and labels (all of them), and counts afterwards', () => {
      const { store } = make({});
      const [one, two, three] = [
        { tags: ['a', 'b'], labels: { team: 'x', tier: '1' } },
        { tags: ['b'], labels: { team: 'x' } },
        undefined,
      ].map((metadata) => store.create(newJob({ metadata })).job_id);
      const listed = (filter?: Parameters<JobStore['list']>[0]) =>
        store.list(filter).jobs.map((job) => job.job_id);
      expect(listed({ tags: [], labels: {} })).toEqual([three, two, one]);
      expect(listed({ tags: ['a'] })).toEqual([one]);
      expect(listed({ tags: ['a', 'b'] })).toEqual([two, one]);
      expect(listed({ tags: ['b'], limit: 1 })).toEqual([two]);
      expect(listed({ labels: { team: 'x' } })).toEqual([two, one]);
      expect(listed({ labels: { team: 'x', tier: '1' }, limit: 1 })).toEqual([one]);
      expect(listed({ labels: { team: 'y' } })).toEqual([]);
      expect(listed({ labels: { toString: 'x' } })).toEqual([]);
      expect(listed({ tags: ['b'], labels: { tier: '1' }, statuses: ['completed'] })).toEqual([]);
    });

    it('resolves full ids and unique prefixes, with or without job_, in any case', () => {
      const { store } = make({});
      const { job_id } = store.create(newJob());
      for (const asked of [
        job_id,
        job_id.toUpperCase(),
        job_id.slice(0, 20),
        job_id.slice(4),
        job_id.slice(4, 8),
        'job_',
      ])
        expect(store.resolve(asked)).toBe(job_id);
    });

    it('names up to five candidates of an ambiguous prefix', () => {
      const { store } = make({});
      const ids = Array.from({ length: 7 }, () => store.create(newJob()).job_id);
      const error = caught(() => store.resolve('job_'));
      expect(error).toBeInstanceOf(UsageError);
      expect(ids.filter((id) => error.message.includes(id))).toEqual(ids.slice(-5));
    });

    it.each(['', '..', '.', '../x', 'a/b', 'a\\b', 'job_/../..', 'job_\0', '\n', 'ö', 'x'.repeat(5000)])(
      'refuses %j as an id, everywhere',
      (id) => {
        const { store } = make({});
        store.create(newJob());
        const uses = [
          () => store.resolve(id),
          () => store.read(id),
          () => store.accept(id, taskFact()),
          () => store.observe(id, {}),
          () => store.requestCancel(id),
          () => store.cancelRequested(id),
          () => store.finish(id, completed()),
        ];
        for (const use of uses) expect(caught(use)).toBeInstanceOf(UsageError);
      },
    );

    it('says of a job that is not there that there is none', () => {
      const { store } = make({});
      store.create(newJob());
      const missing = 'job_00000000000000000000000000';
      expect(caught(() => store.resolve('zzz'))).toMatchObject({ exitCode: 2, command: expect.anything() });
      for (const use of [
        () => store.read(missing),
        () => store.observe(missing, {}),
        () => store.accept(missing, taskFact()),
        () => store.finish(missing, completed()),
        () => store.requestCancel(missing),
      ])
        expect(caught(use)).toMatchObject({ exitCode: 2, code: 'unknown_job' });
    });
  });
}

function caught(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
