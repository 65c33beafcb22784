import { detached } from '../../../calls/detached.ts';
import { EXIT } from '../../../errors.ts';
import { changesOf } from '../../../jobs/follow/changes.ts';
import { isTerminal, type JobRecord, type LogEntry } from '../../../jobs/record.ts';
import type { Stop } from '../../../lib/stop.ts';
import { permitJobs } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';
import { jobSummary } from '../../output/views/job-view.ts';
import { isServerRun, runLog } from '../../output/views/run-view.ts';
import { type JobOptions, oneOrNewest } from './ids.ts';

export interface LogsOptions extends JobOptions {
  follow?: boolean;
}

/** How often a log that is followed is looked at, in milliseconds. */
const LOOK_MS = 200;

/**
 * `jobs logs`: what became of each attempt of a job that ran in this program, and what the server logged of a run of its own, with times.
 * Following ends with the job.
 */
export async function jobLogs(app: App, id: string | undefined, options: LogsOptions): Promise<number> {
  const wanted = await oneOrNewest(app, id, options.latest);
  await permitJobs(app, 'read', app.store, [wanted]);
  const say = teller(app, wanted);
  if (!options.follow) return printLog(app, wanted, say);
  using stop = app.stop('the time ran out; the job goes on');
  try {
    const follow = isServerRun(await app.store.read(wanted)) ? followRun : followFile;
    await follow(app, wanted, stop, say);
    return EXIT.ok;
  } catch (error) {
    throw await detached(error, app.command('jobs', 'logs', '-f', wanted), app);
  }
}

type Say = (all: readonly LogEntry[]) => void;

/** Prints the entries that it has not printed before. */
function teller({ printer }: App, job_id: string): Say {
  let told = 0;
  return (all) => {
    for (const entry of all.slice(told))
      if (printer.json) printer.jsonDocument({ job_id, ...entry });
      else printer.out([entry.time, printer.safeText(entry.text)].filter((part) => part !== null).join('  '));
    told = Math.max(told, all.length);
  };
}

async function printLog(app: App, wanted: string, say: Say): Promise<number> {
  const { printer, store } = app;
  let job = await store.read(wanted);
  if (isServerRun(job)) job = await current(app, wanted);
  const entries = isServerRun(job) ? runLog(job) : await store.readLog(wanted);
  if (printer.format === 'json') printer.envelope('jobs logs', jobSummary(job), { job_id: wanted, entries });
  else say(entries);
  if (entries.length === 0) printer.note(whyEmpty(job));
  return EXIT.ok;
}

function whyEmpty(job: JobRecord): string {
  if (!isServerRun(job)) return 'no log: only runs in this program have one';
  if (job.status === 'completed') return 'no log: the run logged nothing';
  return 'no log: such servers tell it when the run has completed, and never of one that failed';
}

/** What the server says of a run now; an end that is seen is recorded. */
async function current(app: App, wanted: string): Promise<JobRecord> {
  const { showJob } = await import('../../../jobs/wait.ts');
  using stop = app.stop('the log was not read in time; the job is not affected');
  return await showJob(await app.jobDeps(), wanted, stop);
}

async function followFile({ store, context }: App, wanted: string, stop: Stop, say: Say): Promise<void> {
  const change = changesOf({ store, clock: context.clock }, wanted, LOOK_MS);
  for (;;) {
    // The state first: what was logged before the end is then told, too.
    const over = isTerminal((await store.read(wanted)).status);
    say(await store.readLog(wanted));
    await context.stdout.flush();
    if (over) return;
    await change(stop.signal);
  }
}

async function followRun(app: App, wanted: string, stop: Stop, say: Say): Promise<void> {
  const { waitForJob } = await import('../../../jobs/wait.ts');
  const events = { onChange: (job: JobRecord) => say(runLog(job)) };
  const ended = await waitForJob(await app.jobDeps(), wanted, stop, events);
  say(runLog(ended));
  if (runLog(ended).length === 0) app.printer.note(whyEmpty(ended));
}
