import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type DiskJobStore, openJobStore } from '../../src/jobs/store/job-store.ts';
import { readOnly, tmpfs } from '../support/disk.ts';
import { freshDir } from '../support/home.ts';
import { completed, diskStore, endedJobs, newJob, taskFact } from '../support/store-fixtures.ts';

/** Creates and ends jobs until the disk refuses. */
function fill(store: DiskJobStore): { acknowledged: Map<string, string>; error: Error } {
  const acknowledged = new Map<string, string>();
  for (;;)
    try {
      const { job_id } = store.create(newJob());
      acknowledged.set(job_id, 'queued');
      store.accept(job_id, taskFact());
      acknowledged.set(job_id, 'running');
      store.finish(job_id, completed());
      acknowledged.set(job_id, 'completed');
    } catch (error) {
      return { acknowledged, error: error as Error };
    }
}

it('a full disk is one clear error, and everything acknowledged before is whole', (context) => {
  const { store, dir } = diskStore(tmpfs(context, '64k'));
  const { acknowledged, error } = fill(store);
  expect(error).toMatchObject({ exitCode: 74, code: 'io', hint: expect.stringContaining('free some space') });
  expect(error.message).toMatch(new RegExp(`^cannot (write|create) ${dir}.*: the disk is full$`));
  expect(acknowledged.size).toBeGreaterThan(2);
  const { jobs, problems } = store.list();
  expect(problems).toEqual([]);
  for (const [id, status] of acknowledged) expect(jobs.find((job) => job.job_id === id)?.status).toBe(status);
  expect(
    readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((path) => /\.(tmp|new)-/.test(path)),
  ).toEqual([]);
});

it('a result that does not fit leaves the job as it was, and fits once there is room', (context) => {
  const home = tmpfs(context, '64k');
  const { store, dir } = diskStore(home);
  const { job_id } = store.create(newJob());
  store.accept(job_id, taskFact());
  const end = completed('x'.repeat(30_000));
  const filler = join(home, 'filler');
  writeFileSync(filler, 'x'.repeat(30_000));
  const before = store.read(job_id);
  expect(() => store.finish(job_id, end)).toThrow(/the disk is full/);
  expect(store.read(job_id)).toEqual(before);
  expect(readdirSync(join(dir, job_id)).sort()).toEqual(['job.json', 'task.json']);
  writeFileSync(filler, '');
  expect(store.finish(job_id, end)).toMatchObject({ status: 'completed', result: end.result });
});

it('an observation that does not fit leaves the last one', (context) => {
  const home = tmpfs(context, '64k');
  const { store } = diskStore(home);
  const { job_id } = store.create(newJob());
  store.observe(job_id, { progress: { progress: 1 } });
  const before = store.read(job_id);
  writeFileSync(join(home, 'filler'), 'x'.repeat(40_000));
  expect(() => store.observe(job_id, { remote: { big: 'x'.repeat(20_000) } })).toThrow(/the disk is full/);
  expect(store.read(job_id)).toEqual(before);
});

it('everything that reads works on a read-only disk, and everything that writes says why not', (context) => {
  const { dir: home, close } = readOnly(context);
  const { store, dir } = diskStore(home);
  const ids = endedJobs(store, 70);
  const { job_id } = store.create(newJob());
  close();
  expect(store.list()).toMatchObject({ problems: [], jobs: { length: 71 } });
  // Enough for an index, and no place for it.
  const later = openJobStore({ dir, instance: 'work', clock: { now: () => new Date(Date.now() + 60_000) } });
  expect(later.list()).toEqual(store.list());
  expect(existsSync(join(dir, '.index.json'))).toBe(false);
  expect(store.latest()).toBe(job_id);
  expect(store.resolve(job_id.slice(0, 29))).toBe(job_id);
  expect(store.read(ids[0] ?? '').status).toBe('completed');
  expect(store.cancelRequested(job_id)).toBe(false);
  // The end is known already: nothing has to be written.
  expect(store.finish(ids[0] ?? '', completed('other'))).toEqual(store.read(ids[0] ?? ''));
  for (const write of [
    () => store.create(newJob()),
    () => store.accept(job_id, taskFact()),
    () => store.observe(job_id, { status: 'running' }),
    () => store.requestCancel(job_id),
    () => store.finish(job_id, completed()),
  ])
    expect(write).toThrow(
      expect.objectContaining({
        exitCode: 74,
        message: expect.stringMatching(/read-only|permission denied/),
      }),
    );
  expect(store.read(job_id).status).toBe('queued');
});

it('a folder of jobs that does not exist and cannot be made reads as empty', (context) => {
  const { dir: home, close } = readOnly(context);
  close();
  const { store } = diskStore(home);
  expect(store.list()).toEqual({ jobs: [], problems: [] });
  expect(() => store.create(newJob())).toThrow(expect.objectContaining({ exitCode: 74 }));
});

it('a file in the place of the folder is an error with its path, not an empty list', () => {
  const { store, dir } = diskStore(freshDir());
  mkdirSync(join(dir, '..'), { recursive: true });
  writeFileSync(dir, 'a file');
  for (const use of [() => store.list(), () => store.latest(), () => store.create(newJob())])
    expect(use).toThrow(expect.objectContaining({ exitCode: 74, message: expect.stringContaining(dir) }));
  expect(readFileSync(dir, 'utf8')).toBe('a file');
});
