import { expect } from 'vitest';
import { freshDir } from '../home.ts';
import { completed, diskStore } from '../store-fixtures.ts';
import { bundledWorker, startWorker } from '../store-processes.ts';

/** What the acknowledged facts of one worker say about one job. */
interface Acknowledged {
  created?: number;
  accepted?: string;
  observed?: number;
  cancel?: boolean;
  ended?: string;
}

/** Kills a writer so many times, 30 at least, at random: it loses nothing that it acknowledged. The fault suite does it more often. Returns how many kills were in time. */
export async function killWriters(kills: number): Promise<number> {
  const script = await bundledWorker();
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
    for (let i = start; i < kills; i += 2) await oneKill(Math.floor(i / 2));
  };
  await Promise.all([lane(0), lane(1)]);

  const { jobs, problems } = store.list();
  expect(problems).toEqual([]);
  expect(jobs.length).toBeGreaterThanOrEqual(acknowledged.size);
  for (const [id, told] of acknowledged) check(id, told);
  // The kills hit what they were meant to hit.
  expect(acknowledged.size).toBeGreaterThan(kills / 2);
  expect(cutShort.inJob).toBeGreaterThan(0);
  // And what they cut short can be finished by another process.
  for (const job of jobs.filter((one) => one.status === 'running'))
    expect(store.finish(job.job_id, completed('by another')).status).toBe('completed');
  return kills;
}
