/** A process that works: one worker an instance, from the first to the last word. */
import { rmSync, writeFileSync } from 'node:fs';
import type { Context } from '../context.ts';
import { IoError } from '../errors.ts';
import { counted } from '../lib/text/counted.ts';
import { InstanceWorker, type InstanceWorkerOptions } from './instance-worker.ts';

/** How often whoever drains looks whether there is nothing left, in milliseconds; what ends here is looked at at once. */
const DRAIN_LOOK_MS = 1_000;

export interface RunWorkersOptions {
  context: Context;
  say: (text: string) => void;
  /** Ends when nothing waits any more. */
  drain: boolean;
  leaseMs: number;
  /** A file that is written anew as long as the store hears of this process. */
  healthFile: string | undefined;
}

export type WorkedInstance = Omit<InstanceWorkerOptions, 'say' | 'onChange' | 'onFailure' | 'leaseMs'>;

/**
 * Works until a signal comes, the store refuses for good, or (`drain`) nothing is left. After the first signal what runs comes to its end; a second
 * one ends that. Returns the exit code. Errors: those of the store, at the start or later.
 */
export async function runWorkers(
  instances: readonly WorkedInstance[],
  { context, say, drain, leaseMs, healthFile }: RunWorkersOptions,
): Promise<number> {
  let failure: Error | undefined;
  let wake = () => {};
  const onChange = () => wake();
  const onFailure = (error: Error) => {
    failure ??= error;
    wake();
  };
  const workers = instances.map((one) => new InstanceWorker({ ...one, leaseMs, say, onChange, onFailure }));
  const { interrupted, clock } = context;
  interrupted.addEventListener('abort', onChange, { once: true });
  const health = healthFile === undefined ? undefined : keepFile(healthFile, workers, leaseMs);
  let code = 0;
  try {
    await Promise.all(workers.map((worker) => worker.start()));
    health?.();
    for (;;) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (failure) throw failure;
      if (interrupted.aborted || (drain && (await areIdle(workers)))) break;
      const woken = new AbortController();
      const later = clock.sleep(DRAIN_LOOK_MS, woken.signal).catch(() => {});
      await (drain ? Promise.race([changed, later]) : changed);
      // A pause that is still to come would keep the process.
      woken.abort();
    }
    const running = workers.flatMap((worker) => worker.jobs);
    if (interrupted.aborted && running.length > 0)
      say(
        `takes nothing new; ${counted(running.length, 'job')} must end first (a second signal ends what runs)`,
      );
    const aborted = new Promise<void>((resolve, reject) => {
      context.onSecondSignal((exitCode) => {
        code = exitCode;
        say('ends what runs');
        Promise.all(workers.map((worker) => worker.abort('the worker was stopped'))).then(
          () => resolve(),
          reject,
        );
      });
    });
    await Promise.race([Promise.all(workers.map((worker) => worker.stop())), aborted]);
    return code;
  } finally {
    await Promise.allSettled(workers.map((worker) => worker.close()));
    // Last: while they close it is still written.
    if (healthFile !== undefined) rmSync(healthFile, { force: true });
  }
}

async function areIdle(workers: readonly InstanceWorker[]): Promise<boolean> {
  const idle = await Promise.all(workers.map((worker) => worker.isIdle()));
  return idle.every((one) => one);
}

/** Writes the file now, and from then on with each lease. Errors: IoError, the first time. */
function keepFile(path: string, workers: readonly InstanceWorker[], leaseMs: number): () => void {
  const write = () => writeFileSync(path, `${process.pid}\n`);
  return () => {
    try {
      write();
    } catch (error) {
      throw new IoError(`cannot write ${path}: ${(error as Error).message}`, { cause: error });
    }
    setInterval(() => {
      if (!workers.every((worker) => worker.isAlive)) return;
      try {
        write();
      } catch {
        // Whoever looks sees that it is old.
      }
    }, leaseMs / 3).unref();
  };
}
