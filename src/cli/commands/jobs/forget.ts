import { userAtHost } from '../../../context.ts';
import { CliError, EXIT, UnfinishedError } from '../../../errors.ts';
import { forgetJob } from '../../../jobs/forget.ts';
import { isTerminal, type JobRecord } from '../../../jobs/record.ts';
import { permitJobs } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';
import { jobDetails, jobSummary } from '../../output/views/job-view.ts';
import { type JobOptions, oneJob } from './ids.ts';

export interface ForgetOptions extends JobOptions {
  force?: boolean;
}

/**
 * `jobs forget`: gives a job up that can never end, so that `prune` may take it. Exit 0 when the job does not run any more, 8 when the server
 * still runs it or a live process holds it.
 */
export async function forgetOne(app: App, id: string | undefined, options: ForgetOptions): Promise<number> {
  const { printer } = app;
  const deps = await app.jobDeps();
  const wanted = await oneJob(deps.store, id, options.latest);
  await permitJobs(app, 'update', deps.store, [wanted]);
  const before = await deps.store.read(wanted);
  await refuseHeld(app, before, options.force === true);
  using stop = app.stop('the job was not given up in time; it is not affected');
  const job = await forgetJob(deps, wanted, {
    by: userAtHost(app.context.env),
    force: options.force === true,
    stop,
  }).catch((error: unknown) => {
    throw error instanceof UnfinishedError ? withWay(error, app, wanted) : error;
  });
  printer.answer('jobs forget', jobSummary(job), job, printer.quiet ? job.status : jobDetails(job));
  if (job.error?.code !== 'forgotten' || isTerminal(before.status))
    printer.note(`nothing to forget: the job had ended (${job.status})`);
  return EXIT.ok;
}

/** A live process brings its job to an end, and records it. Of one that cannot be looked at from here the person may know more. */
async function refuseHeld(app: App, job: JobRecord, force: boolean): Promise<void> {
  const { job_id, status, holder } = job;
  if (isTerminal(status) || holder == null) return;
  const proved = await app.store.isProvedHeld(job);
  if (force && !proved) return;
  const who = holder.keeper ? 'the keeper' : 'another command';
  throw new UnfinishedError(
    'job_held',
    `${job_id} is held by ${who} (process ${holder.pid} on ${holder.host})`,
    {
      hint: proved
        ? `end it with: ${app.command('jobs', 'cancel', job_id)}`
        : `if that process is gone for good: ${app.command('jobs', 'forget', job_id, '--force')}`,
    },
  );
}

function withWay({ code, exitCode, message }: CliError, app: App, id: string): CliError {
  const [cancel, forget] = [app.command('jobs', 'cancel', id), app.command('jobs', 'forget', id, '--force')];
  return new CliError(code, exitCode, message, {
    hint: `end it with: ${cancel}; or give it up all the same: ${forget}`,
  });
}
