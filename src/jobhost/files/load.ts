/**
 * Loads job files to see what is in them. Their code runs in threads that can be ended: a file that hangs, exits or breaks something costs itself
 * alone, and never this process.
 */
import { stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { monotonic } from '../../lib/monotonic.ts';
import type { LoadedFile } from './describe.ts';
import { findJobFiles } from './find-files.ts';
import type { LoadWorkerData, LoadWorkerMessage } from './load-worker.ts';
import type { LoadedFolder, LoadProblem, SourceFile } from './loaded.ts';
import { mergeFiles } from './merge.ts';

export interface LoadOptions {
  /** Where TypeScript is kept as JavaScript (`paths.jobFilesCacheDir`). Undefined: it is made anew each time. */
  readonly cacheDir: string | undefined;
  /** How long the import of a file may take, in milliseconds of the processor, or of waiting for something. Default: 3,000. */
  readonly limitMs?: number | undefined;
  /** What job files print while they are imported. */
  readonly onOutput?: ((text: string) => void) | undefined;
}

const LIMIT_MS = 3_000;
/** On a busy machine a thread gets a share of the processor: at most so many times the limit on the clock. */
const SHARE = 10;
/** How often that is looked at, in milliseconds. */
const LOOK_MS = 100;
/** A file that takes longer, in milliseconds, does not keep the others: another thread goes on with them. */
const LONG_MS = 700;
/** Threads at a time: usually, and where some do not come to an end. */
const USUAL_THREADS = 2;
const MOST_THREADS = 8;
/** So many files are worth a second thread. */
const FILES_FOR_ANOTHER = 16;

/** Bundled into the folder beside the program's files. From source, as in unit tests, it is the one that was built last. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? '../../../dist/jobhost/load-worker.cjs' : './jobhost/load-worker.cjs',
  import.meta.url,
);

/** What is in a job file, or in a folder of them. Error: UsageError when there is no such file or folder. */
export async function loadFolder(path: string, options: LoadOptions): Promise<LoadedFolder> {
  const { files, unread } = await findJobFiles(path);
  const sources = new Map<string, SourceFile>();
  for (const file of files) await addSource(file, sources);
  const loaded = await new Loading(files, options).done();
  for (const { imported } of loaded.values())
    for (const file of imported) if (!sources.has(file)) await addSource(file, sources);
  const merged = mergeFiles(files.map((file) => ({ file, loaded: loaded.get(file)?.loaded ?? nothing })));
  return {
    path,
    ...merged,
    problems: [...merged.problems, ...unread.map(unreadProblem)],
    sources: [...sources.values()],
  };
}

function unreadProblem({ folder, why }: { folder: string; why: string }): LoadProblem {
  const message = `this folder cannot be read: ${why}`;
  return { file: folder, line: undefined, column: undefined, code: 'import', name: undefined, message };
}

const nothing: LoadedFile = { jobs: [], workflows: [], problems: [], inApp: [], server: undefined };

async function addSource(file: string, sources: Map<string, SourceFile>): Promise<void> {
  const facts = await stat(file).catch(() => undefined);
  if (facts?.isFile()) sources.set(file, { file, mtimeMs: facts.mtimeMs, size: facts.size });
}

/** What is known of one file: what is in it, and what was imported for that. */
interface Outcome {
  readonly loaded: LoadedFile;
  readonly imported: readonly string[];
}

/** A thread, and the file that it is at. */
interface Thread {
  readonly worker: Worker;
  file: string | undefined;
  isReady: boolean;
  startedAt: number;
  /** Its share of the processor's time, and its time without work, since it began with the file; in milliseconds. */
  busyMs: number;
  idleBeforeMs: number;
}

/** One loading of several files, in threads. */
class Loading {
  readonly #options: LoadOptions;
  readonly #limitMs: number;
  readonly #waiting: string[];
  readonly #outcomes = new Map<string, Outcome>();
  readonly #threads = new Set<Thread>();
  readonly #count: number;
  #resolve: (outcomes: Map<string, Outcome>) => void = () => {};
  #reject: (error: Error) => void = () => {};
  #cpu = process.cpuUsage();

  constructor(files: readonly string[], options: LoadOptions) {
    this.#options = options;
    this.#limitMs = options.limitMs ?? LIMIT_MS;
    this.#waiting = [...files];
    this.#count = files.length;
  }

  async done(): Promise<ReadonlyMap<string, Outcome>> {
    if (this.#count === 0) return this.#outcomes;
    const looking = setInterval(() => this.#look(), Math.min(LOOK_MS, this.#limitMs));
    try {
      return await new Promise<Map<string, Outcome>>((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
        const threads = Math.min(USUAL_THREADS, Math.ceil(this.#count / FILES_FOR_ANOTHER));
        for (let i = 0; i < threads; i++) this.#start();
      });
    } finally {
      clearInterval(looking);
      await Promise.all([...this.#threads].map(({ worker }) => worker.terminate()));
    }
  }

  #start(): void {
    const worker = new Worker(WORKER, {
      execArgv: [],
      workerData: { cacheDir: this.#options.cacheDir } satisfies LoadWorkerData,
      stdout: true,
      stderr: true,
    });
    const thread: Thread = {
      worker,
      file: undefined,
      isReady: false,
      startedAt: 0,
      busyMs: 0,
      idleBeforeMs: 0,
    };
    this.#threads.add(thread);
    for (const stream of [worker.stdout, worker.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => this.#options.onOutput?.(text));
    worker.on('message', (message: LoadWorkerMessage) => {
      thread.isReady = true;
      if ('loaded' in message) this.#settle(thread, message);
      this.#next(thread);
    });
    worker.on('error', (error) => {
      if (thread.isReady) this.#lose(thread, 'import', `its import failed: ${error.message}`);
      else this.#reject(error);
    });
    worker.on('exit', (code) =>
      this.#lose(thread, 'exits', `it ends its process while it is imported (exit code ${code})`),
    );
  }

  /** Gives the thread its next file. */
  #next(thread: Thread): void {
    if (!this.#threads.has(thread)) return;
    thread.file = this.#waiting.shift();
    thread.startedAt = monotonic();
    thread.busyMs = 0;
    thread.idleBeforeMs = thread.worker.performance.eventLoopUtilization().idle;
    if (thread.file !== undefined) thread.worker.postMessage(thread.file);
  }

  #settle(thread: Thread, outcome: Outcome): void {
    if (thread.file === undefined) return;
    this.#outcomes.set(thread.file, outcome);
    thread.file = undefined;
    if (this.#outcomes.size === this.#count) this.#resolve(this.#outcomes);
  }

  /** A thread is of no use any more: its file is to blame, and another goes on with the rest. */
  #lose(thread: Thread, code: LoadProblem['code'], message: string): void {
    if (!this.#threads.delete(thread)) return;
    const { file } = thread;
    if (file !== undefined) {
      const problem = { file, line: undefined, column: undefined, code, name: undefined, message };
      this.#settle(thread, { loaded: { ...nothing, problems: [problem] }, imported: [] });
    }
    void thread.worker.terminate();
    this.#help();
  }

  /** Another thread, where files wait and every thread has one that takes long. */
  #help(): void {
    const isLong = ({ file, startedAt }: Thread) => file !== undefined && monotonic() - startedAt >= LONG_MS;
    if (this.#waiting.length > 0 && this.#threads.size < MOST_THREADS && [...this.#threads].every(isLong))
      this.#start();
  }

  /** Ends what takes too long, and starts another thread for the rest where all threads are at files that take long. */
  #look(): void {
    const { user, system } = process.cpuUsage(this.#cpu);
    this.#cpu = process.cpuUsage();
    const active = [...this.#threads].filter(({ file }) => file !== undefined);
    const share = (user + system) / 1_000 / Math.max(1, active.length);
    for (const thread of active) {
      thread.busyMs += share;
      const idleMs = thread.worker.performance.eventLoopUtilization().idle - thread.idleBeforeMs;
      const isLate =
        thread.busyMs >= this.#limitMs ||
        idleMs >= this.#limitMs ||
        monotonic() - thread.startedAt >= SHARE * this.#limitMs;
      if (isLate)
        this.#lose(
          thread,
          'hangs',
          `its import does not come to an end (${this.#limitMs / 1_000} s): what takes long belongs into the job`,
        );
    }
    this.#help();
  }
}
