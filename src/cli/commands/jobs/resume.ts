import { resumeInBackground } from '../../../calls/workflow.ts';
import { EXIT, UsageError } from '../../../errors.ts';
import { checkResumable } from '../../../jobs/workflow/steps.ts';
import { namesOfJob } from '../../../permissions/known-names.ts';
import { permitAll } from '../../../permissions/permit.ts';
import { redactedPlaces } from '../../../tools/schema/redact.ts';
import type { App } from '../../app.ts';
import { jobSummary } from '../../output/views/job-view.ts';
import { type JobOptions, oneJob } from './ids.ts';

/**
 * `jobs resume`: goes on with a workflow that has ended without completing, under the same id, in the background. Steps that have completed are
 * not run again. Error: UsageError for a job that is no workflow, has completed or still runs.
 */
export async function resumeJob(app: App, id: string | undefined, options: JobOptions): Promise<number> {
  const { printer, store } = app;
  const wanted = await oneJob(store, id, options.latest);
  const job = await store.read(wanted);
  await permitAll(app, 'execute', namesOfJob(job), job.arguments);
  const plan = await store.readPlan(wanted);
  checkResumable(job, plan);
  if (redactedPlaces(job.arguments).length > 0)
    throw new UsageError(`${wanted} had secrets in its input, which are not stored: it cannot be resumed`, {
      code: 'secrets_not_stored',
      hint: `run it anew: ${app.command(job.capability, '--help')}`,
    });
  const { calls } = store;
  const { elicit } = app;
  const resumed =
    calls && (await calls.isQueued(wanted))
      ? await (await import('../../../calls/submit-to-workers.ts')).resumeForWorkers(app, calls, job, {
          elicit,
        })
      : await resumeInBackground(app, job, plan, { elicit });
  // Of the round before: steps of this one may have completed by now.
  const { steps = [] } = job;
  const done = steps.filter(({ state }) => state === 'completed').length;
  if (printer.json) printer.envelope('jobs resume', `job resumed: ${jobSummary(resumed)}`, resumed);
  else
    printer.out(
      printer.quiet ? wanted : `Job resumed: ${wanted} (${done} of ${steps.length} steps have completed)`,
    );
  return EXIT.ok;
}
