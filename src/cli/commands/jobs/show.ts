import { EXIT } from '../../../errors.ts';
import { isTerminal, outcomeExitCode } from '../../../jobs/record.ts';
import type { UnrecordedEndError } from '../../../jobs/recorder.ts';
import { unrecordedJob } from '../../../jobs/recorder.ts';
import { showJob } from '../../../jobs/wait.ts';
import { permitJobs } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';
import { jobDetails, jobSummary } from '../../output/views/job-view.ts';
import { printJobResult } from '../../output/views/outcome-view.ts';
import { stepLines } from '../../output/views/steps-view.ts';
import { type JobOptions, oneOrNewest } from './ids.ts';

export interface ShowOptions extends JobOptions {
  exitStatus?: boolean;
}

/** `jobs show`: the state as it is now (one `tasks/get`), its details and, when there is one, the result. */
export async function showOne(app: App, id: string | undefined, options: ShowOptions): Promise<number> {
  const { printer } = app;
  const deps = await app.jobDeps();
  const wanted = await oneOrNewest(app, id, options.latest);
  await permitJobs(app, 'read', deps.store, [wanted]);
  using stop = app.stop('the job was not read in time; it is not affected');
  // Showing works on a disk that cannot be written.
  const inHand: UnrecordedEndError[] = [];
  const job = await showJob(deps, wanted, stop).catch(unrecordedJob(inHand));
  for (const { code, message } of inHand) printer.warn(code, message);
  if (printer.json) printer.envelope('jobs show', jobSummary(job), job);
  else {
    printer.out(jobDetails(job, app.now));
    if (job.steps) printer.out(['steps:', ...stepLines(job, app.context.clock.now())].join('\n'));
    if (job.pending_input?.length || job.status === 'input_required') {
      const { askedLines } = await import('./answer/question.ts');
      printer.out(askedLines(app, job).join('\n'));
    }
    // Of a workflow the steps have told it all.
    if (job.result !== undefined && job.result !== null && !job.steps) {
      printer.out('result:');
      printJobResult(app, job);
    }
  }
  if (!options.exitStatus) return EXIT.ok;
  return isTerminal(job.status) ? outcomeExitCode(job.status) : EXIT.unfinished;
}
