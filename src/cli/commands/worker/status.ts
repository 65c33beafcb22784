import { targetHash } from '../../../config/target/target-hash.ts';
import { EXIT } from '../../../errors.ts';
import type { QueueState } from '../../../jobs/call-queue.ts';
import { age } from '../../../lib/text/age.ts';
import { counted } from '../../../lib/text/counted.ts';
import type { App } from '../../app.ts';
import { closeAll } from '../../every-instance.ts';
import { sharedInstances } from './shared-instances.ts';

/** What the workers of one target do. */
interface Served extends QueueState {
  instance: string;
  store: string;
  /** The instance is this server here; another machine may have another one of its name. */
  is_ours: boolean;
}

/** `worker status [INSTANCE...]`: exit code 1 when an instance has no worker, or jobs wait that none serves. */
export async function workerStatus(app: App, names: readonly string[]): Promise<number> {
  const instances = sharedInstances(app, names);
  try {
    const all = (
      await Promise.all(instances.map(({ app: own, address }) => statesOf(own, address.shown)))
    ).flat();
    const { printer, context } = app;
    if (printer.json) printer.envelope('worker status', summary(all), all);
    else for (const one of all) printer.out(linesOf(one, context.clock.now()).join('\n'));
    return all.some((one) => one.workers.length === 0 && (one.is_ours || one.waiting > 0)) ? 1 : EXIT.ok;
  } finally {
    await closeAll(instances.map(({ app: own }) => own));
  }
}

async function statesOf(app: App, store: string): Promise<Served[]> {
  const { instance } = app;
  const ours = targetHash(instance.identity);
  const states = (await app.store.calls?.state()) ?? [];
  const none: QueueState = { target: ours, workers: [], waiting: 0, running: 0, oldest: null };
  const all = states.some(({ target }) => target === ours) ? states : [none, ...states];
  return all.map((state) => ({
    instance: instance.name,
    store,
    is_ours: state.target === ours,
    ...state,
  }));
}

function summary(all: readonly Served[]): string {
  const workers = all.reduce((sum, one) => sum + one.workers.length, 0);
  const waiting = all.reduce((sum, one) => sum + one.waiting, 0);
  return `${counted(workers, 'worker')}, ${counted(waiting, 'job')} waiting`;
}

function linesOf(
  { instance, target, is_ours, workers, waiting, running, oldest }: Served,
  now: Date,
): string[] {
  const old = oldest === null ? '' : `, the oldest since ${age(oldest, now)}`;
  const whose = is_ours ? '' : ', another server than here';
  const head = `${instance} (target ${target}${whose}): ${counted(workers.length, 'worker')}, ${running} running, ${waiting} waiting${old}`;
  const none = workers.length === 0 && waiting > 0 ? ['  no worker serves this target'] : [];
  return [
    head,
    ...none,
    ...workers.map(
      ({ host, pid, version, concurrency, draining, jobs }) =>
        `  ${host} process ${pid} (${version}): ${jobs.length} of ${concurrency}${draining ? ', takes nothing new' : ''}${jobs.length > 0 ? `: ${jobs.join(' ')}` : ''}`,
    ),
  ];
}
