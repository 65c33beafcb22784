/** The runs of a folder of job files: in the foreground of a request, or in the background with a record of their own. */
import type { Instance } from '../../config/configured-instance.ts';
import type { Paths } from '../../config/paths.ts';
import type { Context } from '../../context.ts';
import { CliError, UsageError } from '../../errors.ts';
import { stopOnCancel } from '../../jobs/cancel-requests.ts';
import { canceled, endOfFailure, endOfResult, lost, withProgress } from '../../jobs/job-end.ts';
import type { Awaitable, JobStore } from '../../jobs/ports.ts';
import type { CallRecord, JobEnd } from '../../jobs/record.ts';
import { openStore } from '../../jobs/store/open-store.ts';
import { currentHolder } from '../../lib/disk/holder.ts';
import type { Log } from '../../lib/log.ts';
import { randomId } from '../../lib/random-id.ts';
import { redactSecrets } from '../../tools/schema/redact.ts';
import type { LoadedFolder, LoadedJob, LoadedWorkflow } from '../files/loaded.ts';
import type { AuthInfo } from '../library/options.ts';
import type { RunEvents, RunRequest, RunStatus, ServedResult } from '../provider.ts';
import { runOfRecord } from '../run-status.ts';
import { codeOf, type InstanceCalls } from './instance-calls.ts';
import { endStatus, type LiveRun, LiveRuns } from './live-runs.ts';
import { recordedAs } from './recorded-as.ts';
import { type JobRunEvents, type RunnerDeps, resultOf, runJob } from './run-job.ts';
import type { WorkerPool } from './worker-pool.ts';

export interface FolderRunsOptions {
  context: Context;
  paths: Paths;
  log: Log;
  instance: Pick<Instance, 'name' | 'settings'>;
  pool: WorkerPool;
  calls: InstanceCalls;
  authInfo(): AuthInfo;
}

type Entry = LoadedJob | LoadedWorkflow;

/** A run that has a record, or none. */
interface Facts {
  /** What the job is told. */
  runId: string;
  /** Whose record it is part of. */
  jobId: string | undefined;
}

export class FolderRuns {
  readonly #options: FolderRunsOptions;
  readonly #runner: RunnerDeps;
  #store: JobStore | undefined;
  readonly live = new LiveRuns();

  constructor(options: FolderRunsOptions) {
    this.#options = options;
    const { pool, context, log } = options;
    this.#runner = { pool, clock: context.clock, detail: (text) => log.note(text) };
  }

  get store(): JobStore {
    this.#store ??= openStore({ ...this.#options.context, ...this.#options });
    return this.#store;
  }

  /** In the foreground of a request: a record gets what the run does, and its end from whoever has made it. */
  async run(
    entry: Entry,
    folder: LoadedFolder,
    request: RunRequest,
    { signal, ...events }: RunEvents & { signal: AbortSignal },
  ): Promise<ServedResult> {
    const { jobId } = request;
    if (entry.kind === 'workflow' && jobId === undefined) {
      const live = await this.#begin(entry, folder, request, events);
      const abort = () => live.cancel.abort(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      await live.done;
      signal.removeEventListener('abort', abort);
      signal.throwIfAborted();
      if (live.failure) throw live.failure;
      return live.status.result ?? { content: [], isError: true };
    }
    return this.#work(
      entry,
      folder,
      request.input,
      { runId: jobId ?? `run_${randomId()}`, jobId },
      events,
      signal,
    );
  }

