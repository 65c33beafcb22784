import { EXIT } from '../../errors.ts';
import { isTerminal, type LogEntry } from '../../jobs/record.ts';
import { jobSummary } from '../../output/job-view.ts';
import type { App } from '../app.ts';
import { detached } from './detach.ts';
import { oneJob } from './job-ids.ts';

export interface LogsOptions {
  latest?: boolean;
  follow?: boolean;
}

/** How often a log that is followed is looked at, in milliseconds. */
const LOOK_MS = 200;

/** `jobs logs`: what became of each attempt of a job that ran in this program, with times. Following ends with the job. */
export async function jobLogs(app: App, id: string | undefined, options: LogsOptions): Promise<number> {
  const { printer, store } = app;
  const wanted = oneJob(store, id, options.latest);
  let told = 0;
  const entries = (): LogEntry[] => {
    const all = store.readLog(wanted);
    const fresh = all.slice(told);
    told = all.length;
    return fresh;
  };
  const say = (list: readonly LogEntry[]) => {
    for (const entry of list)
      if (printer.json) printer.jsonDocument({ job_id: wanted, ...entry });
      else printer.out([entry.time, printer.safeText(entry.text)].filter((part) => part !== null).join('  '));
  };
  if (!options.follow) {
    const job = store.read(wanted);
    const list = entries();
    if (printer.format === 'json')
      printer.envelope('jobs logs', jobSummary(job), { job_id: wanted, entries: list });
    else say(list);
    if (list.length === 0) printer.note('no log: only runs in this program have one');
    return EXIT.ok;
  }
  const stop = app.stop('the time ran out; the job goes on');
  try {
    for (;;) {
      // The state first: what was logged before the end is then told, too.
      const over = isTerminal(store.read(wanted).status);
      say(entries());
      await app.context.stdout.flush();
      if (over) return EXIT.ok;
      await app.context.clock.sleep(LOOK_MS, stop.signal);
    }
  } catch (error) {
    throw await detached(error, app.command('jobs', 'logs', '-f', wanted), app);
  } finally {
    stop.dispose();
  }
}
