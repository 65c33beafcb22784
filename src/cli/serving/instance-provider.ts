import { unwatchFile, watchFile } from 'node:fs';
import type { Live } from '../../calls/call.ts';
import { callDirectly } from '../../calls/direct.ts';
import { callInBackground } from '../../calls/submit.ts';
import type { Instance } from '../../config/configured-instance.ts';
import { knownDefinitionsFile } from '../../definitions/place.ts';
import { AuthError, CliError, UnfinishedError, UnreachableError, UsageError } from '../../errors.ts';
import { entriesOn, listedEntries, withSettings } from '../../instance/entries.ts';
import type { Provider, RunEvents, RunRequest, RunStatus, ServedEntry } from '../../jobhost/provider.ts';
import { runOfRecord, servedResult } from '../../jobhost/run-status.ts';
import type { JobStore, LogMessage } from '../../jobs/ports.ts';
import type { JobRecord } from '../../jobs/record.ts';
import { openStore } from '../../jobs/store/open-store.ts';
import { cancelJob, showJob, waitForJob } from '../../jobs/wait.ts';
import { stringifyJson } from '../../lib/json/exact-json.ts';
import { textOf } from '../../lib/json/json.ts';
import { permitJobs } from '../../permissions/permit.ts';
import type { App } from '../app.ts';
import type { FlagValues } from '../global-flags/scan.ts';
import { SILENT } from '../output/live.ts';
import { asCommand } from './own-app.ts';
import { prepare, served, unique } from './served-calls.ts';

/** The pause between two looks at a job that waits for an answer, and between two tries to reach a server that was not there, in milliseconds. */
const ANSWER_LOOK_MS = 1_000;
const RETRY_MS = 30_000;

/** How often the files are looked at that commands and keepers write when a list has changed, in milliseconds. */
const FILE_LOOK_MS = 2_000;

/** How long a request about one job may take, in milliseconds. */
const REQUEST_MS = 20_000;

/**
 * An instance's tools, definitions and jobs, its runs being background jobs as `INSTANCE TOOL --detach` makes them: in the same store, under the same
 * rules and settings, held by the instance's keeper or its server, so that they outlive the server that was asked for them.
 */
export class InstanceProvider implements Provider {
  readonly about: Provider['about'];
  readonly registers = true;
  readonly #app: App;
  readonly #instance: Instance;
  readonly #listeners = new Set<() => void>();
  readonly #over = new AbortController();
  /** One for all requests: each would connect to a store that machines share. */
  readonly #store: JobStore;
  readonly #watched: readonly string[];
  #retrying = false;

