import { parseLabels, parseTags } from '../../../config/tags.ts';
import { CliError, UsageError } from '../../../errors.ts';
import type { JobFilter, JobListing } from '../../../jobs/ports.ts';
import { isTerminal, JOB_STATUSES, type JobRecord, type JobStatus } from '../../../jobs/record.ts';
import { namesOfJob } from '../../../permissions/known-names.ts';
import { permit, permittedItems } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';
import { listFlag } from '../../global-flags/values.ts';
import { jobLine, jobTable } from '../../output/job-view.ts';

export interface ListOptions {
  refresh?: boolean;
  limit?: string;
  status?: string;
  tag?: string[];
  label?: string[];
}

/** Live jobs that are asked about at the same time by `--refresh`. */
const CONCURRENT = 8;

/** `jobs list`: saved records, newest first; no network unless `--refresh`. */
export async function listJobs(app: App, options: ListOptions): Promise<number> {
  const { printer } = app;
  const filter = { ...limitOf(options.limit), ...statusOf(options.status), ...markFilter(app, options) };
  await permit(app, 'list');
  if (options.refresh)
    await refreshLive(app, (job, error) => printer.warn(error.code, `${job.job_id}: ${error.message}`));
  const { jobs, problems } = await permittedList(app, filter);
  for (const problem of problems) printer.warn(problem.code, problem.message);
  if (printer.format === 'ndjson') for (const job of jobs) printer.jsonDocument(job);
  else if (printer.json) await printer.jsonArray(jobs);
  else if (jobs.length > 0) await printRows(app, jobs);
  else if (printer.outTTY) printer.note('no jobs');
  return problems.length > 0 && jobs.length === 0 ? 78 : 0;
}

/** Jobs for people, a line each. */
export async function printRows(app: App, jobs: readonly JobRecord[]): Promise<void> {
  const { printer } = app;
  if (printer.outTTY) printer.out(jobTable(jobs, await app.palette(), app.context.clock.now()));
  else printer.out(jobs.map(jobLine).join('\n'));
}

/** The saved jobs, but for those that the instance's rules refuse; the newest `limit` of what is left. */
async function permittedList(
  app: App,
  { limit, ...filter }: { limit?: number; status?: JobStatus },
): Promise<JobListing> {
  if (!app.instance.access) return app.store.list({ ...filter, ...(limit === undefined ? {} : { limit }) });
  const { jobs, problems } = app.store.list(filter);
  const left = await permittedItems(app, jobs, namesOfJob);
  return { jobs: left.slice(0, limit), problems };
}

function limitOf(text: string | undefined): { limit?: number } {
  if (text === undefined) return {};
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1)
    throw new UsageError(`--limit: not a number of jobs: ${JSON.stringify(text)}`);
  return { limit };
}

export function statusOf(text: string | undefined): { status?: JobStatus } {
  if (text === undefined) return {};
  const status = text === 'cancelled' ? 'canceled' : text;
  if (!JOB_STATUSES.includes(status as JobStatus))
    throw new UsageError(`--status: not a status: ${JSON.stringify(text)}`, {
      hint: `one of ${JOB_STATUSES.join(', ')}`,
    });
  return { status: status as JobStatus };
}

/** `--tag` and `--label`, which may stand before the command's name as those of a call may. */
export function markFilter(
  { flags }: App,
  { tag = [], label = [] }: Pick<ListOptions, 'tag' | 'label'>,
): Pick<JobFilter, 'tags' | 'labels'> {
  return {
    tags: parseTags([...listFlag(flags, 'tag'), ...tag], '--tag'),
    labels: parseLabels([...listFlag(flags, 'label'), ...label], '--label'),
  };
}

/** Asks the servers about every live job; one that cannot be asked is told and stays as it was. */
export async function refreshLive(
  app: App,
  onFailure: (job: JobRecord, error: CliError) => void,
): Promise<void> {
  const { showJob } = await import('../../../jobs/wait.ts');
  const deps = await app.jobDeps();
  const stop = app.stop('the jobs were not refreshed in time');
  const { jobs } = await permittedList(app, {});
  const live = jobs.filter((job) => !isTerminal(job.status));
  const next = live.values();
  const worker = async () => {
    for (const job of next) {
      try {
        await showJob(deps, job.job_id, stop);
      } catch (error) {
        if (stop.signal.aborted || !(error instanceof CliError)) throw error;
        onFailure(job, error);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: CONCURRENT }, worker));
  } finally {
    stop.dispose();
  }
}
