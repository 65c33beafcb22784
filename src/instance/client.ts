import { readCatalogue, writeCatalogue } from '../catalog/cache.ts';
import type { Catalogue } from '../catalog/catalog.ts';
import { jobServerOf } from '../catalog/frontmcp.ts';
import { type Instance, shownName } from '../config/configured-instance.ts';
import type { Paths } from '../config/paths.ts';
import { targetHash } from '../config/target/target-hash.ts';
import type { Context } from '../context.ts';
import { IoError, ProtocolError, SessionGoneError, UsageError } from '../errors.ts';
import { dialectOf } from '../jobs/dialects.ts';
import type { LinkOpener, ServerLink } from '../jobs/ports.ts';
import type { JobRecord } from '../jobs/record.ts';
import type { AbortSignalLike } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { loginsOf } from '../mcp/auth/logins.ts';
import { type ClientFeatures, clientFeatures } from '../mcp/client-features/client-features.ts';
import { type ConnectTarget, connectTo, rememberedFacts } from '../mcp/connection/connect.ts';
import { repeatsArguments, type ServerFacts } from '../mcp/connection/facts/server-facts.ts';
import type { Connection } from '../mcp/connection/open.ts';
import type { CallTool } from '../mcp/dialects/frontmcp/backend.ts';
import { type DetachableLink, serverLink } from '../mcp/server-link.ts';
import type { ToolDefinition } from '../tools/tool.ts';
import { VERSION } from '../version.ts';
import { catalogueKey } from './catalog-key.ts';
import { KeeperConnector } from './keeper-access.ts';
import { keptReader, ownReader, type Reader } from './reader.ts';

/** How long the question whether a session is still there may take, in milliseconds. */
const PING_TIMEOUT_MS = 10_000;

/**
 * One command's dealings with one instance: its catalogue, its connection (opened when first needed, shared, closed at the end), and links
 * for its jobs. The SDK is loaded with the first connection and not before.
 */
export class InstanceSession implements LinkOpener {
  readonly #context: Context;
  readonly #paths: Paths;
  #log: Log;
  readonly instance: Instance;
  /** What is done for the server without asking anybody. */
  readonly features: ClientFeatures;
  readonly #catalogueKey: string;
  readonly #reach: ConnectTarget;
  #connection: Promise<Connection> | undefined;
  readonly #keeper: KeeperConnector;
  #catalogue: Catalogue | undefined;
  #refreshed = false;
  /** A task lives in the connection's session: it must not be ended. */
  #keepSession = false;