  /** Errors: those of `openStore`. */
  constructor(app: App, instance: Instance) {
    const { paths, context } = app;
    this.#app = app;
    this.#store = openStore({ paths, instance, env: context.env, clock: context.clock });
    // One server for all calls: a command of its own for each would start it each time.
    const { settings } = instance;
    this.#instance =
      instance.identity.kind === 'stdio'
        ? { ...instance, settings: { ...settings, keepAlive: true } }
        : instance;
    this.about = {
      name: `mcp2cli-${instance.name}`,
      title: `${instance.name} by mcp2cli`,
      instructions: `The tools of the MCP server ${instance.name}.`,
    };
    this.#watched = [paths.catalogueFile(instance.name), knownDefinitionsFile(paths, instance, context.env)];
    for (const file of this.#watched)
      watchFile(file, { interval: FILE_LOOK_MS, persistent: false }, this.#changed);
  }

  readonly #changed = () => {
    for (const listener of [...this.#listeners]) listener();
  };

  onListChanged(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Without its server an instance has nothing to list, and its runs can be asked about all the same. */
  async list(): Promise<readonly ServedEntry[]> {
    try {
      return await this.#with(async (own) => {
        const [all, shown] = [
          await listedEntries(own, { all: true }),
          await withSettings(own, await entriesOn(own), false),
        ];
        const names = new Set(shown.map(({ kind, name }) => `${kind} ${name}`));
        return unique(all).map((entry) => served(entry, !names.has(`${entry.kind} ${entry.name}`)));
      });
    } catch (error) {
      if (!(error instanceof UnreachableError || error instanceof AuthError)) throw error;
      this.#app.printer.warn(error.code, `${this.#instance.name} has no tools for now: ${error.message}`);
      this.#tryAgain();
      return [];
    }
  }

  /** Until the server is there: then the list has changed. */
  #tryAgain(): void {
    if (this.#retrying) return;
    this.#retrying = true;
    const { clock } = this.#app.context;
    const again = async () => {
      for (;;) {
        await clock.sleep(RETRY_MS, this.#over.signal);
        const there = await this.#with(async (own) => (await own.session()).refresh()).catch(() => undefined);
        if (there) return;
      }
    };
    again().then(
      () => {
        this.#retrying = false;
        this.#changed();
      },
      () => {},
    );
  }

  async run(request: RunRequest, { signal, onProgress, onLog }: RunEvents & { signal: AbortSignal }) {
    return this.#with(async (own) => {
      const { call, options } = await prepare(own, request, onLog ? 'debug' : undefined);
      const heard =
        onLog && (({ level, data }: LogMessage) => onLog({ level: String(level), text: textOf(data) }));
      const live: Live = { ...SILENT, update: (_, progress) => progress && onProgress?.(progress) };
      const scope = own.scope({ jobDeps: async () => ({ ...(await own.jobDeps()), onLog: heard }) });
      const end = await callDirectly(scope, call, options, live);
      if (end.kind === 'result') return servedResult(end.result) ?? { content: [] };
      const run = await statusNow(own, end.job);
      const text = run.error?.message ?? `${request.name}: ${run.status}`;
      return run.result ?? { content: [{ type: 'text', text }], isError: run.status !== 'completed' };
    }, signal);
  }

  async submit(request: RunRequest): Promise<{ runId: string }> {
    const detached: FlagValues = new Map([['detach', true]]);
    const submitted = async (own: App) => {
      const { call, options } = await prepare(own, request);
      const { job } = await callInBackground(own, call, options, SILENT);
      return { runId: job.job_id };
    };
    return this.#with(submitted, undefined, detached);
  }

  async status(runId: string): Promise<RunStatus | undefined> {
    return this.#with(async (own) => {
      if (!(await this.#mayRead(own, runId))) return undefined;
      using stop = own.stop('the server did not tell in time', REQUEST_MS);
      try {
        return await statusNow(own, await showJob(await own.jobDeps(), runId, stop));
      } catch (error) {
        // What is on record is what is known.
        if (!(error instanceof CliError)) throw error;
        return await statusNow(own, await own.store.read(runId));
      }
    });
  }

  async follow(
    runId: string,
    { signal, onProgress, onLog, onChange }: Parameters<Provider['follow']>[1],
  ): Promise<RunStatus> {
    return this.#with(async (own) => {
      if (!(await this.#mayRead(own, runId))) throw unknownRun(runId);
      const deps = await own.jobDeps();
      let told = onLog ? (await own.store.readLog(runId)).length : 0;
      const tell = async (job: JobRecord) => {
        if (job.progress) onProgress?.(job.progress);
        const logs = await own.store.readLog(runId);
        if (onLog) for (const { text } of logs.slice(told)) onLog({ level: 'info', text });
        told = Math.max(told, logs.length);
        onChange?.(runOfRecord(job, logs));
      };
      // One after the other, so that no line is told twice; what cannot be read tells nothing.
      let telling = Promise.resolve();
      const onJob = (job: JobRecord) => {
        telling = telling.then(() => tell(job)).catch(() => {});
      };
      using stop = own.stop('');
      try {
        for (;;) {
          try {
            const job = await waitForJob({ ...deps, ask: undefined }, runId, stop, { onChange: onJob });
            if (onLog) onJob(job);
            await telling;
            return await statusNow(own, job);
          } catch (error) {
            signal.throwIfAborted();
            // It waits for an answer, which a person gives elsewhere.
            if (!(error instanceof UnfinishedError)) throw error;
            await deps.clock.sleep(ANSWER_LOOK_MS, stop.signal);
          }
        }
      } catch (error) {
        signal.throwIfAborted();
        throw error;
      }
    }, signal);
  }

  async cancel(runId: string): Promise<RunStatus> {
    return this.#with(async (own) => {
      if (!(await this.#mayRead(own, runId))) throw unknownRun(runId);
      await permitJobs(own, 'update', own.store, [runId]);
      using stop = own.stop('the cancellation was not confirmed in time', REQUEST_MS);
      return await statusNow(own, await cancelJob(await own.jobDeps(), runId, stop));
    });
  }

  async runs(limit: number): Promise<readonly RunStatus[]> {
    return this.#with(async (own) => {
      const found: RunStatus[] = [];
      for (const job of (await own.store.list({ limit })).jobs)
        if (await this.#mayRead(own, job.job_id)) found.push(runOfRecord(job, []));
      return found;
    });
  }

  async register(kind: 'job' | 'workflow', document: Record<string, unknown>): Promise<ServedEntry> {
    const name = String(document['name']);
    return this.#with(async (own) => {
      const entries = await entriesOn(own);
      if (entries.some((one) => one.name === name))
        throw new UsageError(`${name} is defined already`, { code: 'exists' });
      const { defineText } = await import('../commands/definitions/define.ts');
      await defineText(own, stringifyJson(document), 'the document', {}, 'nothing was registered');
      const entry = (await entriesOn(own)).find((one) => one.name === name);
      if (!entry) throw new UsageError(`${name} was defined as no ${kind}`);
      this.#changed();
      return served(entry, false);
    });
  }

  async remove(kind: 'job' | 'workflow', name: string): Promise<void> {
    await this.#with(async (own) => {
      const entry = (await entriesOn(own)).find(
        (one) =>
          one.name === name && one.kind !== 'tool' && (kind === 'workflow') === (one.kind === 'workflow'),
      );
      if (!entry)
        throw new UsageError(`no ${kind} ${JSON.stringify(name)} was defined here`, {
          code: 'unknown_entry',
        });
      const { undefineJob } = await import('../commands/definitions/define.ts');
      await undefineJob(own, name, {});
      this.#changed();
    });
  }

  async close(): Promise<void> {
    for (const file of this.#watched) unwatchFile(file, this.#changed);
    this.#over.abort(new Error('the server ends'));
    await this.#store.close();
  }

  #with<T>(
    work: (own: App) => Promise<T>,
    signal = this.#over.signal,
    flags: FlagValues = new Map(),
  ): Promise<T> {
    return asCommand(this.#app, this.#instance, flags, signal, (own) => {
      own.lend(this.#store);
      return work(own);
    });
  }

  /** Whether there is such a job, of exactly this id. Error: PermissionError. */
  async #mayRead(own: App, runId: string): Promise<boolean> {
    try {
      if (!/^job_[0-9a-z]+$/.test(runId) || (await own.store.resolve(runId)) !== runId) return false;
    } catch (error) {
      if (error instanceof UsageError) return false;
      throw error;
    }
    await permitJobs(own, 'read', own.store, [runId]);
    return true;
  }
}

async function statusNow(own: App, job: JobRecord): Promise<RunStatus> {
  return runOfRecord(job, await own.store.readLog(job.job_id));
}

function unknownRun(runId: string): UsageError {
  return new UsageError(`no run ${JSON.stringify(runId)}`, { code: 'unknown_job' });
}
