import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { isTerminal, type JobRecord } from '../../src/jobs/record.ts';
import { freshDir } from '../support/home.ts';
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

it('20 creators at once make 20 jobs', async () => {
  const { store, dir } = diskStore(freshDir());
  const facts = await together(times(20, () => startWorker(script, 'create', dir)));
  const ids = new Set(facts.map((fact) => fact['created']));
  expect(ids.size).toBe(20);
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
  const ids = times(60, () => store.create(newJob({ backend: 'local' })).job_id);
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

/** What the acknowledged facts of one worker say about one job. */
interface Acknowledged {
  created?: number;
  accepted?: string;
  observed?: number;
  cancel?: boolean;
  ended?: string;
}

it('a writer that is killed 120 times at random loses nothing that it acknowledged', async () => {
  const { store, dir } = diskStore(freshDir());
  const acknowledged = new Map<string, Acknowledged>();
  const check = (id: string, told: Acknowledged) => {
    const job = store.read(id);
    expect(job).toMatchObject({ capability: 'deploy', arguments: { n: told.created } });
    if (told.accepted) expect(job.remote_task_id).toBe(told.accepted);
    if (told.observed) expect(job.progress?.progress).toBeGreaterThanOrEqual(told.observed);
    if (told.cancel) expect(job.cancel_requested_at).not.toBeNull();
    // What was under way when the kill came has happened or has not; nothing third.
    if (told.ended !== undefined || job.status === 'completed') {
      expect(job.status).toBe('completed');
      const [text] = (job.result as { content: { text: string }[] }).content.map((block) => block.text);
      if (told.ended !== undefined) expect(text).toBe(told.ended);
      else expect([`small ${id}`, `${id};`.repeat(1_000)]).toContain(text);
    } else if (job.remote_task_id !== null) expect(job.status).toBe('running');
    else expect(job).toMatchObject({ status: 'lost', error: { code: 'submission_unknown' } });
  };

  const cutShort = { inJob: 0 };
  const oneKill = async (i: number) => {
    const worker = startWorker(script, 'run', dir);
    // At every stage of a job's life (each is a fact), at once or a random time later: a slow machine gets as far as a fast one.
    await worker.reached(1 + (i % 15));
    if (i % 2 === 0) setTimeout(worker.kill, Math.random() * 30);
    else worker.kill();
    expect(await worker.done).toMatchObject({ signal: 'SIGKILL', stderr: '' });
    const mine = new Map<string, Acknowledged>();
    for (const { id, ...fact } of worker.facts.slice(1))
      mine.set(String(id), { ...mine.get(String(id)), ...fact });
    for (const [id, told] of mine) {
      check(id, told);
      acknowledged.set(id, told);
      if (told.ended === undefined && told.accepted) cutShort.inJob++;
    }
  };
  // Two at a time: they also disturb each other.
  const lane = async (start: number) => {
    for (let i = start; i < 120; i += 2) await oneKill(Math.floor(i / 2));
  };
  await Promise.all([lane(0), lane(1)]);

  const { jobs, problems } = store.list();
  expect(problems).toEqual([]);
  expect(jobs.length).toBeGreaterThanOrEqual(acknowledged.size);
  for (const [id, told] of acknowledged) check(id, told);
  // The kills hit what they were meant to hit.
  expect(acknowledged.size).toBeGreaterThan(60);
  expect(cutShort.inJob).toBeGreaterThan(0);
  // And what they cut short can be finished by another process.
  for (const job of jobs.filter((one) => one.status === 'running'))
    expect(store.finish(job.job_id, completed('by another')).status).toBe('completed');
});
