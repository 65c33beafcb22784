import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { prunable } from '../../src/jobs/prune.ts';
import type { JobRecord, JobStatus } from '../../src/jobs/record.ts';
import { recordEnd } from '../../src/jobs/recorder.ts';
import { removableBytes, removeJobs } from '../../src/jobs/store/job-removal.ts';
import { parseDuration } from '../../src/lib/text/duration.ts';
import { freshDir } from '../support/home.ts';
import {
  completed,
  deadHolder,
  diskStore,
  endedJobs,
  newJob,
  taskFact,
  writeEnded,
} from '../support/store-fixtures.ts';

const NOW = new Date('2026-03-30T12:00:00.000Z');
const HOUR = 3_600_000;

describe('which jobs', () => {
  /** Jobs that ended so many hours ago, newest first. */
  const jobs = (...ages: [JobStatus, number | null][]) =>
    ages.map(([status, hours], i) => {
      const at = new Date(NOW.getTime() - (hours ?? 0) * HOUR).toISOString();
      return {
        job_id: `job_${i}`,
        status,
        created_at: at,
        updated_at: at,
        finished_at: hours === null ? null : at,
      };
    }) as unknown as JobRecord[];
  const chosen = (list: JobRecord[], rule: Parameters<typeof prunable>[2]) =>
    prunable(list, NOW, rule).map((job) => Number(job.job_id.slice(4)));

  const ALL = jobs(
    ['running', 0],
    ['completed', 1],
    ['failed', 2],
    ['queued', 3],
    ['input_required', 4],
    ['canceled', 5],
    ['lost', 6],
    ['failed', 7],
  );

  it('are those that have ended, whatever else is said', () => {
    expect(chosen(ALL, {})).toEqual([1, 2, 5, 6, 7]);
    expect(chosen(ALL, { olderThanMs: 0 })).toEqual([1, 2, 5, 6, 7]);
    expect(chosen(ALL, { keep: 0 })).toEqual([1, 2, 5, 6, 7]);
  });

  it('all that is said must hold', () => {
    expect(chosen(ALL, { olderThanMs: 5 * HOUR })).toEqual([5, 6, 7]);
    expect(chosen(ALL, { keep: 2 })).toEqual([5, 6, 7]);
    expect(chosen(ALL, { keep: 9 })).toEqual([]);
    expect(chosen(ALL, { statuses: ['failed', 'lost'] })).toEqual([2, 6, 7]);
    expect(chosen(ALL, { statuses: ['failed'], olderThanMs: 3 * HOUR })).toEqual([7]);
    // Of the failed ones the newest stays, not the newest of all.
    expect(chosen(ALL, { statuses: ['failed'], keep: 1 })).toEqual([7]);
    expect(chosen(ALL, { keep: 4, olderThanMs: 5 * HOUR })).toEqual([7]);
  });

  it('an end that nobody saw counts from when the job was last heard of, and 0 also for a clock that was set back', () => {
    const [job] = jobs(['lost', 9]);
    const unseen = [{ ...(job as JobRecord), finished_at: null }];
    expect(chosen(unseen, { olderThanMs: 8 * HOUR })).toEqual([0]);
    expect(chosen(unseen, { olderThanMs: 10 * HOUR })).toEqual([]);
    expect(chosen(jobs(['completed', -3]), { olderThanMs: 0 })).toEqual([0]);
    expect(chosen(jobs(['completed', -3]), { olderThanMs: 1 })).toEqual([]);
  });

  it('ages are in days and weeks, too', () => {
    expect(parseDuration('30d', '--older-than')).toBe(30 * 24 * HOUR);
    expect(parseDuration('2w', '--older-than')).toBe(14 * 24 * HOUR);
    expect(parseDuration('1w2d', '--older-than')).toBe(9 * 24 * HOUR);
    expect(() => parseDuration('1y', '--older-than', 'as so')).toThrow(
      expect.objectContaining({ message: '--older-than: not a duration: "1y"', hint: 'as so' }),
    );
  });
});

