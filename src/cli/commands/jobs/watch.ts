import type { Live } from '../../../calls/call.ts';
import { detached } from '../../../calls/detached.ts';
import { UsageError } from '../../../errors.ts';
import { isTerminal, type JobRecord } from '../../../jobs/record.ts';
import type { UnrecordedEndError } from '../../../jobs/recorder.ts';
import { unrecordedJob } from '../../../jobs/recorder.ts';
import { waitForJob } from '../../../jobs/wait.ts';
import { visibleName } from '../../../lib/text/visible.ts';
import { cutColumns } from '../../../lib/text/word-wrap.ts';
import { permitJobs, permittedAnswerer } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';
import { liveLine, liveProgress, liveTable } from '../../output/live.ts';
import { changeLine, jobSummary, remoteMessage } from '../../output/views/job-view.ts';
import { outcomeCode, printOutcome } from '../../output/views/outcome-view.ts';
import { stepChanges, stepLines } from '../../output/views/steps-view.ts';
import { type JobOptions, oneOrNewest } from './ids.ts';

export interface WatchOptions extends JobOptions {
  allInstances?: boolean;
}

/**
 * `jobs watch`: `wait` with eyes. On a terminal the state is repainted on stderr and the answer comes on stdout; in a pipe every change is a
 * line; with --json every change is a JSON document, the last one terminal.
 */
export async function watchJob(app: App, id: string | undefined, options: WatchOptions): Promise<number> {
  if (options.allInstances) {
    if (id !== undefined || options.latest)
      throw new UsageError('--all-instances and a job cannot be used together: give one of them');
    return (await import('./watch-all.ts')).watchEverywhere(app);
  }
  const { printer } = app;
  const deps = await app.jobDeps();
  const wanted = await oneOrNewest(app, id, options.latest);
  await permitJobs(app, 'read', deps.store, [wanted]);
  using stop = app.stop('the time ran out before the end; the job goes on');
  const view = await changes(app, await deps.store.read(wanted));
  const ask = permittedAnswerer(app, deps.store, wanted, deps.ask);
  if (ask) deps.ask = (question, signal) => view.aside(() => ask(question, signal));
  try {
    const inHand: UnrecordedEndError[] = [];
    const job = await waitForJob(deps, wanted, stop, {
      onChange: (seen) => view.show(seen),
      onNote: (text) => printer.note(text),
    }).catch(unrecordedJob(inHand));
    view.end();
    if (printer.json) printer.envelope('jobs watch', jobSummary(job), job);
    else printOutcome(app, job);
    if (inHand[0]) throw inHand[0];
    return outcomeCode(job);
  } catch (error) {
    view.end();
    throw await detached(error, app.command('jobs', 'watch', wanted), app);
  }
}

interface ChangeView {
  show(job: JobRecord): void;
  aside: Live['aside'];
  end(): void;
}

async function changes(app: App, first: JobRecord): Promise<ChangeView> {
  const { printer } = app;
  if (printer.json || !printer.outTTY) return changeLines(app);
  if (first.steps) return changeTree(app, first);
  const live = await liveProgress(printer, app.color, true);
  return {
    show: (job) =>
      live.update(job.status, job.progress, {
        since: Date.parse(job.created_at),
        message: remoteMessage(job),
        last: `(${visibleName(job.capability)} ${job.job_id})`,
      }),
    aside: (work) => live.aside(work),
    end: () => live.stop(),
  };
}

/** The tree of a workflow's steps, repainted. */
async function changeTree(app: App, first: JobRecord): Promise<ChangeView> {
  let job = first;
  const table = await liveTable(app.printer, app.color, (width, rows) => {
    const lines = stepLines(job, app.context.clock.now());
    // With more steps than lines those that have not begun are left out first, then those that are over.
    const shown = lines.length <= rows ? lines : foldedSteps(job, lines, rows);
    return [liveLine(`${job.status} ${job.capability}`, job.progress, undefined, width, 0), ...shown]
      .map((line) => cutColumns(line, width))
      .join('\n');
  });
  return {
    show(seen) {
      job = { ...seen, steps: seen.steps ?? job.steps ?? [] };
      table.draw();
    },
    // A question is put below what was told last.
    aside(work) {
      table.stop();
      return work();
    },
    end: () => table.stop(),
  };
}

/** The lines that fit: what runs and what failed, then what is over, then the rest. */
function foldedSteps({ steps = [] }: JobRecord, lines: readonly string[], rows: number): string[] {
  const rank = (i: number) =>
    ['running', 'failed', 'lost', 'canceled', 'completed', 'skipped', 'pending'].indexOf(
      steps[i]?.state ?? 'pending',
    );
  const kept = lines
    .map((_, i) => i)
    .sort((a, b) => rank(a) - rank(b) || b - a)
    .slice(0, Math.max(1, rows - 1))
    .sort((a, b) => a - b);
  return [...kept.map((i) => lines[i] ?? ''), `  (${lines.length - kept.length} more steps)`];
}

function changeLines(app: App): ChangeView {
  const { printer } = app;
  let last = '';
  let steps: JobRecord['steps'] = [];
  return {
    show(job) {
      if (job.steps && !printer.json && !printer.quiet)
        for (const line of stepChanges(steps ?? [], job.steps)) printer.out(`${job.job_id}  step ${line}`);
      steps = job.steps ?? steps;
      // The terminal document is printed by the command itself, result and all.
      if (isTerminal(job.status)) return;
      const line = changeLine(job);
      if (line === last) return;
      last = line;
      if (printer.json) printer.envelope('jobs watch', jobSummary(job), job);
      else if (!printer.quiet) printer.out(line);
    },
    aside: (work) => work(),
    end() {},
  };
}
