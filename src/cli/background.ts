import { EXIT } from '../errors.ts';
import type { ServerLink } from '../jobs/ports.ts';
import { isTerminal } from '../jobs/record.ts';
import { submitJob } from '../jobs/submit.ts';
import { jobSummary, submittedLine } from '../output/job-view.ts';
import type { App } from './app.ts';
import { type PreparedCall, progressOf, submitOptions, withJob, withPause } from './call.ts';
import { failureLine, outcomeCode } from './outcome.ts';

/** `<tool> --background`: the record, the request, the job id; the job's own end where it is known already. */
export async function callInBackground(app: App, call: PreparedCall): Promise<number> {
  const { printer } = app;
  const stop = app.stop('the call was not finished in time');
  const deps = await app.jobDeps();
  try {
    const link = await (await app.session()).open(stop.signal);
    const live = await progressOf(app);
    const { job, synchronous, error } = await submitJob(
      withPause(deps, live),
      link,
      { name: call.tool.name, arguments: call.arguments },
      submitOptions(app, call, stop, {
        onChange: (seen) => live.update(call.tool.name, seen.progress),
        onNote: (text) => printer.note(text),
      }),
    ).finally(() => live.stop());
    // A submission whose answer was lost may be a task, too.
    await link.close({ keepSession: job.remote_task_id !== null || job.status === 'lost' });
    if (error) throw withJob(error, app, job);
    if (printer.json) printer.envelope(call.tool.name, `job submitted: ${jobSummary(job)}`, job);
    else printer.out(printer.quiet ? job.job_id : submittedLine(job, printer));
    if (synchronous)
      printer.note(`ran synchronously (${whySynchronous(link, call.tool.name)}): the job is ${job.status}`);
    if (!isTerminal(job.status)) return EXIT.ok;
    if (job.status !== 'completed')
      printer.complain(failureLine(call.tool.name, job.status, job.error ? `: ${job.error.message}` : ''));
    return outcomeCode(job);
  } finally {
    stop.dispose();
  }
}

function whySynchronous(link: ServerLink, tool: string): string {
  const mode = link.taskMode(tool);
  if (mode.tasks === 'none') return 'the server has no tasks for this tool';
  if (!mode.holdable) return 'over stdio a task would end with this process';
  return 'the server answered at once';
}
