/** `jobs prune` of jobs in Redis: what it removes, and that nothing of a removed job is left. */
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readAddress } from '../../../src/config/settings/store-address.ts';
import { connectStore } from '../../../src/jobs/store/redis/connection.ts';
import { RedisJobStore } from '../../../src/jobs/store/redis/redis-store.ts';
import { currentHolder } from '../../../src/lib/disk/holder.ts';
import { stepJobId } from '../../../src/worker/step-jobs.ts';
import { dataOf } from '../../support/instance.ts';
import { ago, offline } from '../../support/kills/prunes.ts';
import { noRedis } from '../../support/redis.ts';
import { redisForAll } from '../../support/redis-for-all.ts';
import { completed, newJob, taskFact, writeEnded } from '../../support/store-fixtures.ts';

const PLAN = { name: 'flow', steps: [{ id: 'a', name: 'first', depends_on: [] }] };
/** In parts: it is too large for one piece. */
const LARGE = 'x'.repeat(3_000_000);

describe.skipIf(noRedis !== undefined)('jobs prune in a shared store', () => {
  const redis = redisForAll();
  let number = 0;

  const place = async () => {
    const prefix = `prune${number++}:`;
    const store = `redis://${redis.host}/0?prefix=${prefix}`;
    const { dir, prune, work } = offline(undefined, { store });
    const address = { ...readAddress(store, 'test'), name: 'work' };
    const shared = new RedisJobStore(await connectStore(address, 0), address, 'work');
    onTestFinished(() => shared.close());
    const [host, port] = redis.host.split(':');
    const raw = new Redis(Number(port), host ?? '');
    onTestFinished(() => raw.disconnect());
    /** But for what goes by itself within minutes: leases, and what tells a submission that is sent again. */
    const keys = async () =>
      (await raw.keys(`${prefix}*`)).filter((key) => !/:(token|holder):|:token/.test(key)).sort();
    const listed = async () =>
      (JSON.parse((await work(['jobs', 'list', '--json'])).stdout) as { job_id: string }[]).map(
        (job) => job.job_id,
      );
    /** Jobs that ended some time ago: only files can be made so. */
    const moved = async () => {
      expect(await work(['jobs', 'migrate', '--from', 'files', '--to', store, '--remove'])).toMatchObject({
        code: 0,
      });
    };
    return { dir, prune, work, shared, keys, listed, moved };
  };

  it('by age, number, status, tag and label, all of which must hold; a dry run removes nothing', async () => {
    const { dir, prune, listed, moved, keys } = await place();
    const [ancient = ''] = writeEnded(dir, 1, { finished_at: ago(40), status: 'failed', tags: ['etl'] });
    const [old = ''] = writeEnded(dir, 1, { finished_at: ago(20), tags: ['etl'], labels: { team: 'a' } });
    const [older = ''] = writeEnded(dir, 1, { finished_at: ago(15), status: 'lost', tags: ['web'] });
    const [fresh = ''] = writeEnded(dir, 1, { finished_at: ago(0.5), status: 'canceled' });
    await moved();
    const before = await keys();
    const would = async (...words: string[]) =>
      dataOf<{ removed: string[] }>(await prune('--json', '--dry-run', ...words)).removed;
    expect(await would('--older-than', '0')).toEqual([fresh, older, old, ancient]);
    expect(await would('--older-than', '30d')).toEqual([ancient]);
    expect(await would('--older-than', '2w')).toEqual([older, old, ancient]);
    expect(await would('--keep', '3')).toEqual([ancient]);
    expect(await would('--keep', '0', '--tag', 'etl')).toEqual([old, ancient]);
    expect(await would('--keep', '1', '--tag', 'etl')).toEqual([ancient]);
    expect(await would('--older-than', '0', '--label', 'team=a')).toEqual([old]);
    expect(await would('--status', 'failed', '--status', 'cancelled')).toEqual([fresh, ancient]);
    expect(await would('--status', 'failed', '--older-than', '50d')).toEqual([]);
    expect(await keys()).toEqual(before);
    expect(await prune('--status', 'lost')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Removed 1 job \([\d.]+ k?B\)\n$/),
      stderr: '',
    });
    expect(await prune('--older-than', '30d', '--quiet')).toMatchObject({ code: 0, stdout: `${ancient}\n` });
    expect(await listed()).toEqual([fresh, old]);
    expect(await prune('--older-than', '0')).toMatchObject({ code: 0, stderr: '' });
    expect(await keys()).toEqual([]);
  });

  it('everything of a job goes with it: parts of its result, log, calls, answers, steps and their jobs', async () => {
    const { prune, shared, keys, listed } = await place();
    const kept = await shared.create(newJob());
    await shared.accept(kept.job_id, taskFact());
    await shared.log(kept.job_id, 'it goes on');
    const before = await keys();

    const call = await shared.create(newJob());
    await shared.log(call.job_id, 'a line');
    await shared.addCall(call.job_id, { id: 1, instance: 'work', tool: 'deploy', started_at: ago(1) });
    const question = { request_id: 1, received_at: ago(1) };
    await shared.answers.give(call.job_id, question, { token: 't', answer: { action: 'decline' } });
    await shared.answers.settle(call.job_id, question, 'taken');
    await shared.finish(call.job_id, completed(LARGE));

    const { holder: _, ...job } = newJob({ session: null, backend: 'local' });
    const queued = { ...job, target: 'abcdef', call: '{"plain":{}}', attempts: 1 };
    const { job: flow } = await shared.calls.submit({ ...queued, plan: PLAN });
    await shared.calls.take('abcdef', 10);
    const holder = { ...currentHolder(), worker: 'w' };
    await shared.calls.claim(flow.job_id, { worker: 'w', holder, leaseMs: 60_000 }, 'mine');
    const step = stepJobId(flow.job_id, 0, 'a');
    const of = { id: step, workflow: flow.job_id, round: 0, token: 'mine' };
    await shared.calls.submit({ ...queued, step: of });
    await shared.calls.take('abcdef', 10);
    await shared.log(step, 'a line');
    await shared.finish(step, completed(LARGE));
    const fact = { step: 'a', state: 'completed' as const, at: ago(1), attempt: 1, job_id: step };
    await shared.addStep(flow.job_id, 0, fact);
    await shared.finish(flow.job_id, completed());
    expect((await keys()).length).toBeGreaterThan(before.length + 10);

    expect(await prune('--older-than', '0')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Removed 2 jobs \([6-9]\.\d MB\)\n$/),
      stderr: '',
    });
    expect(await listed()).toEqual([kept.job_id]);
    // What workers of a target leave there is of no job.
    expect((await keys()).filter((key) => !/:queues?(:|$)/.test(key))).toEqual(before);
    expect(await shared.calls.state()).toMatchObject([{ waiting: 0, running: 0 }]);
  });
});