describe('removing', () => {
  async function remove(dir: string, ids: readonly string[], signal = new AbortController().signal) {
    const sum = { removed: [] as string[], bytes: 0 };
    const onRemoved = (part: typeof sum) => {
      sum.removed.push(...part.removed);
      sum.bytes += part.bytes;
    };
    await removeJobs(dir, ids, new Date(), { onRemoved, signal });
    return sum;
  }

  it('takes folder and index entry, and counts a file with two names once', async () => {
    const { store, dir } = diskStore(freshDir());
    const [first = '', second = ''] = endedJobs(store, 2);
    writeFileSync(join(dir, '.index.json'), '{}');
    const size = ['end.json', 'task.json'].reduce(
      (sum, name) => sum + readFileSync(join(dir, first, name)).length,
      0,
    );
    expect(removableBytes(dir, [first], new Date())).toBe(size);
    expect(await remove(dir, [first])).toEqual({ removed: [first], bytes: size });
    expect(readdirSync(dir)).toEqual([second]);
    expect(store.list().jobs).toHaveLength(1);
    for (const use of [
      () => store.read(first),
      () => store.finish(first, completed()),
      () => store.observe(first, { status: 'running' }),
      () => store.requestCancel(first),
      () => store.accept(first, taskFact()),
      () => store.resolve(first),
    ])
      expect(use).toThrow(expect.objectContaining({ code: 'unknown_job', exitCode: 2 }));
  });

  it('looks again: what runs, is damaged or newer when its turn comes stays', async () => {
    const { store, dir } = diskStore(freshDir());
    const ids = endedJobs(store, 3);
    const [damaged = '', newer = '', cancel = ''] = ids;
    for (const [id, text] of [
      [damaged, '{'],
      [newer, '{"schema_version":99}'],
    ] as const)
      writeFileSync(join(dir, id, 'job.json'), text);
    writeFileSync(join(dir, cancel, 'cancel.json'), '{"schema_version":99}');
    const live = store.create(newJob()).job_id;
    const accepted = store.create(newJob({ holder: deadHolder() })).job_id;
    store.accept(accepted, taskFact());
    const all = [...ids, live, accepted, 'job_nobody'];
    expect(await remove(dir, all)).toEqual({ removed: [], bytes: 0 });
    expect(readdirSync(dir).sort()).toEqual([...ids, live, accepted].sort());
    // One whose process is gone is lost, and can go.
    const lost = store.create(newJob({ holder: deadHolder() })).job_id;
    expect(await remove(dir, [lost])).toMatchObject({ removed: [lost] });
  });

  it('sweeps what dead processes left, and nothing of living ones', async () => {
    const { store, dir } = diskStore(freshDir());
    const [a = '', b = '', c = ''] = endedJobs(store, 3);
    const dead = 2 ** 22 + 5;
    renameSync(join(dir, a), join(dir, `.gone-${dead}-x`));
    renameSync(join(dir, b), join(dir, `.gone-${process.pid}-x`));
    for (const [name, age] of [
      [`.new-${dead}-old`, 7_200],
      [`.new-${dead}-fresh`, 0],
      [`.new-${process.pid}-old`, 7_200],
      ['.mine', 7_200],
    ] as const) {
      mkdirSync(join(dir, name));
      const at = Date.now() / 1000 - age;
      utimesSync(join(dir, name), at, at);
    }
    const before = removableBytes(dir, [], new Date());
    expect(before).toBeGreaterThan(100);
    expect(store.list()).toMatchObject({ jobs: [{ job_id: c }], problems: [] });
    expect(await remove(dir, [])).toEqual({ removed: [], bytes: before });
    expect(readdirSync(dir).sort()).toEqual(
      ['.mine', `.gone-${process.pid}-x`, `.new-${dead}-fresh`, `.new-${process.pid}-old`, c].sort(),
    );
    // A number that was given to another process keeps nothing for ever.
    await removeJobs(dir, [], new Date(Date.now() + 2 * HOUR), {
      onRemoved: () => {},
      signal: new AbortController().signal,
    });
    expect(existsSync(join(dir, `.gone-${process.pid}-x`))).toBe(false);
  });

  it('stops between batches, with what was removed told', async () => {
    const dir = join(freshDir(), 'jobs');
    const ids = writeEnded(dir, 300);
    const stop = new AbortController();
    const told: string[] = [];
    const onRemoved = ({ removed }: { removed: string[] }) => {
      told.push(...removed);
      stop.abort(new Error('enough'));
    };
    await expect(removeJobs(dir, ids, NOW, { onRemoved, signal: stop.signal })).rejects.toThrow('enough');
    expect(told.length).toBeGreaterThan(0);
    expect(readdirSync(dir).sort()).toEqual(ids.slice(told.length));
    expect(told).toEqual(ids.slice(0, told.length));
  });

  it('a folder of jobs that does not exist has none', async () => {
    expect(await remove(join(freshDir(), 'jobs'), [])).toEqual({ removed: [], bytes: 0 });
  });

  it('an end that arrives after somebody else has ended and removed the job is told all the same', async () => {
    const { store, dir } = diskStore(freshDir());
    const { job_id } = store.create(newJob());
    store.accept(job_id, taskFact());
    const job = store.read(job_id);
    store.finish(job_id, completed());
    await remove(dir, [job_id]);
    expect(await recordEnd({ store }, job, completed('mine'))).toMatchObject({
      job_id,
      status: 'completed',
      result: completed('mine').result,
    });
    expect(readdirSync(dir)).toEqual([]);
  });
});
