import { parseLabels, parseTags } from '../../../config/settings/tags.ts';
import { UsageError } from '../../../errors.ts';
import type { JobFilter, JobListing } from '../../../jobs/ports.ts';
import { JOB_STATUSES, type JobRecord, type JobStatus } from '../../../jobs/record.ts';
import { parseDuration } from '../../../lib/text/duration.ts';
import { didYouMean, nearestNames } from '../../../lib/text/nearest-names.ts';
import { namesOfJob } from '../../../permissions/known-names.ts';
import { permit, permittedItems } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';
import { listFlag, textFlag } from '../../global-flags/values.ts';
import { jobLine } from '../../output/views/job-view.ts';

export interface ListOptions {
  refresh?: boolean;
  limit?: string;
  status?: string[];
  tag?: string[];
  label?: string[];
  tool?: string[];
  since?: string;
  name?: string;
  wide?: boolean;
  allInstances?: boolean;
}

/**
 * `jobs list`: saved records, newest first. `--refresh` asks about the live ones, as far as it takes; a list on a terminal does so for a second,
 * unless `--no-refresh`; in a pipe and with `--json` there is no network.
 */
export async function listJobs(app: App, options: ListOptions): Promise<number> {
  return printListing(app, await partOf(app, options), options, { known: () => knownIds([app]) });
}

/** What a list has of one instance. */
export interface JobPart extends JobListing {
  /** Ids of jobs whose state may be an old one. */
  stale: ReadonlySet<string> | undefined;
}

/** The jobs of one instance that are wanted: for a person all of them, of which the newest are shown. Errors: PermissionError, UsageError. */
export async function partOf(app: App, options: ListOptions): Promise<JobPart> {
  const filter = {
    statuses: statusesOf(options.status),
    ...metadataFilter(app, options),
    ...callFilter(app, options),
  };
  const limit = limitOf(options.limit);
  await permit(app, 'list');
  const stale = await asked(app, options, filter);
  return { ...(await permittedList(app, isForPerson(app) ? filter : { ...filter, limit })), stale };
}

export async function printListing(
  app: App,
  { jobs: found, problems, stale }: JobPart,
  { limit, wide }: ListOptions,
  options: Pick<RowOptions, 'known' | 'instances'>,
): Promise<number> {
  const { printer } = app;
  const jobs = found.slice(0, limitOf(limit) ?? (isForPerson(app) ? SHOWN : undefined));
  for (const problem of problems) printer.warn(problem.code, problem.message);
  if (printer.format === 'ndjson') for (const job of jobs) printer.jsonDocument(job);
  else if (printer.json) await printer.jsonArray(jobs);
  else if (jobs.length > 0) await printRows(app, jobs, { ...options, stale, wide });
  else if (printer.outTTY) printer.note('no jobs');
  // Of how many, a person is told.
  if (isForPerson(app) && jobs.length < found.length)
    printer.note(`${jobs.length} of ${found.length} jobs; --limit ${found.length} shows all`);
  return problems.length > 0 && jobs.length === 0 ? 78 : 0;
}

function isForPerson({ printer }: App): boolean {
  return printer.outTTY && !printer.json;
}

/** Asks servers as far as that is meant, and returns the ids of jobs whose state may be an old one. */
async function asked(
  app: App,
  { refresh }: ListOptions,
  { statuses: _, ...marked }: JobFilter,
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

/** The ids of all jobs that there are at these instances. */
export async function knownIds(apps: readonly App[]): Promise<string[]> {
  const listings = await Promise.all(apps.map((own) => own.store.list()));
  return listings.flatMap(({ jobs }) => jobs.map(({ job_id }) => job_id));
}

export interface RowOptions {
  /** The ids of all jobs that an id of these may be mistaken for. */
  known: () => Promise<readonly string[]>;
  /** Jobs whose state is told with its age. */
  stale?: ReadonlySet<string> | undefined;
  /** Not cut to the terminal. */
  wide?: boolean | undefined;
  /** They are of several instances. */
  instances?: boolean;
}

/** Jobs for people, a line each. */
export async function printRows(
  app: App,
  jobs: readonly JobRecord[],
  { known, stale, wide = false, instances = false }: RowOptions,
): Promise<void> {
  const { printer } = app;
  if (!printer.outTTY) {
    const line = (job: JobRecord) => (instances ? `${job.instance}  ${jobLine(job)}` : jobLine(job));
    printer.out(jobs.map(line).join('\n'));
    return;
  }
  const { jobTable } = await import('../../output/job-table.ts');
  const ids = wide ? [] : await known();
  const shown = jobTable(jobs, {
    palette: await app.palette(),
    now: app.context.clock.now(),
    width: wide ? undefined : printer.width,
    stale,
    known: () => ids,
    instances,
  });
  printer.out(shown);
}

/** The saved jobs, but for those that the instance's rules refuse; the newest `limit` of what is left. */
async function permittedList(app: App, { limit, ...filter }: Filter): Promise<JobListing> {
  if (!app.instance.access)
    return await app.store.list({ ...filter, ...(limit === undefined ? {} : { limit }) });
  const { jobs, problems } = await app.store.list(filter);
  const left = await permittedItems(app, jobs, namesOfJob);
  return { jobs: left.slice(0, limit), problems };
}

/** Jobs that a list on a terminal shows where no number was given. */
const SHOWN = 30;

type Filter = Omit<JobFilter, 'limit'> & { limit?: number | undefined };

function limitOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1)
    throw new UsageError(`--limit: not a number of jobs: ${JSON.stringify(text)}`);
  return limit;
}

/** `--tool`, `--since` and `--name`. Error: UsageError. */
function callFilter(
  { flags, context }: App,
  { tool = [], since, name = textFlag(flags, 'name') }: ListOptions,
): Pick<JobFilter, 'tools' | 'since' | 'name'> {
  return {
    tools: tool,
    ...(name === undefined ? {} : { name }),
    ...(since === undefined ? {} : { since: timeOf(since, context.clock.now()) }),
  };
}

/** Epoch milliseconds of `2h` (so long ago) or of a date or time. Error: UsageError. */
function timeOf(text: string, now: Date): number {
  const at = /^\d{4}-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  return now.getTime() - (parseDuration(text, '--since', 'for example 30m, 2h, 7d, 2026-01-31') ?? 0);
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
