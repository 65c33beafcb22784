/** The demo server has its tasks in memory: with it they are gone, and their records say so. */
import { existsSync } from 'node:fs';
import { findInstance } from '../../config/config.ts';
import { configuredInstance } from '../../config/configured-instance.ts';
import { lost } from '../../jobs/job-end.ts';
import { isTerminal, type JobRecord } from '../../jobs/record.ts';
import { openJobStore } from '../../jobs/store/job-store.ts';
import { App } from '../app.ts';

/** The demo's jobs that run, as its server says now; those of which it says nothing count as running. */
export async function runningJobs(app: App, name: string): Promise<JobRecord[]> {
  if (findInstance(app.config, name) !== undefined && existsSync(app.paths.jobsDir(name))) {
    const own = new App(app.context, new Map(app.flags));
    own.select(configuredInstance(app.config, name, app.context.env));
    const { refreshLive } = await import('./jobs/ask-live.ts');
    try {
      await refreshLive(own, (await own.store.list()).jobs, () => {});
    } finally {
      await own.close();
    }
  }
  return liveJobs(app, name);
}

/** The jobs, as they are recorded, that a demo server runs which was started before a time. */
export function liveJobs(app: App, name: string, before?: string): JobRecord[] {
  if (!existsSync(app.paths.jobsDir(name))) return [];
  return storeOf(app, name)
    .list()
    .jobs.filter(
      ({ status, remote_task_id, backend, created_at }) =>
        !isTerminal(status) &&
        remote_task_id !== null &&
        backend !== 'local' &&
        (before === undefined || created_at < before),
    );
}

/** Records that nothing can be learned any more of jobs whose server is gone. Errors: those of the store. */
export function giveUp(app: App, name: string, jobs: readonly JobRecord[]): void {
  const onDisk = storeOf(app, name);
  const end = lost('server_gone', 'the demo server that ran it was stopped', app.context.clock);
  for (const { job_id } of jobs) onDisk.finish(job_id, end);
}

function storeOf({ paths, context }: App, name: string) {
  return openJobStore({ dir: paths.jobsDir(name), instance: name, clock: context.clock });
}
