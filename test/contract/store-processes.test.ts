import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { isTerminal, type JobRecord } from '../../src/jobs/record.ts';
import { freshDir } from '../support/home.ts';
import { killWriters } from '../support/kills/writers.ts';
import { completed, diskStore, newJob, taskFact } from '../support/store-fixtures.ts';
import { bundledWorker, startWorker, together } from '../support/store-processes.ts';

let script: string;
beforeAll(async () => {
  script = await bundledWorker();
});

const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

/** Everything that belongs to nobody: what is being written, and results that no end names. */
function litter(dir: string, store: ReturnType<typeof diskStore>['store']): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter(
    (path) =>
      /(^|\/)\.(tmp|new)-/.test(path) ||
      (/\/result\./.test(path) && !isTerminal(store.read(path.split('/')[0] ?? '').status)),
  );
}

it('10 creators at once make 10 jobs', async () => {
  const { store, dir } = diskStore(freshDir());
  const facts = await together(times(10, () => startWorker(script, 'create', dir)));
  const ids = new Set(facts.map((fact) => fact['created']));
  expect(ids.size).toBe(10);
  const { jobs, problems } = store.list();
  expect(new Set(jobs.map((job) => job.job_id))).toEqual(ids);
  expect(problems).toEqual([]);
  expect(litter(dir, store)).toEqual([]);
});

it('processes that finish the same jobs at once agree on each', async () => {
  // Were there no competition, the test would show nothing; a busy machine may let one process be first with all of them.
  for (let winners = 0; winners < 2; ) winners = await competition();
});

/** Finishes jobs from several processes at once. Returns how many of these were first with one. */
async function competition(): Promise<number> {
  const { store, dir } = diskStore(freshDir());
  const ids = times(30, () => store.create(newJob({ backend: 'local' })).job_id);
  // Pids of both parities, so that both kinds of verdict compete.
  const facts = await together(
    times(4, () => startWorker(script, 'finish', dir, ...ids)),
    ids.length,
  );
  const winners = new Set<unknown>();
  for (const id of ids) {
    const told = facts.map((fact) => fact['finished'] as JobRecord).filter((job) => job.job_id === id);
    expect(told).toHaveLength(4);
    const final = store.read(id);
    for (const one of told) expect(one).toEqual(final);
    const by = final.remote?.['by'];
    winners.add(by);
    // The verdict and the result are the same process's.
    if (final.status === 'completed')
      expect(final).toMatchObject({ error: null, result: completed(`${by};`.repeat(10_000)).result });
    else expect(final).toMatchObject({ status: 'failed', error: { message: String(by) } });
    expect('result' in final).toBe(final.status === 'completed');
    const results = readdirSync(join(dir, id)).filter((name) => name.startsWith('result.'));
    expect(results).toHaveLength(final.status === 'completed' ? 1 : 0);
  }
  expect(litter(dir, store)).toEqual([]);
  return winners.size;
}

it('8 processes that observe and finish one job tear nothing and agree on the end', async () => {
  const { store, dir } = diskStore(freshDir());
  const id = store.create(newJob()).job_id;
  store.accept(id, taskFact('task_1'));
  store.observe(id, { progress: { progress: 0, message: '0;'.repeat(200) } });
  const facts = await together(times(8, () => startWorker(script, 'update', dir, id, '60')));
  const final = store.read(id);
  for (const fact of facts) expect(fact['finished']).toEqual(final);
  expect(final.result).toEqual(completed(`${final.remote?.['by']};`.repeat(10_000)).result);
  expect(final).toMatchObject({
    remote_task_id: 'task_1',
    arguments: { version: '2.0' },
    capability: 'deploy',
  });
  expect(litter(dir, store)).toEqual([]);
});

it('a writer that is killed at random loses nothing that it acknowledged', async () => {
  await killWriters(30);
});
