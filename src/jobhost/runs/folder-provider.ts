/** A folder of job files as it is served: what is in it, and its runs. */
import { basename, relative } from 'node:path';
import { loadConfig } from '../../config/config.ts';
import type { Instance } from '../../config/configured-instance.ts';
import type { Paths } from '../../config/paths.ts';
import { accessSettings } from '../../config/settings/permission-settings.ts';
import type { Context } from '../../context.ts';
import { toolOfName } from '../../definitions/name.ts';
import { UnsupportedError, UsageError } from '../../errors.ts';
import { CancelRequested } from '../../jobs/cancel-requests.ts';
import { isTerminal } from '../../jobs/record.ts';
import { isObject } from '../../lib/json/json.ts';
import type { Log } from '../../lib/log.ts';
import { orAborted } from '../../lib/stop.ts';
import { grantsOf } from '../../permissions/grants.ts';
import { loadFolder } from '../files/load.ts';
import type { LoadedFolder } from '../files/loaded.ts';
import { type JobRegistry, RegisteredJobs } from '../files/registered.ts';
import type { AuthInfo } from '../library/options.ts';
import type { Provider, RunEvents, RunRequest, RunStatus, ServedEntry } from '../provider.ts';
import { JobFolder } from './folder.ts';
import { FolderRuns } from './folder-runs.ts';
import { InstanceCalls } from './instance-calls.ts';
import { asDefinition, completed, entryOf, servedJob, servedWorkflow } from './served-entries.ts';
import { WorkerPool } from './worker-pool.ts';

export interface FolderProviderOptions {
  context: Context;
  paths: Paths;
  log: Log;
  /** A job file, or a folder of them; absolute. */
  path: string;
  /** Whose jobs these are: its store has the runs. */
  instance: Pick<Instance, 'name' | 'settings'>;
  /** Where definitions over the jobs are kept: a run of one is gone on with by its name. */
  registry?: JobRegistry | undefined;
  /** They are listed, and registered, here. */
  registers?: boolean;
}

/** Bundled into the folder beside the program's files. From source, as in unit tests, it is the one that was built last. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? '../../../dist/jobhost/run-worker.cjs' : './jobhost/run-worker.cjs',
  import.meta.url,
);

/** Threads at the same time: a run that calls another job of the same folder needs a second one while it waits. */
const MOST_THREADS = 256;
const STARTING = 2;
const IDLE_MS = 30_000;
const HEAP_MB = 2_048;

/** How often a run of another process is looked at, in milliseconds. */
const LOOK_MS = 250;

/** How long a cancelled run gets to end before its state is told, in milliseconds. */
const CANCEL_MS = 3_000;

/** Opens a folder of job files. What is wrong with a file is told, and costs that file alone. Error: UsageError for a path that is not there. */
export async function folderProvider(options: FolderProviderOptions): Promise<Provider> {
  const provider = new FolderProvider(options);
  await provider.open();
  return provider;
}

class FolderProvider implements Provider {
  readonly about: Provider['about'];
  readonly registers: boolean;
  readonly #registered: RegisteredJobs | undefined;
  readonly #options: FolderProviderOptions;
  readonly #folder: JobFolder;
  readonly #pool: WorkerPool;
  readonly #calls: InstanceCalls;
  readonly #runs: FolderRuns;
  readonly #listeners = new Set<() => void>();

