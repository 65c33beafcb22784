import { linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestRunner } from 'vitest';
import type { JobEnd, JobRecord, NewJob, SessionFacts, TaskFact } from '../../src/jobs/record.ts';
import { createdRecord } from '../../src/jobs/store/assemble.ts';
import { newJobId } from '../../src/jobs/store/job-id.ts';
import { type DiskJobStore, openJobStore } from '../../src/jobs/store/job-store.ts';
import { currentHolder } from '../../src/lib/disk/holder.ts';
import type { HolderFacts } from '../../src/lib/disk/holder-facts.ts';
import { sharedStore } from './env.ts';

/** A clock that moves only when told: milliseconds since 1970. */
export function fixedClock(start = Date.parse('2026-03-30T10:15:30.000Z')) {
  let now = start;
  return {
    now: () => new Date(now),
    advance(ms: number) {
      now += ms;
    },
  };
}

export const SESSION: SessionFacts = {
  transport: 'http',
  target: 'abcdef',
  protocol_version: '2025-11-25',
  session_id: 's-1',
};

export function newJob(changes: Partial<NewJob> = {}): NewJob {
  return {
    instance: 'work',
    capability: 'deploy',
    arguments: { version: '2.0' },
    backend: null,
    session: SESSION,
    holder: currentHolder(),
    ...changes,
  };
}

export function taskFact(id = 'task_1', changes: Partial<TaskFact> = {}): TaskFact {
  return {
    backend: 'tasks-2025-11-25',
    remote_task_id: id,
    session: SESSION,
    remote: { taskId: id, status: 'working' },
    accepted_at: '2026-03-30T10:15:31.000Z',
    ...changes,
  };
}

export function completed(text = 'done', changes: Partial<JobEnd> = {}): JobEnd {
  return {
    status: 'completed',
    result: { content: [{ type: 'text', text }] },
    error: null,
    finished_at: '2026-03-30T10:16:00.000Z',
    ...changes,
  };
}

/** A holder that is certainly gone: this machine, another boot. */
export function deadHolder(): HolderFacts {
  return { ...currentHolder(), boot_id: '00000000-0000-0000-0000-000000000000' };
}

/** A store in `<home>/instances/work/jobs`, which does not exist yet, and that path. */
export function diskStore(
  home: string,
  options: Partial<Parameters<typeof openJobStore>[0]> = {},
): { store: DiskJobStore; dir: string } {
  // What a test puts on disk, commands look for elsewhere.
  if (sharedStore() !== undefined) TestRunner.getCurrentTest()?.context.skip('its jobs are on disk');
  const dir = join(home, 'instances', 'work', 'jobs');
  return {
    store: openJobStore({ dir, instance: 'work', clock: { now: () => new Date() }, ...options }),
    dir,
  };
}

/** `n` jobs that have ended, ids in order of creation. */
export function endedJobs(store: DiskJobStore, n: number): string[] {
  return Array.from({ length: n }, (_, i) => {
    const { job_id } = store.create(newJob({ arguments: { i } }));
    store.accept(job_id, taskFact(`task_${i}`));
    store.finish(job_id, completed(`result ${i}`));
    return job_id;
  });
}

export function emptyDir(path: string): string {
  mkdirSync(path, { recursive: true });
  return path;
}

/** `n` jobs that have ended, written straight into a folder of jobs: nothing is synced, so that thousands take no time. Oldest first. */
export function writeEnded(dir: string, n: number, changes: Partial<JobRecord> = {}): string[] {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  let newest: string | undefined;
  return Array.from({ length: n }, (_, i) => {
    const at = changes.finished_at ?? '2026-03-30T10:15:30.000Z';
    const job_id = newJobId(Date.parse(at), newest);
    newest = job_id;
    const job = createdRecord(job_id, newJob({ arguments: { i } }), new Date(at));
    const record = { ...job, status: 'completed', holder: null, finished_at: at, ...changes };
    const folder = join(dir, job_id);
    mkdirSync(folder);
    writeFileSync(join(folder, 'end.json'), JSON.stringify({ ...record, result: completed(job_id).result }));
    linkSync(join(folder, 'end.json'), join(folder, 'job.json'));
    return job_id;
  });
}
