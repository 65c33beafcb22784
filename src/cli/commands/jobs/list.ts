import { parseLabels, parseTags } from '../../../config/tags.ts';
import { UsageError } from '../../../errors.ts';
import type { JobFilter, JobListing } from '../../../jobs/ports.ts';
import { JOB_STATUSES, type JobRecord, type JobStatus } from '../../../jobs/record.ts';
import { didYouMean, nearestNames } from '../../../lib/nearest-names.ts';
import { namesOfJob } from '../../../permissions/known-names.ts';
import { permit, permittedItems } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';
import { listFlag } from '../../global-flags/values.ts';
import { jobLine } from '../../output/job-view.ts';

export interface ListOptions {
  refresh?: boolean;
  limit?: string;
  status?: string[];
  tag?: string[];
  label?: string[];
  wide?: boolean;
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
  const person = printer.outTTY && !printer.json;
  // Of how many, a person is told.
  const { jobs: found, problems } = await permittedList(
    app,
    person ? { ...filter, limit: undefined } : filter,
  );
  const jobs = person ? found.slice(0, filter.limit ?? SHOWN) : found;
  for (const problem of problems) printer.warn(problem.code, problem.message);
  if (printer.format === 'ndjson') for (const job of jobs) printer.jsonDocument(job);
  else if (printer.json) await printer.jsonArray(jobs);
  else if (jobs.length > 0) await printRows(app, jobs, { stale, wide: options.wide });
  else if (person) printer.note('no jobs');
  if (jobs.length < found.length)
    printer.note(`${jobs.length} of ${found.length} jobs; --limit ${found.length} shows all`);
  return problems.length > 0 && jobs.length === 0 ? 78 : 0;
}

/** Asks servers as far as that is meant, and returns the ids of jobs whose state may be an old one. */
async function asked(
  app: App,
  { refresh }: ListOptions,
  { statuses: _, limit: __, ...marked }: Filter,
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

/** Jobs for people, a line each; the state of those in `stale` is told with its age. `wide`: not cut to the terminal. */
export async function printRows(
  app: App,
  jobs: readonly JobRecord[],
  { stale, wide = false }: { stale?: ReadonlySet<string> | undefined; wide?: boolean | undefined } = {},
): Promise<void> {
  const { printer } = app;
  if (!printer.outTTY) {
    printer.out(jobs.map(jobLine).join('\n'));
    return;
  }
  const { jobTable } = await import('../../output/job-table.ts');
  const shown = jobTable(jobs, {
    palette: await app.palette(),
    now: app.context.clock.now(),
    width: wide ? undefined : printer.width,
    stale,
    known: () => app.store.list().jobs.map(({ job_id }) => job_id),
  });
  printer.out(shown);
}

/** The saved jobs, but for those that the instance's rules refuse; the newest `limit` of what is left. */
async function permittedList(app: App, { limit, ...filter }: Filter): Promise<JobListing> {
  if (!app.instance.access) return app.store.list({ ...filter, ...(limit === undefined ? {} : { limit }) });
  const { jobs, problems } = app.store.list(filter);
  const left = await permittedItems(app, jobs, namesOfJob);
  return { jobs: left.slice(0, limit), problems };
}

/** Jobs that a list on a terminal shows where no number was given. */
const SHOWN = 30;

type Filter = Omit<JobFilter, 'limit'> & { limit?: number | undefined };

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
