/**
 * A process that works on a store and tells every fact on stdout only after the store's method has returned, one JSON line each, by
 * a synchronous write: what a reader of the pipe has seen was acknowledged. `store-worker <work> <jobs dir> [arguments]`.
 */
import { readSync, writeSync } from 'node:fs';
import { isTerminal, type JobRecord } from '../../src/jobs/record.ts';
import { openJobStore } from '../../src/jobs/store/job-store.ts';
import { currentHolder } from '../../src/lib/disk/holder.ts';
import { completed, newJob, taskFact } from './store-fixtures.ts';

const [work = '', dir = '', ...rest] = process.argv.slice(2);
const store = openJobStore({ dir, instance: 'work', clock: { now: () => new Date() } });

function tell(fact: object): void {
  writeSync(1, `${JSON.stringify(fact)}\n`);
}

/** Waits until the parent says go, so that all processes do what follows at the same moment. */
function barrier(): void {
  tell({ ready: process.pid });
  readSync(0, Buffer.alloc(1));
}

/** A text that is recognisable as this process's, too large for end.json. */
export function verdict(): string {
  return `${process.pid};`.repeat(10_000);
}

const works: Record<string, () => void> = {
  create() {
    barrier();
    tell({ created: store.create(newJob({ holder: currentHolder() })).job_id });
  },

  /** Finishes all given jobs with a verdict of its own, each at the parent's word, and tells what became of it. */
  finish() {
    for (const id of rest) {
      barrier();
      // Two kinds of verdict, which must not be mixed: a large result, or an error and none.
      const ended =
        process.pid % 2 === 0
          ? store.finish(id, completed(verdict(), { remote: { by: process.pid } }))
          : store.finish(id, {
              status: 'failed',
              error: { code: 'tool_error', message: String(process.pid) },
              remote: { by: process.pid },
              finished_at: new Date().toISOString(),
            });
      tell({ finished: ended });
    }
  },

  /** Many updates of one job, each followed by a look; an error or a torn read ends the process with code 1. */
  update() {
    const [id = '', times] = rest;
    barrier();
    let before = store.read(id);
    for (let i = 0; i < Number(times); i++) {
      store.observe(id, {
        status: 'running',
        progress: { progress: i, message: `${process.pid};`.repeat(200) },
      });
      const job = store.read(id);
      whole(job, before);
      before = job;
    }
    tell({ finished: store.finish(id, completed(verdict(), { remote: { by: process.pid } })) });
  },

  /** Jobs from beginning to end, until killed. */
  run() {
    for (let n = 0; ; n++) {
      if (n === 0) tell({ ready: process.pid });
      const { job_id: id } = store.create(newJob({ arguments: { n } }));
      tell({ id, created: n });
      if (n % 5 === 4) continue;
      store.accept(id, taskFact(`task_${id}`));
      tell({ id, accepted: `task_${id}` });
      for (let seen = 1; seen <= 3; seen++) {
        store.observe(id, { status: 'running', progress: { progress: seen } });
        tell({ id, observed: seen });
      }
      if (n % 5 === 3) {
        store.requestCancel(id);
        tell({ id, cancel: true });
      }
      const text = n % 2 === 0 ? `small ${id}` : `${id};`.repeat(1_000);
      store.finish(id, completed(text));
      tell({ id, ended: text });
    }
  },
};

/** Nothing that was true once may be untrue later, and an observation is one writer's, whole. */
function whole(job: JobRecord, before: JobRecord): void {
  const message = job.progress?.message ?? '';
  const [by = ''] = message.split(';');
  if (message !== `${by};`.repeat(200) && !isTerminal(job.status)) throw new Error(`a torn read: ${message}`);
  if (isTerminal(before.status) && JSON.stringify(before) !== JSON.stringify(job))
    throw new Error('an end that changed');
}

works[work]?.();
