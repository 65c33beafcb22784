import { UsageError } from '../../../errors.ts';
import type { CallQueue } from '../../../jobs/call-queue.ts';
import type { JobStore } from '../../../jobs/ports.ts';
import { failureBudget, openShared } from '../../../jobs/store/open-store.ts';
import { redisOptions } from '../../../jobs/store/redis/connection.ts';
import { parseDuration } from '../../../lib/text/duration.ts';
import { runWorkers } from '../../../worker/run-workers.ts';
import type { App } from '../../app.ts';
import { closeAll } from '../../every-instance.ts';
import { sharedInstances } from './shared-instances.ts';

export interface WorkerFlags {
  concurrency?: string;
  drain?: boolean;
  lease?: string;
  healthFile?: string;
}

const CONCURRENCY = 4;
const LEASE_MS = 30_000;
/** A lease is renewed three times while it lasts: less leaves no time for a busy machine. */
const MIN_LEASE_MS = 1_000;

/** `worker run [INSTANCE...]` */
export async function runWorker(app: App, names: readonly string[], flags: WorkerFlags): Promise<number> {
  const { context, printer } = app;
  const concurrency = wholeNumber(flags.concurrency);
  const leaseMs = flags.lease === undefined ? LEASE_MS : (parseDuration(flags.lease, '--lease') ?? 0);
  if (leaseMs < MIN_LEASE_MS) throw new UsageError('--lease: at least a second, such as 30s');
  const instances = sharedInstances(app, names);
  const failureBudgetMs = failureBudget(context.env);
  // A worker waits for its store as long as it takes.
  const stores = instances.map(({ app: own, address }) =>
    openShared(address, own.instance.name, Number.POSITIVE_INFINITY),
  );
  try {
    return await runWorkers(
      instances.map(({ app: own, address }, i) => ({
        scope: own,
        store: stores[i] as JobStore & { readonly calls: CallQueue },
        address,
        redis: redisOptions(address),
        concurrency,
        failureBudgetMs,
      })),
      {
        context,
        say: (text) => printer.note(text),
        drain: flags.drain === true,
        leaseMs,
        healthFile: flags.healthFile,
      },
    );
  } finally {
    await Promise.all(stores.map((store) => store.close()));
    await closeAll(instances.map(({ app: own }) => own));
  }
}

function wholeNumber(text: string | undefined): number {
  if (text === undefined) return CONCURRENCY;
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 1_000) return number;
  throw new UsageError(`--concurrency: not a number from 1 to 1000: ${JSON.stringify(text)}`);
}
