import { detached } from '../../../calls/detached.ts';
import { EXIT } from '../../../errors.ts';
import type { JobDeps } from '../../../jobs/deps.ts';
import type { JobRecord } from '../../../jobs/record.ts';
import type { UnrecordedEndError } from '../../../jobs/recorder.ts';
import { unrecordedJob } from '../../../jobs/recorder.ts';
import { waitForJob } from '../../../jobs/wait.ts';
import { Turns } from '../../../lib/turns.ts';
import { permitJobs, permittedAnswerer } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';
import { elicitFlag } from '../../global-flags/values.ts';
import { jobSummary } from '../../output/views/job-view.ts';
import { printOutcome } from '../../output/views/outcome-view.ts';
import { type ChoiceOptions, type ChosenJob, chosenJobs } from './choose.ts';

/** Jobs that are waited for over connections of their own; more of them take turns. */
const MOST_AT_ONCE = 8;

/** How many have their turn at the same time. Each takes two connections where the server ends an answer's stream after the answer. */
const TURNS = 4;

/** `jobs wait`: waits until every job that is meant has ended, prints what the tools answered, ends with the outcome. */
export async function waitForJobs(app: App, ids: readonly string[], options: ChoiceOptions): Promise<number> {
  if (!options.allInstances) return waitFor(app, [app], ids, options);
  const { closeAll, everyInstance } = await import('../../every-instance.ts');
  const apps = everyInstance(app);
  try {
    return await waitFor(app, apps, ids, options);
  } finally {
    await closeAll(apps);
  }
}

async function waitFor(
  app: App,
  apps: readonly App[],
  ids: readonly string[],
  options: ChoiceOptions,
): Promise<number> {
  const { printer } = app;
  // What is typed wrong is told before what is not there.
  elicitFlag(app.flags);
  const { jobs: wanted, isSet } = await chosenJobs(app, apps, ids, options);
  if (wanted.length === 0) printer.note('no jobs to wait for');
  const depsOf = await depsOfJobs(wanted);
  for (const { own, id } of wanted) await permitJobs(own, 'read', own.store, [id]);
  const resume = comeBack(app, wanted, options);
  const turns = wanted.length > MOST_AT_ONCE ? new Turns(TURNS) : undefined;
  using stop = app.stop(`the time ran out before the end; the job goes on`);
  const inHand: UnrecordedEndError[] = [];
  const settled = await Promise.allSettled(
    wanted.map(({ own, id }) => {
      const deps = { ...depsOf(own), turns };
      const ask = permittedAnswerer(own, deps.store, id, deps.ask);
      const events = { onNote: (text: string) => printer.note(text) };
      return waitForJob({ ...deps, ask }, id, stop, events).catch(unrecordedJob(inHand));
    }),
  );
  const ended = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const at = settled.findIndex((one) => one.status === 'rejected');
  const failure = settled[at];
  const told = async (error: unknown) => detached(error, resume, wanted[at]?.own ?? app);
  if (failure?.status === 'rejected' && (wanted.length === 1 || printer.json))
    throw await told(failure.reason);
  print(app, isSet || wanted.length > 1, ended);
  if (failure?.status === 'rejected') throw await told(failure.reason);
  if (inHand[0]) throw inHand[0];
  return ended.every((job) => job.status === 'completed') ? EXIT.ok : EXIT.failed;
}

/** What the work on each instance's jobs needs, made once for each. */
export async function depsOfJobs(jobs: readonly ChosenJob[]): Promise<(own: App) => JobDeps> {
  const made = new Map<App, JobDeps>();
  for (const { own } of jobs) if (!made.has(own)) made.set(own, await own.jobDeps());
  return (own) => made.get(own) as JobDeps;
}

/** The command that goes on waiting for the same jobs. */
function comeBack(app: App, jobs: readonly ChosenJob[], { allInstances }: ChoiceOptions): string {
  const ids = jobs.map(({ id }) => id);
  return allInstances
    ? ['mcp2cli jobs wait --all-instances', ...ids].join(' ')
    : app.command('jobs', 'wait', ...ids);
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
