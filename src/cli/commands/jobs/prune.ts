import { CliError, EXIT, UnfinishedError, UsageError } from '../../../errors.ts';
import type { Removal } from '../../../jobs/ports.ts';
import { type PruneRule, prunable } from '../../../jobs/prune.ts';
import {
  isTerminal,
  JOB_STATUSES,
  type JobRecord,
  type JobStatus,
  type TerminalStatus,
} from '../../../jobs/record.ts';
import type { Stop } from '../../../lib/stop.ts';
import { counted } from '../../../lib/text/counted.ts';
import { parseDuration } from '../../../lib/text/duration.ts';
import { formatBytes } from '../../../lib/text/format-bytes.ts';
import { namesOfJob } from '../../../permissions/known-names.ts';
import { permit, permitJobs, permittedItems } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';
import { someJobs } from './ids.ts';
import { knownIds, metadataFilter, printRows, statusesOf } from './list.ts';

export interface PruneOptions {
  olderThan?: string;
  keep?: string;
  status?: string[];
  tag?: string[];
  label?: string[];
  dryRun?: boolean;
  yes?: boolean;
  allInstances?: boolean;
}

/**
 * `jobs prune`: removes the records of jobs that have ended, as far as they are meant. Somebody at a terminal is asked first. Exit 0, also
 * when there was nothing to remove.
 */
export async function pruneJobs(app: App, named: readonly string[], options: PruneOptions): Promise<number> {
  if (!options.allInstances) return prune(app, [app], named, options);
  if (named.length > 0)
    throw new UsageError('ids of jobs and --all-instances cannot be used together: give one of them');
  const { closeAll, everyInstance } = await import('../../every-instance.ts');
  const apps = everyInstance(app);
  try {
    return await prune(app, apps, named, options);
  } finally {
    await closeAll(apps);
  }
}

/** What is removed of one instance. */
interface Part {
  own: App;
  jobs: JobRecord[];
}

async function prune(
  app: App,
  apps: readonly App[],
  named: readonly string[],
  options: PruneOptions,
): Promise<number> {
  const { printer } = app;
  const parts: Part[] = [];
  for (const own of apps)
    parts.push({
      own,
      jobs: named.length > 0 ? await namedJobs(own, named, options) : await jobsOfRule(own, options),
    });
  for (const { own, jobs } of parts) {
    if (options.dryRun) await permit(own, 'list');
    await permitJobs(own, 'delete', own.store, idsOf(jobs));
  }
  if (options.dryRun) return dryRun(app, parts);
  using stop = app.stop('the time ran out');
  const count = parts.reduce((sum, { jobs }) => sum + jobs.length, 0);
  const place = apps.length === 1 && apps[0] === app ? app.instance.name : 'all instances';
  if (!(await isMeant(app, count, place, options.yes === true, stop))) {
    printer.note('nothing was removed');
    return EXIT.ok;
  }
  const sum: Removal = { removed: [], bytes: 0 };
  for (const { own, jobs } of parts) add(sum, await removed(own, idsOf(jobs), stop));
  report(app, sum, false);
  return EXIT.ok;
}

function idsOf(jobs: readonly JobRecord[]): string[] {
  return jobs.map(({ job_id }) => job_id);
}

function add(sum: Removal, part: Removal): void {
  sum.removed.push(...part.removed);
  sum.bytes += part.bytes;
}

async function jobsOfRule(app: App, options: PruneOptions): Promise<JobRecord[]> {
  const rule = ruleOf(options);
  const { jobs, problems } = await app.store.list(metadataFilter(app, options));
  for (const { code, message } of problems) app.printer.warn(code, message);
  return prunable(jobs, app.context.clock.now(), rule);
}

/** The jobs that are named. Errors: UsageError for a rule beside them, UnfinishedError for a job that has not ended. */
async function namedJobs(app: App, named: readonly string[], options: PruneOptions): Promise<JobRecord[]> {
  const rule = [options.olderThan, options.keep, options.status].some((one) => one !== undefined);
  const { tags = [], labels = {} } = metadataFilter(app, options);
  if (rule || tags.length > 0 || Object.keys(labels).length > 0)
    throw new UsageError('ids of jobs and flags that choose jobs cannot be used together: give one of them');
  const ids = await someJobs(app.store, named, false);
  const jobs = await Promise.all(ids.map((id) => app.store.read(id)));
  return jobs.map((job) => {
    const { job_id: id } = job;
    if (isTerminal(job.status)) return job;
    throw new UnfinishedError(
      'still_running',
      `${id} is ${job.status}: only jobs that have ended are removed`,
      {
        hint: `end it with: ${app.command('jobs', 'cancel', id)}; or give it up: ${app.command('jobs', 'forget', id)}`,
      },
    );
  });
}

