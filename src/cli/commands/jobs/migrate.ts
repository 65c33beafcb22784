import { EXIT, UsageError } from '../../../errors.ts';
import type { JobStore, Removal } from '../../../jobs/ports.ts';
import { type Migration, migrateJobs, removeMigrated } from '../../../jobs/store/transfer/migrate.ts';
import { openPlace } from '../../../jobs/store/transfer/open-place.ts';
import { counted } from '../../../lib/text/counted.ts';
import { permit, permitJobs } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';
import { liveProgress, SILENT } from '../../output/live.ts';
import { type MigratedDefinitions, migrateDefinitions } from '../definitions/migrate.ts';

export interface MigrateOptions {
  from?: string;
  to?: string;
  remove?: boolean;
  dryRun?: boolean;
}

type OpenPlace = Awaited<ReturnType<typeof openPlace>>;

/**
 * `jobs migrate`: copies the jobs of one store to another, ids, times, results, logs and all, and the definitions that it lacks. Exit 0, or 8 when jobs that run in a process had to
 * stay: they can be copied once they have ended. Errors: UsageError for stores that are the same or not said, those of the stores.
 */
export async function migrate(app: App, options: MigrateOptions): Promise<number> {
  const { printer } = app;
  const dryRun = options.dryRun === true;
  await permit(app, 'list');
  using stop = app.stop('the time ran out');
  const places: OpenPlace[] = [];
  const open = async (store: string | undefined) => {
    const place = await openPlace(placeOptions(app, store));
    places.push(place);
    return place;
  };
  const live = printer.errTTY ? await liveProgress(printer, app.color, false) : SILENT;
  try {
    const to = await open(options.to);
    const from = await open(options.from ?? (options.to === undefined ? 'files' : undefined));
    if (from.key === to.key) throw same(app, from.shown);
    await permitReading(app, from.store);
    const onJob = (progress: number, total: number) => live.update('copying jobs', { progress, total });
    const definitions = await migrateDefinitions(app, from.store, to.store, dryRun);
    const done = await migrateJobs(from, to, { dryRun, signal: stop.signal, onJob });
    const sum: Removal = { removed: [], bytes: 0 };
    if (options.remove && !dryRun) {
      const ids = [...done.copied, ...done.present];
      await permitJobs(app, 'delete', from.store, ids);
      const onRemoved = ({ removed }: Removal) => sum.removed.push(...removed);
      await removeMigrated(from, to, ids, { onRemoved, signal: stop.signal });
    }
    live.stop();
    const ends = { from: from.shown, to: to.shown };
    report(app, ends, { ...done, definitions }, sum.removed, { ...options, dryRun });
    return done.left.some(({ code }) => code === 'held') ? EXIT.unfinished : EXIT.ok;
  } finally {
    live.stop();
    for (const { store } of places) await store.close();
  }
}

/** A copy can be read by whoever has the other store. */
async function permitReading(app: App, store: JobStore): Promise<void> {
  if (!app.instance.access) return;
  const { jobs } = await store.list();
  await permitJobs(
    app,
    'read',
    store,
    jobs.map(({ job_id }) => job_id),
  );
}

/** `store`: what was typed; the one that is set without it. */
function placeOptions({ paths, instance, context }: App, store: string | undefined) {
  const { name, settings } = instance;
  return {
    paths,
    instance: { name, settings: store === undefined ? settings : { ...settings, store } },
    env: context.env,
    clock: context.clock,
  };
}

function same(app: App, shown: string): UsageError {
  return new UsageError(`from ${shown} to ${shown}: jobs are copied to another store`, {
    hint: `say which: ${app.command('jobs', 'migrate', '--to', 'redis://HOST')}; or set it: ${app.hostCommand(['instances', 'set'], ['store', 'redis://HOST'])}`,
  });
}

function report(
  { printer }: App,
  ends: { from: string; to: string },
  { copied, present, left, definitions }: Migration & { definitions: MigratedDefinitions },
  removed: readonly string[],
  { dryRun, remove = false }: { dryRun: boolean; remove?: boolean },
): void {
  for (const { job_id, code, message } of left)
    printer.warn(code === 'held' ? 'still_running' : 'left', `${job_id} stays in ${ends.from}: ${message}`);
  for (const name of definitions.differ)
    printer.warn('left', `the definition ${name} is another one in ${ends.to}: both stay as they are`);
  const things = [counted(copied.length, 'job')];
  if (definitions.copied.length > 0) things.push(counted(definitions.copied.length, 'definition'));
  const counts = [
    `${dryRun ? 'would copy' : 'copied'} ${things.join(' and ')} from ${ends.from} to ${ends.to}`,
    ...(present.length > 0 ? [`${present.length} there already`] : []),
    ...(left.length > 0 ? [`${left.length} left`] : []),
    ...(remove && !dryRun ? [`${removed.length} removed from ${ends.from}`] : []),
  ];
  const summary = counts.join(', ');
  if (printer.json)
    printer.envelope('jobs migrate', summary, {
      ...ends,
      copied,
      present,
      left,
      removed,
      definitions,
      dry_run: dryRun,
    });
  else if (printer.quiet) printer.out(copied.join('\n'));
  else printer.out(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}`);
}
