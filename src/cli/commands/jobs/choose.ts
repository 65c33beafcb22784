/** Which jobs a command is about that takes several, of one instance or of all. */
import { UsageError } from '../../../errors.ts';
import type { JobFilter } from '../../../jobs/ports.ts';
import { isTerminal, type JobRecord } from '../../../jobs/record.ts';
import { namesOfJob } from '../../../permissions/known-names.ts';
import { permit, permittedItems } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';
import { withEach } from '../../every-instance.ts';
import { jobOf, someJobs } from './ids.ts';
import { metadataFilter } from './list.ts';

export interface ChoiceOptions {
  latest?: boolean;
  tag?: string[];
  label?: string[];
  allInstances?: boolean;
}

/** A job, and the app of its instance. */
export interface ChosenJob {
  own: App;
  id: string;
}

export interface Choice {
  jobs: ChosenJob[];
  /** Chosen by flags: any number of them, none included. */
  isSet: boolean;
}

/**
 * The jobs of `apps` that are meant: those with these ids, the newest, or, oldest first, those that tags and labels choose; of all instances
 * without any of these, all that have not ended. Errors: UsageError, PermissionError.
 */
export async function chosenJobs(
  app: App,
  apps: readonly App[],
  ids: readonly string[],
  options: ChoiceOptions,
): Promise<Choice> {
  const { latest, allInstances } = options;
  const filter = metadataFilter(app, options);
  const isMarked = [filter.tags, Object.keys(filter.labels ?? {})].some((one) => (one?.length ?? 0) > 0);
  if (isMarked && (ids.length > 0 || latest))
    throw new UsageError('ids of jobs and flags that choose jobs cannot be used together: give one of them');
  if (isMarked) return { jobs: await filtered(app, apps, filter, () => true), isSet: true };
  if (!allInstances) {
    const meant = await someJobs(app.store, ids, latest);
    return { jobs: meant.map((id) => ({ own: app, id })), isSet: false };
  }
  if (latest) return { jobs: await newest(apps), isSet: false };
  if (ids.length > 0) {
    return { jobs: await Promise.all(ids.map((id) => jobAnywhere(apps, id))), isSet: false };
  }
  return { jobs: await filtered(app, apps, filter, ({ status }) => !isTerminal(status)), isSet: true };
}

async function filtered(
  app: App,
  apps: readonly App[],
  filter: JobFilter,
  isMeant: (job: JobRecord) => boolean,
): Promise<ChosenJob[]> {
  const of = async (own: App) => {
    await permit(own, 'list');
    const { jobs, problems } = await own.store.list(filter);
    for (const { code, message } of problems) app.printer.warn(code, message);
    const permitted = await permittedItems(own, jobs, namesOfJob);
    return permitted.filter(isMeant).map(({ job_id }) => ({ own, id: job_id }));
  };
  const [only] = apps;
  const found = apps.length === 1 && only === app ? [await of(app)] : await withEach(app, apps, of);
  return found.flat().sort((a, b) => (a.id < b.id ? -1 : 1));
}

async function newest(apps: readonly App[]): Promise<ChosenJob[]> {
  const found: ChosenJob[] = [];
  for (const own of apps) {
    const id = await own.store.latest();
    if (id !== undefined) found.push({ own, id });
  }
  const [last] = found.sort((a, b) => (a.id < b.id ? 1 : -1));
  if (last === undefined) throw new UsageError('there are no jobs yet', { code: 'unknown_job' });
  return [last];
}

async function jobAnywhere(apps: readonly App[], word: string): Promise<ChosenJob> {
  const found: ChosenJob[] = [];
  for (const own of apps) {
    try {
      found.push({ own, id: await jobOf(own.store, word) });
    } catch (error) {
      if (!(error instanceof UsageError) || error.code !== 'unknown_job') throw error;
    }
  }
  const [only] = found;
  if (only === undefined)
    throw new UsageError(`no job ${JSON.stringify(word)} at any instance`, {
      code: 'unknown_job',
      hint: 'see: mcp2cli jobs list --all-instances',
    });
  if (found.length === 1) return only;
  throw new UsageError(
    `${JSON.stringify(word)} could be any of ${found.length} jobs: ${found.map(({ id }) => id).join(', ')}`,
    { code: 'ambiguous_job', hint: 'give more characters of the id, from its beginning or its end' },
  );
}
