import { EXIT } from '../../../errors.ts';
import { isTerminal } from '../../../jobs/record.ts';
import { cancelJob } from '../../../jobs/wait.ts';
import { permitJobs } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';
import { jobDetails, jobSummary } from '../../output/views/job-view.ts';
import { type JobOptions, oneJob } from './ids.ts';

/**
 * `jobs cancel`: asks for cancellation and reports what the server made of it. Exit 0 when the job does not run any more, or the server has
 * taken the request; a request is not a cancellation until the server confirms it.
 */
export async function cancelOne(app: App, id: string | undefined, options: JobOptions): Promise<number> {
  const { printer } = app;
  const deps = await app.jobDeps();
  const wanted = await oneJob(deps.store, id, options.latest);
  await permitJobs(app, 'update', deps.store, [wanted]);
  using stop = app.stop(
    'the request was not answered in time; whether the job was cancelled shows with: jobs show',
  );
  const before = await deps.store.read(wanted);
  const job = await cancelJob(deps, wanted, stop);
  printer.answer('jobs cancel', jobSummary(job), job, printer.quiet ? job.status : jobDetails(job, app.now));
  if (isTerminal(before.status)) printer.note(`nothing to cancel: the job had ended (${job.status})`);
  else if (isTerminal(job.status) && job.status !== 'canceled')
    printer.note(`too late to cancel: the job ended (${job.status})`);
  else if (!isTerminal(job.status))
    printer.note(
      `cancellation was requested; the server has not confirmed it yet. See: ${app.command('jobs', 'wait', wanted)}`,
    );
  return EXIT.ok;
}
