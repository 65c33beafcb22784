/** A store whose instance is renamed under its hands goes on where its jobs are. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/context.ts';
import { openJobStore } from '../../src/jobs/store/job-store.ts';
import { freshDir } from '../support/home.ts';
import { completed, newJob } from '../support/store-fixtures.ts';

function stores() {
  const root = join(freshDir('moved'), 'instances');
  mkdirSync(root, { mode: 0o700 });
  const at = (instance: string) =>
    openJobStore({ dir: join(root, instance, 'jobs'), instance, clock: systemClock });
  const rename = (from: string, to: string) => renameSync(join(root, from), join(root, to));
  return { root, at, rename };
}

it('finds a job that it had under the new name, and back again', () => {
  const { root, at, rename } = stores();
  const store = at('work');
  const { job_id } = store.create(newJob());
  rename('work', 'prod');
  expect(store.hasEnded(job_id)).toBe(false);
  expect(store.read(job_id)).toMatchObject({ job_id, instance: 'prod' });
  store.observe(job_id, { status: 'running' });
  rename('prod', 'work');
  expect(store.read(job_id)).toMatchObject({ instance: 'work', status: 'running' });
  rename('work', 'other');
  expect(store.finish(job_id, completed())).toMatchObject({ instance: 'other', status: 'completed' });
  expect(at('other').read(job_id)).toMatchObject({ status: 'completed' });
  expect(existsSync(join(root, 'work'))).toBe(false);
});

it('does not take a job of another instance for its own, nor one that was removed for one that has moved', () => {
  const { root, at } = stores();
  const store = at('work');
  const mine = store.create(newJob()).job_id;
  const theirs = at('other').create(newJob()).job_id;
  expect(() => store.read(theirs)).toThrow(`no job "${theirs}" at work`);
  rmSync(join(root, 'work/jobs', mine), { recursive: true });
  expect(() => store.read(mine)).toThrow(`no job "${mine}" at work`);
  expect(store.hasEnded(mine)).toBe(true);
});
