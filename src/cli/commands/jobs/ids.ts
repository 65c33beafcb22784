import { UsageError } from '../../../errors.ts';
import type { JobStore } from '../../../jobs/ports.ts';
import type { App } from '../../app.ts';

/** How a command names its job, beside an id. */
export interface JobOptions {
  latest?: boolean;
}

/** The job that an id, a prefix of one, or `--latest` names. Errors: UsageError for both, neither, or no such job. */
export async function oneJob(
  store: JobStore,
  id: string | undefined,
  latest: boolean | undefined,
): Promise<string> {
  const [only] = await someJobs(store, id === undefined ? [] : [id], latest);
  return only as string;
}

/** The jobs that ids, or `--latest`, name; each once, in the order given. Errors as for `oneJob`. */
export async function someJobs(
  store: JobStore,
  ids: readonly string[],
  latest: boolean | undefined,
): Promise<string[]> {
  if (latest && ids.length > 0)
    throw new UsageError('a job id and --latest cannot be used together: give one of them');
  if (latest) {
    const newest = await store.latest();
    if (newest === undefined) throw new UsageError('there are no jobs yet', { code: 'unknown_job' });
    return [newest];
  }
  if (ids.length === 0)
    throw new UsageError('which job? give its id (or its beginning or end), -1 for the newest, or --latest', {
      command: ['jobs', 'list'],
    });
  return [...new Set(await Promise.all(ids.map((id) => jobOf(store, id))))];
}

/** The job of an id, or of as much of it as tells it; otherwise the newest one that was given this name. Error: UsageError. */
export async function jobOf(store: JobStore, word: string): Promise<string> {
  try {
    return await store.resolve(word);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const [named] = (await store.list({ name: word, limit: 1 })).jobs;
    if (named === undefined) throw error;
    return named.job_id;
  }
}

/** The same where nothing is changed: on a terminal, without an id, the newest job is meant, and that is said. */
export async function oneOrNewest(
  app: App,
  id: string | undefined,
  latest: boolean | undefined,
): Promise<string> {
  const { printer, store } = app;
  const newest = id === undefined && !latest && printer.outTTY ? await store.latest() : undefined;
  if (newest === undefined) return oneJob(store, id, latest);
  printer.note(`the newest job: ${newest}`);
  return newest;
}
