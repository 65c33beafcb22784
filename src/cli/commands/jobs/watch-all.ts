/** `jobs watch --all-instances`: the jobs that have not ended, of all instances, until they have. */
import { detached } from '../../../calls/detached.ts';
import { CliError, EXIT } from '../../../errors.ts';
import { isTerminal, type JobRecord } from '../../../jobs/record.ts';
import { waitForJob } from '../../../jobs/wait.ts';
import { permitJobs } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';
import { closeAll, everyInstance } from '../../every-instance.ts';
import { jobTable } from '../../output/job-table.ts';
import { liveTable } from '../../output/live.ts';
import { changeLine, jobSummary } from '../../output/views/job-view.ts';
import { type ChosenJob, chosenJobs } from './choose.ts';
import { printRows } from './list.ts';
import { depsOfJobs } from './wait.ts';

const RESUME = 'mcp2cli jobs watch --all-instances';

/**
 * On a terminal a table is repainted on stderr and stands on stdout in the end; in a pipe every change is a line, with --json a document. Nobody
 * is asked anything: a job with a question ends its own watch. Exit: as `jobs wait`, or the first failure's.
 */
export async function watchEverywhere(app: App): Promise<number> {
  const apps = everyInstance(app);
  try {
    const { jobs } = await chosenJobs(app, apps, [], { allInstances: true });
    if (jobs.length === 0) {
      app.printer.note('no jobs to watch');
      return EXIT.ok;
    }
    for (const { own, id } of jobs) await permitJobs(own, 'read', own.store, [id]);
    return await watchAll(app, jobs);
  } finally {
    await closeAll(apps);
  }
}

async function watchAll(app: App, jobs: readonly ChosenJob[]): Promise<number> {
  const seen = new Map(
    await Promise.all(jobs.map(async ({ own, id }) => [id, await own.store.read(id)] as const)),
  );
  const view = await changesOf(app, seen);
  const depsOf = await depsOfJobs(jobs);
  using stop = app.stop('the time ran out before the end; the jobs go on');
  const failures: unknown[] = [];
  try {
    await Promise.all(
      jobs.map(async ({ own, id }) => {
        const show = (job: JobRecord) => {
          seen.set(id, job);
          view.show(job);
        };
        try {
          show(await waitForJob({ ...depsOf(own), ask: undefined }, id, stop, { onChange: show }));
        } catch (error) {
          failures.push(error);
          if (stop.signal.aborted || !(error instanceof CliError)) throw error;
          app.printer.warn(error.code, `${id}: ${error.message}`);
        }
      }),
    );
  } catch (error) {
    view.end();
    throw await detached(error, RESUME, jobs[0]?.own ?? app);
  }
  view.end();
  const ended = [...seen.values()];
  if (app.printer.outTTY && !app.printer.json)
    await printRows(app, ended, { known: async () => [...seen.keys()], instances: true });
  const [first] = failures;
  if (first instanceof CliError) return first.exitCode;
  return ended.every(({ status }) => status === 'completed') ? EXIT.ok : EXIT.failed;
}

interface View {
  show(job: JobRecord): void;
  end(): void;
}

async function changesOf(app: App, seen: ReadonlyMap<string, JobRecord>): Promise<View> {
  const { printer } = app;
  if (printer.json || !printer.outTTY) return lines(app);
  const palette = await app.palette();
  const live = await liveTable(printer, app.color, (width, rows) => {
    const jobs = [...seen.values()];
    const running = jobs.filter(({ status }) => !isTerminal(status));
    // What still runs is what is watched, where not all fit.
    const shown = (jobs.length <= rows ? jobs : running).slice(0, rows);
    const table = jobTable(shown, {
      palette,
      now: app.context.clock.now(),
      width,
      known: () => [...seen.keys()],
      instances: true,
    });
    return `${running.length} of ${jobs.length} jobs run\n${table}`;
  });
  return { show: () => live.draw(), end: () => live.stop() };
}

function lines({ printer }: App): View {
  const last = new Map<string, string>();
  return {
    show(job) {
      const line = `${job.instance}  ${changeLine(job)}`;
      if (last.get(job.job_id) === line) return;
      last.set(job.job_id, line);
      if (printer.json) printer.envelope('jobs watch', jobSummary(job), job);
      else if (!printer.quiet) printer.out(line);
    },
    end() {},
  };
}