/** Removes them. An error in the middle says what was removed before it. */
async function removed(app: App, ids: readonly string[], stop: Stop): Promise<Removal> {
  const sum: Removal = { removed: [], bytes: 0 };
  const onRemoved = (part: Removal) => add(sum, part);
  try {
    await app.store.remove(ids, { onRemoved, signal: stop.signal });
    return sum;
  } catch (error) {
    if (error instanceof CliError || stop.signal.aborted)
      app.printer.warn(
        'pruned',
        `${counted(sum.removed.length, 'job')} had been removed before; the others are whole`,
      );
    throw error;
  }
}

async function dryRun(app: App, parts: readonly Part[]): Promise<number> {
  const { printer } = app;
  const sum: Removal = { removed: [], bytes: 0 };
  const shown: JobRecord[] = [];
  for (const { own, jobs } of parts) {
    const permitted = await permittedItems(own, jobs, namesOfJob);
    const ids = idsOf(permitted);
    shown.push(...permitted);
    add(sum, { removed: ids, bytes: await own.store.removableBytes(ids) });
  }
  if (!printer.json && !printer.quiet && shown.length > 0)
    await printRows(app, shown, {
      known: () => knownIds(parts.map(({ own }) => own)),
      instances: parts.length !== 1 || parts[0]?.own !== app,
    });
  report(app, sum, true);
  return EXIT.ok;
}

function report({ printer }: App, { removed: ids, bytes }: Removal, dry: boolean): void {
  const summary = `${dry ? 'would remove' : 'removed'} ${counted(ids.length, 'job')} (${formatBytes(bytes)})`;
  if (printer.json)
    printer.envelope('jobs prune', summary, { removed: ids, count: ids.length, bytes, dry_run: dry });
  else if (printer.quiet) printer.out(ids.join('\n'));
  // The list is the answer of a dry run, as it is of jobs list.
  else if (dry) printer.note(summary);
  else printer.out(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}`);
}

/** Asks the person, if there is one; a script has said what it means. Error: the stop's reason. */
async function isMeant(app: App, jobs: number, place: string, yes: boolean, stop: Stop): Promise<boolean> {
  const { terminal } = app;
  if (yes || jobs === 0 || !terminal) return true;
  const { askWhether } = await import('../../prompts/elicitation.ts');
  return askWhether(terminal, `Remove ${counted(jobs, 'job')} of ${place} for good?`, stop.signal);
}

function ruleOf({ olderThan, keep, status = [] }: PruneOptions): PruneRule {
  if (olderThan === undefined && keep === undefined && status.length === 0)
    throw new UsageError('which jobs? give their ids, or --older-than AGE, --keep N or --status STATUS', {
      hint: 'for example --older-than 30d; --older-than 0 removes all that have ended; --dry-run only lists them',
    });
  return {
    statuses: statusesOf(status).map(endStatus),
    ...(olderThan === undefined ? {} : { olderThanMs: ageOf(olderThan) }),
    ...(keep === undefined ? {} : { keep: countFrom(keep) }),
  };
}

function ageOf(text: string): number {
  const examples = 'for example 30d, 2w, 12h, or seconds as a bare number; 0: whenever they ended';
  return parseDuration(text, '--older-than', examples) ?? 0;
}

function countFrom(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new UsageError(`--keep: not a number of jobs: ${JSON.stringify(text)}`);
  return Number(text);
}

function endStatus(status: JobStatus): TerminalStatus {
  if (isTerminal(status)) return status;
  throw new UsageError(`--status: a job that is ${status} is never removed`, {
    hint: `one of ${JOB_STATUSES.filter(isTerminal).join(', ')}; those jobs`,
    command: ['jobs', 'list', '--status', status],
  });
}
