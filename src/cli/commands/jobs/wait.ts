import { detached } from '../../../calls/detached.ts';
import { EXIT } from '../../../errors.ts';
import type { JobRecord } from '../../../jobs/record.ts';
import type { UnrecordedEndError } from '../../../jobs/recorder.ts';
import { unrecordedJob } from '../../../jobs/recorder.ts';
import { waitForJob } from '../../../jobs/wait.ts';
import { permitJobs, permittedAnswerer } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';
import { jobSummary } from '../../output/job-view.ts';
import { printOutcome } from '../../output/outcome-view.ts';
import { someJobs } from './ids.ts';

export interface WaitOptions {
  latest?: boolean;
}

/** `jobs wait`: blocks until every named job is terminal, prints what the tools answered, ends with the outcome. */
export async function waitForJobs(app: App, ids: readonly string[], options: WaitOptions): Promise<number> {
  const { printer } = app;
  const deps = await app.jobDeps();
  const wanted = someJobs(deps.store, ids, options.latest);
  await permitJobs(app, 'read', deps.store, wanted);
  const resume = app.command('jobs', 'wait', ...wanted);
  const stop = app.stop(`the time ran out before the end; the job goes on`);
  try {
    const inHand: UnrecordedEndError[] = [];
    const settled = await Promise.allSettled(
      wanted.map((id) => {
        const ask = permittedAnswerer(app, deps.store, id, deps.ask);
        const events = { onNote: (text: string) => printer.note(text) };
        return waitForJob({ ...deps, ask }, id, stop, events).catch(unrecordedJob(inHand));
      }),
    );
    const ended = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const failure = settled.find((one) => one.status === 'rejected');
    if (failure && (wanted.length === 1 || printer.json)) throw await detached(failure.reason, resume, app);
    print(app, wanted.length > 1, ended);
    if (failure) throw await detached(failure.reason, resume, app);
    if (inHand[0]) throw inHand[0];
    return ended.every((job) => job.status === 'completed') ? EXIT.ok : EXIT.failed;
  } finally {
    stop.dispose();
  }
}

function print(app: App, several: boolean, jobs: readonly JobRecord[]): void {
  const { printer } = app;
  if (printer.format === 'ndjson')
    for (const job of jobs) printer.envelope('jobs wait', jobSummary(job), job);
  else if (printer.json) {
    const failed = jobs.filter((job) => job.status !== 'completed').length;
    const [first] = jobs;
    if (several) printer.envelope('jobs wait', `${jobs.length} jobs ended, ${failed} not completed`, jobs);
    else if (first) printer.envelope('jobs wait', jobSummary(first), first);
  } else for (const job of jobs) printOutcome(app, job, several);
}
