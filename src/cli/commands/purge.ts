import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { UnfinishedError } from '../../errors.ts';
import { isTerminal, type JobRecord } from '../../jobs/record.ts';
import { openJobStore } from '../../jobs/store/job-store.ts';
import { makerOf, movedAway, uniqueName } from '../../lib/disk/durable-file.ts';
import { isPidAlive } from '../../lib/disk/process-identity.ts';
import { sweepFolder } from '../../lib/disk/sweep.ts';
import type { App } from '../app.ts';

/** Prefix of instance folders that are being deleted. */
const GONE_PREFIX = '.gone-';

/** Ids that a refusal names. */
const NAMED = 3;

/**
 * Removes an instance's folder, after `work`. The folder is moved away first and looked at again, so that a job which another process submits
 * meanwhile is either seen here or recorded anew; it is put back when anything fails. Unless forced, jobs that have not ended keep it.
 * @throws UnfinishedError, IoError, and what `work` throws; nothing is removed then.
 */
export async function purgeInstance(
  app: App,
  name: string,
  { force }: { force: boolean },
  work: () => Promise<void>,
): Promise<void> {
  const { instancesDir } = app.paths;
  const dir = app.paths.instanceDir(name);
  if (!force) refuseUnfinished(app, name, app.paths.jobsDir(name));
  sweepFolder(instancesDir, isAbandoned);
  const away = join(instancesDir, uniqueName(GONE_PREFIX));
  const moved = movedAway(dir, away);
  try {
    if (moved && !force) refuseUnfinished(app, name, join(away, 'jobs'));
    await work();
  } catch (error) {
    if (moved) renameSync(away, dir);
    throw error;
  }
  rmSync(away, { recursive: true, force: true });
}

/** Whether the person gives up the jobs that have not ended; nobody is asked without a terminal, or when all have. */
export async function givesUpJobs(app: App, name: string): Promise<boolean> {
  const live = unfinished(app, name, app.paths.jobsDir(name));
  if (live.length === 0 || !app.terminal) return false;
  const { askWhether } = await import('../prompts/elicitation.ts');
  const question = `${name} has ${told(live)}. Remove all its jobs for good?`;
  return askWhether(app.terminal, question, app.context.interrupted);
}

function unfinished({ context }: App, name: string, dir: string): JobRecord[] {
  const { jobs } = openJobStore({ dir, instance: name, clock: context.clock }).list();
  return jobs.filter(({ status }) => !isTerminal(status));
}

/** Refuses to go on while the jobs in a folder have not ended. */
function refuseUnfinished(app: App, name: string, dir: string): void {
  const live = unfinished(app, name, dir);
  const [first] = live;
  if (!first) return;
  throw new UnfinishedError('jobs_unfinished', `not removed: ${name} has ${told(live)}`, {
    hint: `wait for them, or end them first: mcp2cli ${name} jobs cancel ${first.job_id}; --force gives them up, and removes their records`,
    details: { job_ids: live.map(({ job_id }) => job_id) },
  });
}

/** `2 jobs that have not ended: job_1 (running), job_2 (queued)` */
function told(live: readonly JobRecord[]): string {
  const named = live.slice(0, NAMED).map(({ job_id, status }) => `${job_id} (${status})`);
  const more = live.length > NAMED ? ', ...' : '';
  const count = live.length === 1 ? 'a job that has' : `${live.length} jobs that have`;
  return `${count} not ended: ${named.join(', ')}${more}`;
}

function isAbandoned(name: string): boolean {
  const maker = name.startsWith(GONE_PREFIX) ? makerOf(name) : undefined;
  return maker !== undefined && !isPidAlive(maker);
}
