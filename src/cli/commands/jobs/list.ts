import { parseLabels, parseTags } from '../../../config/tags.ts';
import { UsageError } from '../../../errors.ts';
import type { JobFilter, JobListing } from '../../../jobs/ports.ts';
import { JOB_STATUSES, type JobRecord, type JobStatus } from '../../../jobs/record.ts';
import { didYouMean, nearestNames } from '../../../lib/nearest-names.ts';
import { namesOfJob } from '../../../permissions/known-names.ts';
import { permit, permittedItems } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';
import { listFlag } from '../../global-flags/values.ts';
import { jobLine, jobTable } from '../../output/job-view.ts';

export interface ListOptions {
  refresh?: boolean;
  limit?: string;
  status?: string[];
  tag?: string[];
  label?: string[];
}

/**
 * `jobs list`: saved records, newest first. `--refresh` asks about the live ones, as far as it takes; a list on a terminal does so for a second,
 * unless `--no-refresh`; in a pipe and with `--json` there is no network.
 */
export async function listJobs(app: App, options: ListOptions): Promise<number> {
  const { printer } = app;
  const filter = {
    ...limitOf(options.limit),
    statuses: statusesOf(options.status),
    ...metadataFilter(app, options),
  };
  await permit(app, 'list');
  const stale = await asked(app, options, filter);
  const { jobs, problems } = await permittedList(app, filter);
  for (const problem of problems) printer.warn(problem.code, problem.message);
  if (printer.format === 'ndjson') for (const job of jobs) printer.jsonDocument(job);
  else if (printer.json) await printer.jsonArray(jobs);
  else if (jobs.length > 0) await printRows(app, jobs, stale);
  else if (printer.outTTY) printer.note('no jobs');
  return problems.length > 0 && jobs.length === 0 ? 78 : 0;
}

/** Asks servers as far as that is meant, and returns the ids of jobs whose state may be an old one. */
async function asked(
  app: App,
  { refresh }: ListOptions,
  { statuses: _, limit: __, ...marked }: JobFilter,
): Promise<ReadonlySet<string> | undefined> {
  const { printer } = app;
  if (refresh === false || (refresh === undefined && (!printer.outTTY || printer.json))) return undefined;
  const { refreshWithinASecond, refreshLive } = await import('./ask-live.ts');
  const { jobs } = await permittedList(app, marked);
  if (!refresh) return refreshWithinASecond(app, jobs);
  const stale = new Set<string>();
  await refreshLive(app, jobs, (job, error) => {
    stale.add(job.job_id);
    printer.warn(error.code, `${job.job_id}: ${error.message}`);
  });
  return stale;
}

/** Jobs for people, a line each; the state of those in `stale` is told with its age. */
export async function printRows(
  app: App,
  jobs: readonly JobRecord[],
  stale?: ReadonlySet<string>,
): Promise<void> {
  const { printer } = app;
  if (printer.outTTY) printer.out(jobTable(jobs, await app.palette(), app.context.clock.now(), stale));
  else printer.out(jobs.map(jobLine).join('\n'));
}

/** The saved jobs, but for those that the instance's rules refuse; the newest `limit` of what is left. */
async function permittedList(app: App, { limit, ...filter }: JobFilter): Promise<JobListing> {
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

/** `--status a,b`, which may be repeated. Error: UsageError with the nearest. */
export function statusesOf(texts: readonly string[] = []): JobStatus[] {
  return texts
    .flatMap((text) => text.split(','))
    .map((word) => {
      const text = word.trim();
      const status = JOB_STATUSES.find((one) => one === (text === 'cancelled' ? 'canceled' : text));
      if (status !== undefined) return status;
      throw new UsageError(
        `--status: not a status: ${JSON.stringify(text)}${didYouMean(nearestNames(text, JOB_STATUSES, 1))}`,
        { hint: `one of ${JOB_STATUSES.join(', ')}` },
      );
    });
}

/** `--tag` and `--label`, which may stand before the command's name as those of a call may. */
export function metadataFilter(
  { flags }: App,
  { tag = [], label = [] }: Pick<ListOptions, 'tag' | 'label'>,
): Pick<JobFilter, 'tags' | 'labels'> {
  return {
    tags: parseTags([...listFlag(flags, 'tag'), ...tag], '--tag'),
    labels: parseLabels([...listFlag(flags, 'label'), ...label], '--label'),
  };
}
