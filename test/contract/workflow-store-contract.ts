import { describe, expect, it } from 'vitest';
import type { Awaitable } from '../../src/jobs/ports.ts';
import type { StepFact, WorkflowPlan } from '../../src/jobs/record.ts';
import { completed, deadHolder, newJob } from '../support/store-fixtures.ts';
import type { StoreUnderTest } from './store-contract.ts';

const plan: WorkflowPlan = {
  name: 'nightly',
  steps: [
    { id: 'a', name: 'fetch', depends_on: [] },
    { id: 'b', name: 'store', depends_on: ['a'], input: '.steps.a.outputs' },
  ],
};
const fact = (step: string, state: StepFact['state'], more: Partial<StepFact> = {}): StepFact => ({
  step,
  state,
  at: '2026-11-30T01:02:03.000Z',
  ...more,
});
const failed = {
  status: 'failed' as const,
  error: { code: 'step_failed', message: 'no' },
  finished_at: '2026-11-30T01:02:04.000Z',
};

/** What every JobStore must do with workflows: facts about steps, and rounds. */
export function workflowStoreContract(name: string, make: () => Awaitable<StoreUnderTest>): void {
  const workflow = async ({ store }: StoreUnderTest) =>
    (await store.create(newJob({ metadata: { kind: 'workflow' }, plan }))).job_id;

  describe(`${name}: steps of workflows`, () => {
    it('are told by another process, with what has become of them, and not in lists', async () => {
      const made = await make();
      const id = await workflow(made);
      const { store, reopen } = made;
      expect(await reopen().readPlan(id)).toMatchObject(plan);
      const large = 'x'.repeat(40_000);
      await store.addStep(id, 0, fact('a', 'running', { attempt: 1 }));
      await store.addStep(id, 0, fact('a', 'completed', { attempt: 1, outputs: { large } }));
      await store.addStep(id, 0, fact('b', 'running', { attempt: 1 }));
      const { steps } = await reopen().read(id);
      expect(steps).toMatchObject([
        { id: 'a', name: 'fetch', state: 'completed', attempt: 1, outputs: { large } },
        { id: 'b', depends_on: ['a'], state: 'running', attempt: 1, finished_at: null, error: null },
      ]);
      expect((await reopen().list()).jobs[0]).not.toHaveProperty('steps');
    });

    it('of a job whose process is gone are lost, and a job that is no workflow has none', async () => {
      const made = await make();
      const { store } = made;
      const { job_id } = await store.create(newJob({ holder: deadHolder(), plan }));
      await store.addStep(job_id, 0, fact('a', 'running', { attempt: 1 }));
      expect(await store.read(job_id)).toMatchObject({
        status: 'lost',
        steps: [{ state: 'lost' }, { state: 'pending' }],
      });
      const plain = await store.create(newJob());
      expect(await store.readPlan(plain.job_id)).toBeUndefined();
      expect(plain).not.toHaveProperty('steps');
    });

    it('are those that the present round goes by', async () => {
      const made = await make();
      const { store, reopen } = made;
      const { job_id: id } = await store.create(newJob());
      await store.keepPlan(id, 0, plan);
      await store.addStep(id, 0, fact('a', 'completed'));
      await store.finish(id, failed, 0);
      await store.resume(id, newJob().holder);
      const [first, second] = plan.steps;
      const changed = { ...plan, steps: [first, { id: 'new', name: 'check', depends_on: [] }, second] };
      await store.keepPlan(id, 1, changed as WorkflowPlan);
      expect((await reopen().read(id)).steps).toMatchObject([
        { id: 'a', state: 'completed' },
        { id: 'new', state: 'pending' },
        { id: 'b', state: 'pending' },
      ]);
      await expect(async () => store.keepPlan(id, 0, plan)).rejects.toMatchObject({ code: 'superseded' });
    });
  });

  describe(`${name}: resuming`, () => {
    it('opens a workflow again under its id, with its steps, and ends it a second time', async () => {
      const made = await make();
      const id = await workflow(made);
      const { store, reopen } = made;
      await store.requestCancel(id);
      await store.addStep(id, 0, fact('a', 'completed', { outputs: { n: 1 } }));
      await store.addStep(id, 0, fact('b', 'failed', { error: { code: 'x', message: 'y' } }));
      await store.finish(id, failed, 0);
      // An index of ended jobs must not hide it.
      expect((await reopen().list()).jobs[0]).toMatchObject({ status: 'failed' });
      const open = await store.resume(id, newJob().holder);
      expect(open).toMatchObject({
        job_id: id,
        status: 'queued',
        resumed: 1,
        error: null,
        finished_at: null,
      });
      expect([await reopen().hasEnded(id), await reopen().cancelRequested(id)]).toEqual([false, false]);
      expect((await reopen().list()).jobs[0]).toMatchObject({
        status: 'queued',
        resumed: 1,
        finished_at: null,
      });
      await store.observe(id, { status: 'running' });
      await store.addStep(id, 1, fact('b', 'completed'));
      // A process of the first round that wakes up counts nothing any more.
      await expect(async () => store.addStep(id, 0, fact('b', 'failed'))).rejects.toMatchObject({
        code: 'superseded',
      });
      expect(await store.finish(id, failed, 0)).toMatchObject({ status: 'running' });
      expect(await store.finish(id, completed(), 1)).toMatchObject({
        status: 'completed',
        resumed: 1,
        steps: [
          { state: 'completed', outputs: { n: 1 } },
          { state: 'completed', error: null },
        ],
      });
      expect((await reopen().list()).jobs[0]).toMatchObject({ status: 'completed', resumed: 1 });
    });

    it('is for one process of several', async () => {
      const made = await make();
      const id = await workflow(made);
      await made.store.finish(id, failed);
      const all = await Promise.allSettled(
        Array.from({ length: 8 }, async () => made.reopen().resume(id, newJob().holder)),
      );
      expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const one of all)
        if (one.status === 'rejected') expect(['being_resumed', 'not_resumable']).toContain(one.reason.code);
    });

    it('goes on after a process that was killed, in the middle of a round or of the claim', async () => {
      const made = await make();
      const { store } = made;
      const { job_id } = await store.create(newJob({ holder: deadHolder(), plan }));
      for (const resumed of [1, 2, 3])
        expect(await store.resume(job_id, deadHolder())).toMatchObject({ status: 'lost', resumed });
      expect(await store.resume(job_id, newJob().holder)).toMatchObject({ status: 'queued', resumed: 4 });
    });

    it.each([
      [
        'is no workflow',
        async ({ store }: StoreUnderTest) => (await store.create(newJob())).job_id,
        'is no workflow',
      ],
      ['goes on', workflow, 'is queued'],
      [
        'has completed',
        async (made: StoreUnderTest) => {
          const id = await workflow(made);
          await made.store.finish(id, completed());
          return id;
        },
        'has completed',
      ],
    ])('is refused for a job that %s', async (_, job, says) => {
      const made = await make();
      const id = await job(made);
      await expect(async () => made.store.resume(id, newJob().holder)).rejects.toMatchObject({
        exitCode: 2,
        message: expect.stringContaining(says),
      });
    });
  });
}