  /** In the background. The record is on disk when this resolves; it is the caller's, or one of this host's. */
  async submit(entry: Entry, folder: LoadedFolder, request: RunRequest): Promise<string> {
    return (await this.#begin(entry, folder, request, {})).status.runId;
  }

  async status(runId: string): Promise<RunStatus | undefined> {
    const live = this.live.get(runId);
    if (live) return { ...live.status, logs: await this.store.readLog(runId) };
    try {
      return runOfRecord(await this.store.read(runId), await this.store.readLog(runId), 'job');
    } catch (error) {
      if (error instanceof UsageError) return undefined;
      throw error;
    }
  }

  async list(limit: number): Promise<RunStatus[]> {
    return (await this.store.list({ limit })).jobs.map((job) => runOfRecord(job, [], 'job'));
  }

  /** Puts the wish on record, for whichever process holds the run. */
  async requestCancel(runId: string): Promise<void> {
    try {
      await this.store.requestCancel(runId);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
    }
  }

  /** What runs here ends with the host. */
  async close(): Promise<void> {
    const under = this.live.under;
    for (const { cancel } of under) cancel.abort(new HostEnding());
    await Promise.all(under.map(({ done }) => done));
    await this.#store?.close();
  }

  async #begin(
    entry: Entry,
    folder: LoadedFolder,
    request: RunRequest,
    events: RunEvents,
  ): Promise<LiveRun & { failure?: Error }> {
    const { clock } = this.#options.context;
    const own = request.jobId === undefined;
    const runId = request.jobId ?? (await this.#record(entry, request.input));
    const at = clock.now().toISOString();
    const cancel = new AbortController();
    const live: LiveRun & { failure?: Error } = {
      status: {
        runId,
        name: entry.name,
        kind: entry.kind,
        status: 'running',
        attempt: 1,
        progress: null,
        error: null,
        logs: [],
        startedAt: at,
        updatedAt: at,
        finishedAt: null,
      },
      cancel,
      listeners: new Set([events]),
      done: Promise.resolve(),
    };
    this.live.add(live);
    const change = (changed: Partial<RunStatus>) => this.live.change(live, changed, clock.now());
    const heard: RunEvents & Pick<JobRunEvents, 'onAttempt' | 'onRetrying'> = {
      onProgress: (progress) => {
        change({ progress });
        if (own) void this.#observe(runId, { progress });
        for (const { onProgress } of [...live.listeners]) onProgress?.(progress);
      },
      onLog: (line) => {
        for (const { onLog } of [...live.listeners]) onLog?.(line);
      },
      onAttempt: (attempt) => change({ attempt, retrying: false }),
      onRetrying: () => change({ retrying: true }),
    };
    const over = new AbortController();
    if (own) stopOnCancel({ store: this.store, clock }, runId, over.signal, cancel);
    live.done = this.#work(entry, folder, request.input, { runId, jobId: runId }, heard, cancel.signal)
      .then(
        (result) => endOfResult(withProgress(result, live.status.progress), clock),
        (error: unknown) => {
          live.failure = error as Error;
          return this.#endOf(error, cancel.signal.aborted);
        },
      )
      .then(async (end) => {
        over.abort(new Error('done'));
        if (own) await this.#finish(runId, end);
        change(endStatus(end));
        this.live.ended(live);
      });
    return live;
  }

  /** The run itself. Errors: as `runJob` has them. */
  async #work(
    entry: Entry,
    folder: LoadedFolder,
    input: Record<string, unknown>,
    { runId, jobId }: Facts,
    events: RunEvents & Pick<JobRunEvents, 'onAttempt' | 'onRetrying'>,
    signal: AbortSignal,
  ): Promise<ServedResult> {
    const { authInfo } = this.#options;
    const log = (text: string) => {
      // Best effort: a log that cannot be written ends nothing.
      if (jobId !== undefined) void this.#kept(this.store.log(jobId, text));
    };
    const heard: JobRunEvents = {
      onProgress: events.onProgress,
      onRetrying: events.onRetrying,
      onAttempt: (number, of) => {
        events.onAttempt?.(number, of);
        if (jobId !== undefined && number > 1) void this.#observe(jobId, { attempt: number });
      },
      onLine: (text, level) => {
        log(text);
        events.onLog?.({ level, text });
      },
    };
    const call = this.#caller(jobId);
    if (entry.kind === 'workflow') {
      const { runFileWorkflow } = await import('./workflow-run.ts');
      const store = jobId === undefined ? undefined : { store: this.store, jobId };
      return runFileWorkflow(
        this.#runner,
        { workflow: entry, folder, input, runId, authInfo: authInfo(), call, store },
        heard,
        signal,
      );
    }
    return resultOf(
      await runJob(this.#runner, { job: entry, input, runId, authInfo: authInfo(), call }, heard, signal),
    );
  }

  /** Calls of the run, each on record with how it went. */
  #caller(jobId: string | undefined) {
    const { calls, context } = this.#options;
    let last = 0;
    return async (request: Parameters<InstanceCalls['call']>[0], signal: AbortSignal): Promise<string> => {
      const { instance, tool } = request;
      const id = ++last;
      const now = () => context.clock.now().toISOString();
      const started_at = now();
      const record = (end: Omit<Partial<CallRecord>, 'id'>) => {
        if (jobId !== undefined)
          void this.#kept(this.store.addCall(jobId, { id, instance, tool, started_at, ...end }));
      };
      record({});
      try {
        const { value, jobId: made } = await calls.call(request, signal);
        record({ finished_at: now(), outcome: 'completed', ...(made ? { job_id: made } : {}) });
        return value;
      } catch (error) {
        const outcome = signal.aborted ? 'canceled' : 'failed';
        const { message } = error as Error;
        record({ finished_at: now(), outcome, error: { code: codeOf(error), message } });
        throw error;
      }
    };
  }

  async #record(entry: Entry, input: Record<string, unknown>): Promise<string> {
    const { job_id } = await this.store.create({
      instance: this.#options.instance.name,
      capability: entry.name,
      arguments: redactSecrets(input, entry.inputSchema) as Record<string, unknown>,
      backend: 'local',
      session: null,
      holder: currentHolder(),
      ...recordedAs(entry),
    });
    await this.#observe(job_id, {});
    return job_id;
  }

  async #observe(id: string, seen: { attempt?: number; progress?: RunStatus['progress'] }): Promise<void> {
    try {
      await this.store.observe(id, { status: 'running', ...seen });
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      this.#options.log.detail(`${id}: the record was not updated: ${error.message}`);
    }
  }

  async #finish(id: string, end: JobEnd): Promise<void> {
    try {
      await this.store.finish(id, end);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      this.#options.log.warn(
        error.code,
        `${id} is ${end.status}, which could not be recorded: ${error.message}`,
      );
    }
  }

  /** What is added in the background; whether it was kept is nothing that a run waits for. */
  async #kept(adding: Awaitable<void>): Promise<void> {
    try {
      await adding;
    } catch (error) {
      this.#options.log.detail((error as Error).message);
    }
  }

  #endOf(error: unknown, isCanceled: boolean): JobEnd {
    const { clock } = this.#options.context;
    if (error instanceof HostEnding) return lost('host_stopped', error.message, clock);
    return isCanceled ? canceled((error as Error).message, clock) : endOfFailure(error, clock);
  }
}

class HostEnding extends Error {
  constructor() {
    super('the server of the jobs was stopped; its outcome is unknown');
  }
}
