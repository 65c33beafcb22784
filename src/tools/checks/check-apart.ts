/**
 * Checks in a thread of their own, which can be ended: whatever schema and value are, this process goes on meanwhile. To be imported
 * dynamically; a thread takes about as long to start as Node itself.
 */
import { Worker } from 'node:worker_threads';
import { jsonPieces } from '../../lib/json/json-pieces.ts';
import { monotonic } from '../../lib/monotonic.ts';
import type { ArgumentProblem } from '../flags/explain.ts';
import type { CheckTask } from './check.ts';

/**
 * How long a check may take, in milliseconds: of the processor, and on the clock, where a busy machine gives it only a share. Then it is ended,
 * and nothing was checked.
 */
const LONGEST_MS = 5_000;
const LONGEST_ON_CLOCK_MS = 15_000;
/** How often that is looked at, in milliseconds. */
const LOOK_MS = 250;

/** How much memory a check may take, in MiB. */
const MOST_MIB = 256;

/** Checks that run at the same time; the others wait for their turn. */
const AT_A_TIME = 2;

/** Why a value was not checked. */
export class NotCheckedError extends Error {
  override readonly name = 'NotCheckedError';
}

/** What the thread answers: problems, or why the schema is unusable. */
export type Verdict = { problems: ArgumentProblem[] } | { unusable: string };

/** Bundled beside this file. From source, as in unit tests, it is the one that was built last: Node runs no TypeScript. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? '../../../dist/check-worker.cjs' : './check-worker.cjs',
  import.meta.url,
);

let running = 0;
const waiting: (() => void)[] = [];

/** The problems of a value. Errors: NotCheckedError, what makes the schema unusable, the signal's reason. */
export async function problemsApart(task: CheckTask, signal?: AbortSignal): Promise<ArgumentProblem[]> {
  if (running >= AT_A_TIME) await new Promise<void>((resolve) => waiting.push(resolve));
  else running += 1;
  try {
    signal?.throwIfAborted();
    const verdict = await verdictOf(task, signal);
    if ('unusable' in verdict) throw new Error(verdict.unusable);
    return verdict.problems;
  } finally {
    // The place goes to the next one.
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  }
}

async function verdictOf(task: CheckTask, signal: AbortSignal | undefined): Promise<Verdict> {
  const worker = new Worker(WORKER, {
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: MOST_MIB, maxYoungGenerationSizeMb: 32 },
  });
  const isLate = timeLimit();
  let timer: NodeJS.Timeout | undefined;
  let onAbort = () => {};
  try {
    return await new Promise<Verdict>((resolve, reject) => {
      timer = setInterval(() => {
        if (isLate()) reject(new NotCheckedError(`it takes longer than ${LONGEST_MS / 1000} s`));
      }, LOOK_MS);
      onAbort = () => reject(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      worker.once('message', resolve);
      worker.once('error', (error: NodeJS.ErrnoException) =>
        reject(
          error.code === 'ERR_WORKER_OUT_OF_MEMORY'
            ? new NotCheckedError(`it takes more than ${MOST_MIB} MiB of memory`)
            : error,
        ),
      );
      worker.once('exit', () => reject(new NotCheckedError('its thread ended before')));
      send(worker, task).catch(reject);
    });
  } finally {
    clearInterval(timer);
    signal?.removeEventListener('abort', onAbort);
    worker.removeAllListeners();
    // An error on the way out is nobody's concern any more.
    worker.on('error', () => {});
    void worker.terminate();
  }
}

/** Whether the time is over. There is no clock for one thread's processor time on all versions of Node: the process's has to do. */
function timeLimit(): () => boolean {
  const start = monotonic();
  const before = process.cpuUsage();
  return () => {
    const onClock = monotonic() - start;
    const { user, system } = process.cpuUsage(before);
    return onClock >= LONGEST_ON_CLOCK_MS || (onClock >= LONGEST_MS && (user + system) / 1_000 >= LONGEST_MS);
  };
}

/** As JSON in pieces, each with a turn of the event loop: copying all at once would hold it up as the check would. */
async function send(worker: Worker, task: CheckTask): Promise<void> {
  for (const piece of jsonPieces(task)) {
    worker.postMessage(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  worker.postMessage(null);
}