  /** `connectTimeout`: milliseconds that connecting may take, as it stands when it begins; undefined for no limit. */
  constructor(
    context: Context,
    paths: Paths,
    log: Log,
    instance: Instance,
    connectTimeout: () => number | undefined,
  ) {
    this.#context = context;
    this.#paths = paths;
    this.#log = log;
    this.instance = instance;
    this.features = clientFeatures(instance.settings, context.env, context.cwd);
    this.#catalogueKey = catalogueKey(instance);
    const name = shownName(instance);
    const detail = (line: string) => this.#log.detail(line);
    const logins = loginsOf(paths, instance.name, { name, now: context.clock.now, log: detail });
    this.#reach = {
      name,
      version: VERSION,
      identity: instance.identity,
      target: () => instance.target(),
      jobHost: {
        ...context,
        root: paths.root,
        instance: instance.name,
        store: instance.settings.store,
      },
      serverFile: paths.serverFile(instance.name),
      logins,
      catalogueFile: paths.catalogueFile(instance.name),
      features: this.features,
      get connectTimeoutMs() {
        return connectTimeout();
      },
      now: context.clock.now,
      log: detail,
    };
    this.#keeper = new KeeperConnector({
      context,
      paths,
      instance,
      connectTimeout,
      hangUp: () => this.#hangUp(),
      logins,
      log: detail,
    });
  }

  /** How its server is connected to, for whoever has connections of its own. */
  get connectTarget(): ConnectTarget {
    return this.#reach;
  }

  /** Says things through this printer from now on. */
  use(log: Log): void {
    this.#log = log;
  }

  /** The catalogue was read from the server by this command. */
  get refreshed(): boolean {
    return this.#refreshed;
  }

  /** The catalogue from the cache, or from the server when there is none. Errors: those of connecting. */
  async catalogue(signal?: AbortSignal): Promise<Catalogue> {
    this.#catalogue ??= this.cachedCatalogue() ?? (await this.refresh(signal));
    return this.#catalogue;
  }

  /** What the cache has; no network. */
  cachedCatalogue(): Catalogue | undefined {
    return readCatalogue(this.#paths.catalogueFile(this.instance.name), this.#catalogueKey, (problem) =>
      this.#log.detail(problem),
    );
  }

  /** Reads the server's catalogue again and caches it. A cache that cannot be written is no reason to fail. */
  async refresh(signal?: AbortSignal): Promise<Catalogue> {
    const [{ fetchTools }, reader] = await Promise.all([import('../catalog/fetch.ts'), this.reader(signal)]);
    const { entries, complete: listed } = await fetchTools(reader.request, (message) =>
      this.#log.warn('catalogue', message),
    );
    const { tools, leftOut } = await this.#usable(entries);
    const { complete, ...jobs } = await this.#serverJobs(tools, signal);
    const catalogue: Catalogue = {
      target: this.#catalogueKey,
      fetchedAt: this.#context.clock.now().toISOString(),
      tools,
      leftOut,
      ...jobs,
    };
    // What is missing for the moment must not be missing from then on, without a word.
    if (complete && listed) this.#cache(catalogue);
    this.#catalogue = catalogue;
    this.#refreshed = true;
    return catalogue;
  }

  async #usable(listed: ToolDefinition[]): Promise<Pick<Catalogue, 'tools' | 'leftOut'>> {
    const { identity } = this.instance;
    if (identity.kind === 'stdio' && identity.jobs !== undefined)
      return (await import('../catalog/left-out.ts')).loadedTools(listed);
    const facts = await this.facts();
    if (!facts || !repeatsArguments(facts)) return { tools: listed, leftOut: [] };
    const usable = (await import('../catalog/left-out.ts')).usableTools(listed);
    for (const { name, reason } of usable.leftOut) this.#log.detail(`left out ${name}: ${reason}`);
    return usable;
  }

  #cache(catalogue: Catalogue): void {
    try {
      writeCatalogue(this.#paths.catalogueFile(this.instance.name), catalogue);
    } catch (error) {
      this.#log.warn('cache', `the catalogue was not cached: ${(error as Error).message}`);
    }
  }

  async #serverJobs(tools: readonly ToolDefinition[], signal: AbortSignal | undefined) {
    const server = jobServerOf(tools);
    if (!server) return { jobs: [], workflows: [], complete: true };
    const { serverJobs } = await import('./server-jobs.ts');
    const warn = (message: string) => this.#log.warn('catalogue', message);
    return serverJobs(server, await this.toolCaller(signal), warn, signal);
  }

  /** Calls tools that are about the server's jobs rather than work of the person's: lists, definitions. Errors: those of connecting. */
  async toolCaller(signal?: AbortSignal): Promise<CallTool> {
    const link = await this.open(signal);
    return async (name, args, options) => {
      const answer = await link.call({ name, arguments: args }, options);
      if (answer.kind === 'result') return answer.result;
      throw new ProtocolError(`unexpected answer to ${name}: a task`);
    };
  }

  /** Requests that only read: through the keeper where there is one. Errors: those of connecting. */
  async reader(signal?: AbortSignal): Promise<Reader> {
    const kept = await this.keptReader(this.instance.settings.keepAlive, signal);
    return kept ?? ownReader(await this.connection(signal), signal);
  }

  /** The same through a keeper alone; undefined where none runs, and `start` does not ask for one. */
  async keptReader(start: boolean, signal?: AbortSignal): Promise<Reader | undefined> {
    const keeper = await this.#keeper.client(start, signal);
    const until = signal ?? this.#context.interrupted;
    return keeper && keptReader(keeper, () => this.#keeper.opened(keeper, until), signal);
  }

  /** Forgets a connection, or a keeper, that is lost: the next request finds another. */
  async startAnew(): Promise<void> {
    this.#keeper.forget();
    await this.#hangUp();
  }

  /** Ends this command's own connection: a server may bear no second one. */
  async #hangUp(): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined);
    this.#connection = undefined;
    await connection?.close({ endSession: !this.#keepSession });
  }

  /** What is known about the server, from this command's own connection or an earlier one; undefined when nothing is. */
  async facts(): Promise<ServerFacts | undefined> {
    if (this.#connection) return (await this.#connection).facts;
    return rememberedFacts(this.#reach);
  }

  /** The shared connection. Errors: UnreachableError, AuthError, UsageError for variables that are not set. */
  connection(signal?: AbortSignal): Promise<Connection> {
    this.#connection ??= this.#open(null, signal);
    return this.#connection;
  }

  #open(resume: JobRecord['session'], signal: AbortSignal | undefined): Promise<Connection> {
    return connectTo(this.#reach, { resume, signal: signal ?? this.#context.interrupted });
  }

  /**
   * A link through the instance's keeper. `start`: a keeper is started when there is none; otherwise undefined then. Errors: IoError when it
   * does not start, those of connecting.
   */
  openKept(start: boolean, signal?: AbortSignal): Promise<ServerLink | undefined> {
    return this.#keeper.link(start, signal, this.#support());
  }

  /** LinkOpener: the shared connection as the jobs see it, through the keeper where one runs. */
  async open(signal?: AbortSignalLike): Promise<ServerLink> {
    const kept = this.#connection ? undefined : await this.#keptIfPossible(signal as AbortSignal | undefined);
    return kept ?? this.openDirectly(signal);
  }

  /** A keeper only spares the start of a server here: one that cannot be had is told, and done without. */
  async #keptIfPossible(signal: AbortSignal | undefined): Promise<ServerLink | undefined> {
    try {
      return await this.openKept(this.instance.settings.keepAlive, signal);
    } catch (error) {
      if (!(error instanceof IoError)) throw error;
      this.#log.warn(error.code, error.message);
      this.#keeper.forget();
      return undefined;
    }
  }

  /** The same by a connection of this command's own. */
  async openDirectly(signal?: AbortSignalLike): Promise<DetachableLink> {
    const connection = await this.connection(signal as AbortSignal | undefined);
    // The connection is shared: it is closed at the end of the command, with its session kept if anybody asked for that.
    return this.#link(connection, async ({ keepSession }) => {
      this.#keepSession = keepSession;
    });
  }

  /** LinkOpener: a connection into the session that the job's task belongs to. Error: UsageError when the instance points elsewhere now. */
  async reopen(job: JobRecord, signal?: AbortSignalLike): Promise<ServerLink> {
    // Its keeper has the right server whatever the instance is now.
    if (job.holder?.keeper)
      return this.#keeper.jobLink(job, signal as AbortSignal | undefined, this.#support());
    if (job.session && job.session.target !== targetHash(this.instance.identity))
      throw new UsageError(
        `${job.job_id} belongs to another server: ${this.instance.name} has been changed since`,
        {
          hint: `set the instance back to what it was (mcp2cli instances add ${this.instance.name} --force ...), or give the job up: mcp2cli ${this.instance.name} jobs forget ${job.job_id}`,
        },
      );
    const connection = await this.#open(job.session, signal as AbortSignal | undefined);
    if (!job.session?.session_id || !dialectOf(job.backend).outlivesSession) return this.#link(connection);
    return this.#link(await this.#inSession(connection, signal as AbortSignal | undefined));
  }

  /** The connection, or one in a new session when its own is gone: for work that can be asked about from any. */
  async #inSession(connection: Connection, signal: AbortSignal | undefined): Promise<Connection> {
    try {
      await connection.request('ping', {}, { signal, timeoutMs: PING_TIMEOUT_MS });
    } catch (error) {
      if (error instanceof SessionGoneError) {
        await connection.close({ endSession: false });
        return this.#open(null, signal);
      }
      // Whatever else is wrong shows with the question itself.
      signal?.throwIfAborted();
    }
    return connection;
  }

  /** Closing the link closes the connection, unless `close` takes the place of that. */
  #link(connection: Connection, close?: ServerLink['close']): DetachableLink {
    return serverLink(connection, { support: this.#support(), now: this.#context.clock.now, close });
  }

  /** Each tool's `execution.taskSupport`, as far as the catalogue was read. */
  #support(): (tool: string) => string | undefined {
    const tools = new Map<string, ToolDefinition>(
      this.#catalogue?.tools.map((tool) => [tool.name, tool]) ?? [],
    );
    return (name) => tools.get(name)?.execution?.taskSupport;
  }

  /** Closes what was opened. */
  async close(): Promise<void> {
    await this.#keeper.close();
    await this.#hangUp();
  }
}