  constructor(options: FolderProviderOptions) {
    const { context, paths, log, path, instance, registry } = options;
    this.registers = registry !== undefined && options.registers === true;
    this.#registered = registry && new RegisteredJobs(registry, (text) => log.note(text));
    const { jobFilesCacheDir: cacheDir } = paths;
    this.#options = options;
    // What is served without an instance is known by its folder.
    const name = instance.name.startsWith('adhoc-') ? basename(path) : instance.name;
    this.about = { name, title: `Jobs of ${name}` };
    this.#pool = new WorkerPool({
      script: WORKER,
      cacheDir,
      most: MOST_THREADS,
      starting: STARTING,
      idleMs: IDLE_MS,
      heapMb: Number(context.env['MCP2CLI_JOB_MEMORY_MB']) || HEAP_MB,
      output: process.stderr,
    });
    this.#folder = new JobFolder(path, {
      load: async () => told(await loadFolder(path, { cacheDir }), log),
      onChange: () => {
        this.#pool.renew();
        this.#changed();
      },
      monotonic: () => context.clock.monotonic(),
    });
    this.#calls = new InstanceCalls(context, paths, log);
    this.#runs = new FolderRuns({
      context,
      paths,
      log,
      instance,
      pool: this.#pool,
      calls: this.#calls,
      authInfo: () => this.#authInfo(),
    });
  }

  async open(): Promise<void> {
    // The first run finds a thread that is warm: it starts while the files are loaded.
    this.#pool.warm();
    try {
      const { server } = await this.#folder.current();
      if (server) this.about.name = server.name;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async list(): Promise<readonly ServedEntry[]> {
    const { jobs, workflows } = this.registers ? await this.#current() : await this.#folder.current();
    return [...jobs.map(servedJob), ...workflows.map(servedWorkflow)];
  }

  async problems() {
    const { path } = this.#options;
    return (await this.#folder.current()).problems.map(({ file, line, message, name }) => ({
      place: `${relative(path, file) || basename(file)}${line === undefined ? '' : `:${line}`}`,
      file,
      message,
      name,
    }));
  }

  onListChanged(listener: () => void): () => void {
    this.#listeners.add(listener);
    this.#folder.watch();
    return () => this.#listeners.delete(listener);
  }

  readonly #changed = () => {
    for (const listener of [...this.#listeners]) listener();
  };

  /** The files as they are now, and what was registered over them. */
  async #current(): Promise<LoadedFolder> {
    const folder = await this.#folder.current();
    // Where a command has started this, the command has looked.
    if (this.registers) await this.#options.registry?.look(this.#runs.store);
    return this.#registered?.over(folder) ?? folder;
  }

  async run(request: RunRequest, options: RunEvents & { signal: AbortSignal }) {
    const folder = await this.#current();
    const entry = entryOf(folder, request.name);
    return this.#runs.run(entry, folder, completed(entry, request), options);
  }

  async submit(request: RunRequest): Promise<{ runId: string }> {
    const folder = await this.#current();
    const entry = entryOf(folder, request.name);
    return { runId: await this.#runs.submit(entry, folder, completed(entry, request)) };
  }

  async status(runId: string): Promise<RunStatus | undefined> {
    return this.#runs.status(runId);
  }

  async follow(
    runId: string,
    {
      signal,
      ...events
    }: RunEvents & { signal: AbortSignal; onChange?: ((status: RunStatus) => void) | undefined },
  ): Promise<RunStatus> {
    const live = this.#runs.live.get(runId);
    if (live) {
      live.listeners.add(events);
      try {
        await orAborted(live.done, signal);
      } finally {
        live.listeners.delete(events);
      }
      return await this.#known(runId);
    }
    for (let before = ''; ; ) {
      const status = await this.#known(runId);
      if (isTerminal(status.status)) return status;
      if (before !== status.updatedAt) events.onChange?.(status);
      before = status.updatedAt;
      await this.#options.context.clock.sleep(LOOK_MS, signal);
    }
  }

  async cancel(runId: string): Promise<RunStatus> {
    const before = await this.#known(runId);
    if (isTerminal(before.status)) return before;
    this.#runs.live.get(runId)?.cancel.abort(new CancelRequested('cancelled on request'));
    await this.#runs.requestCancel(runId);
    const limit = AbortSignal.timeout(CANCEL_MS);
    return this.follow(runId, { signal: limit }).catch((error: unknown) => {
      if (!limit.aborted) throw error;
      return this.#known(runId);
    });
  }

  async runs(limit: number): Promise<readonly RunStatus[]> {
    return this.#runs.list(limit);
  }

  async register(_: 'job' | 'workflow', document: Record<string, unknown>): Promise<ServedEntry> {
    const { registry } = this.#options;
    if (registry && this.registers) {
      const name = String(document['name']);
      const find = async () => (await this.list()).find((one) => one.name === toolOfName(name, [one]));
      if (await find()) throw new UsageError(`there is a job ${JSON.stringify(name)}`, { code: 'exists' });
      await registry.define(asDefinition(document), this.#runs.store);
      this.#changed();
      const entry = await find();
      if (entry) return entry;
    }
    throw new UnsupportedError('jobs of this server are files: none can be registered', {
      hint: `put a file into ${this.#options.path}, or define a job over its tools: mcp2cli ${this.#options.instance} jobs define FILE`,
    });
  }

  async remove(kind: 'job' | 'workflow', name: string): Promise<void> {
    const entry = (await this.list()).find((one) => one.name === name && one.kind === kind);
    if (!entry)
      throw new UsageError(`no ${kind} ${JSON.stringify(name)} was defined here`, { code: 'unknown_entry' });
    if (entry.dynamic && this.#options.registry) {
      await this.#options.registry.remove(name, this.#runs.store);
      return this.#changed();
    }
    throw new UsageError(`${name} was not registered: it is in a file`);
  }

  async close(): Promise<void> {
    this.#folder.close();
    await this.#runs.close();
    await this.#calls.close();
    await this.#pool.close();
  }

  async #known(runId: string): Promise<RunStatus> {
    const status = await this.#runs.status(runId);
    if (status) return status;
    throw new UsageError(`no run ${JSON.stringify(runId)}`, { code: 'unknown_job' });
  }

  /** Who runs jobs here, by the configuration of the instance as it is now, and by the environment. Error: ConfigError. */
  #authInfo(): AuthInfo {
    const { paths, instance, context } = this.#options;
    const { name } = instance;
    const entry = loadConfig(paths).mcpServers[name];
    return { ...grantsOf(accessSettings(name, isObject(entry) ? entry : {}), context.env) };
  }
}

/** Says what is wrong with files. */
function told(folder: LoadedFolder, log: Log): LoadedFolder {
  for (const { file, line, column, message } of folder.problems)
    log.note(`${[file, line, column].filter((one) => one !== undefined).join(':')}: ${message}`);
  return folder;
}
