/** Following a task that only this process can reach: what other machines want of it comes by the store. */
import { CliError } from '../../errors.ts';
import { watchForCancel } from '../cancel-requests.ts';
import type { JobDeps } from '../deps.ts';
import { answeredAnywhere, tellsRefusal } from '../questions/elsewhere.ts';
import type { JobRecord } from '../record.ts';
import { type FollowOptions, followTask } from './follow-task.ts';

/** How long the server may take to hear of a cancellation, in milliseconds. */
const CANCEL_TIMEOUT_MS = 10_000;

/**
 * As `followTask`, by a link of this process's own. A store that tells of changes tells of cancellations and answers, too; on files whoever wants
 * something of the job asks this process.
 */
export async function followHeldTask(
  deps: JobDeps,
  job: JobRecord,
  options: FollowOptions,
): Promise<JobRecord> {
  const { link, events } = options;
  const { job_id: id, backend, remote_task_id: task } = job;
  if (!link || job.holder == null || backend === null || task === null || !deps.store.answers)
    return followTask(deps, job, options);
  const over = new AbortController();
  watchForCancel(deps, id, over.signal, () => {
    const asked = link.backend(backend).cancel(task, { signal: over.signal, timeoutMs: CANCEL_TIMEOUT_MS });
    // It stays asked for; how the task goes on is seen as before.
    asked.catch((error: unknown) => {
      if (error instanceof CliError) events.onNote?.(`${id} was not cancelled: ${error.message}`);
    });
  });
  try {
    const more = { ...options, events: tellsRefusal(deps, id, events) };
    return await followTask(answeredAnywhere(deps, id), job, more);
  } finally {
    over.abort(new Error('done'));
  }
}
