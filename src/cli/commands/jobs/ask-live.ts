/** Asking servers about the jobs of a list that have not ended. */
import { CliError } from '../../../errors.ts';
import { isTerminal, type JobRecord } from '../../../jobs/record.ts';
import { canBeAsked, lookAtJob, showJob } from '../../../jobs/wait.ts';
import { inLanes } from '../../../lib/lanes.ts';
import { stopAfter, untilAborted } from '../../../lib/stop.ts';
import type { App } from '../../app.ts';

/** Jobs that are asked about at the same time. */
const CONCURRENT = 8;

/** How long a list on a terminal waits for servers, in milliseconds. */
const GLANCE_MS = 1_000;

/** Asks about every live job; one that cannot be asked is told and stays as it was. Error: the stop's reason. */
export async function refreshLive(
  app: App,
  jobs: readonly JobRecord[],
  onFailure: (job: JobRecord, error: CliError) => void,
): Promise<void> {
  const deps = await app.jobDeps();
  using stop = app.stop('the jobs were not refreshed in time');
  await inLanes(CONCURRENT, jobs, async (job) => {
    if (isTerminal(job.status)) return;
    try {
      await showJob(deps, job.job_id, stop);
    } catch (error) {
      if (stop.signal.aborted || !(error instanceof CliError)) throw error;
      onFailure(job, error);
    }
  });
}

/** Asks about the live jobs within a second in all, and returns the ids of those whose state is not known to be of now. Error: a signal's reason. */
export async function refreshWithinASecond(
  app: App,
  jobs: readonly JobRecord[],
): Promise<ReadonlySet<string>> {
  const live = jobs.filter(canBeAsked);
  const stale = new Set(
    jobs.filter((job) => !isTerminal(job.status) && job.remote_task_id !== null).map(idOf),
  );
  if (live.length === 0) return stale;
  const { clock, interrupted } = app.context;
  const deps = await app.jobDeps();
  using stop = stopAfter(clock, interrupted, GLANCE_MS, 'not answered in time');
  const asked = inLanes(CONCURRENT, live, async (job) => {
    try {
      if (!stop.signal.aborted && (await lookAtJob(deps, job, stop.signal))) stale.delete(job.job_id);
    } catch (error) {
      if (!(error instanceof CliError) && !stop.signal.aborted) throw error;
    }
  });
  await Promise.race([asked, untilAborted(stop.signal)]);
  interrupted.throwIfAborted();
  return stale;
}

function idOf({ job_id }: JobRecord): string {
  return job_id;
}
