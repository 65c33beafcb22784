import { join } from 'node:path';
import type { Paths } from '../config/paths.ts';
import { isTerminal, JOB_STATUSES, type JobRecord } from '../jobs/record.ts';
import { isIndexDamaged, missingResult, setAside } from '../jobs/store/job-health.ts';
import { leftovers } from '../jobs/store/job-removal.ts';
import { openJobStore } from '../jobs/store/job-store.ts';
import { counted } from '../lib/text/counted.ts';
import { attempt, type Check, checked } from './finding.ts';

/** Milliseconds that a job may have been created after now: clocks of machines that share a disk differ a little. */
const FUTURE_MS = 60_000;

export interface JobsOptions {
  now: Date;
  /** Moves damaged records out of the way. */
  setAside: boolean;
}

/** The jobs of an instance: how many there are, and what cannot be read. */
export function checkJobs(paths: Paths, instance: string, { now, setAside: aside }: JobsOptions): Check[] {
  const dir = paths.jobsDir(instance);
  return attempt('jobs', () => {
    const { jobs, problems } = openJobStore({ dir, instance, clock: { now: () => now } }).list();
    const checks = [checked('jobs', 'ok', jobCounts(jobs), { path: dir })];
    for (const { job_id, path, code, message } of problems) {
      const moved = aside && code === 'damaged' ? moveAway(paths, instance, job_id, now) : undefined;
      if (moved) checks.push(moved);
      else if (code === 'newer') checks.push(newer(message, path));
      else checks.push(damaged(message, path, instance, aside));
    }
    for (const { job_id } of jobs.filter(({ status }) => isTerminal(status))) {
      const path = missingResult(dir, job_id);
      if (path !== undefined)
        checks.push(checked('jobs', 'problem', `the result of ${job_id} is missing`, { path, hint: GONE }));
    }
    return [...checks, ...future(jobs, now), ...litter(dir, now), ...index(dir)];
  });
}

export function jobsInFiles(paths: Paths, instance: string, now: Date): JobRecord[] {
  return openJobStore({ dir: paths.jobsDir(instance), instance, clock: { now: () => now } }).list().jobs;
}

/** Jobs at a server that the instance does not lead to: nothing more can be learned of them. `target`: its hash, undefined without one. */
export function jobsElsewhere(
  jobs: readonly JobRecord[],
  instance: string,
  target: string | undefined,
): Check[] {
  const where = 'of another server, which the instance does not lead to';
  return stuck(jobs, instance, where, (job) => job.session !== null && job.session.target !== target);
}

/** Jobs at the instance's own server, which cannot be reached. */
export function jobsUnreachable(jobs: readonly JobRecord[], instance: string, target: string): Check[] {
  const where = 'at the server, which cannot be reached';
  return stuck(jobs, instance, where, (job) => job.session?.target === target);
}

function stuck(
  jobs: readonly JobRecord[],
  instance: string,
  where: string,
  isMeant: (job: JobRecord) => boolean,
): Check[] {
  // What a process holds it brings to an end. What waits for a worker is not at a server yet.
  const live = jobs.filter(
    (job) => !isTerminal(job.status) && job.holder == null && job.remote_task_id !== null && isMeant(job),
  );
  const [first] = live;
  if (!first) return [];
  const more = live.length > 3 ? ', ...' : '';
  const ids = live
    .slice(0, 3)
    .map(({ job_id }) => job_id)
    .join(', ');
  return [
    checked('jobs', 'warning', `${counted(live.length, 'job')} ${where}: ${ids}${more}`, {
      hint: `if it is gone for good, give them up: mcp2cli ${instance} jobs forget ${first.job_id}`,
    }),
  ];
}

const GONE = 'it cannot be had any more; jobs prune removes the record when its time has come';

/** How many there are, and of each status. */
export function jobCounts(jobs: readonly JobRecord[]): string {
  if (jobs.length === 0) return 'no jobs';
  const counts = JOB_STATUSES.map((status) => [status, jobs.filter((job) => job.status === status).length]);
  const told = counts.filter(([, n]) => n !== 0).map(([status, n]) => `${n} ${status}`);
  return `${counted(jobs.length, 'job')}: ${told.join(', ')}`;
}

function newer(message: string, path: string): Check {
  return checked('jobs', 'warning', message, {
    hint: 'use the version of mcp2cli that wrote it; this one leaves it alone',
    path,
  });
}

function damaged(message: string, path: string, instance: string, tried: boolean): Check {
  return checked('jobs', 'problem', message, {
    hint: tried
      ? 'it was left where it is: it cannot be read, or a part of it is of a newer version'
      : `move it out of the way: mcp2cli doctor ${instance} --set-aside`,
    path,
  });
}

function moveAway(paths: Paths, instance: string, id: string, now: Date): Check | undefined {
  const to = join(paths.instanceDir(instance), 'damaged');
  try {
    const path = setAside(paths.jobsDir(instance), id, to, now);
    return path === undefined ? undefined : checked('set aside', 'ok', `moved the damaged ${id}`, { path });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return checked('set aside', 'problem', message, { path: join(paths.jobsDir(instance), id) });
  }
}

function future(jobs: readonly JobRecord[], now: Date): Check[] {
  const late = jobs.filter((job) => Date.parse(job.created_at) > now.getTime() + FUTURE_MS);
  const [first] = late;
  if (!first) return [];
  const message =
    late.length === 1
      ? `${first.job_id} was created in the future (${first.created_at})`
      : `${late.length} jobs were created in the future, such as ${first.job_id} (${first.created_at})`;
  return [
    checked('clock', 'warning', message, { hint: "was the machine's clock set back, or is it wrong?" }),
  ];
}

function litter(dir: string, now: Date): Check[] {
  const left = leftovers(dir, now);
  const [first] = left;
  if (first === undefined) return [];
  return [
    checked('jobs', 'warning', `${counted(left.length, 'left-over')} of processes that were killed`, {
      hint: 'the next jobs prune removes them',
      path: first,
    }),
  ];
}

function index(dir: string): Check[] {
  if (!isIndexDamaged(dir)) return [];
  return [
    checked('jobs', 'warning', 'the index of the list is damaged', {
      hint: 'it is passed over, and may be deleted at any time',
      path: join(dir, '.index.json'),
    }),
  ];
}
