import { serverLink } from '../backends/link.ts';
import type { Paths } from '../config/paths.ts';
import type { Connection } from '../connection/open.ts';
import { connectTo, type Reach } from '../connection/reach.ts';
import { targetHash } from '../connection/target-hash.ts';
import type { Context } from '../context.ts';
import type { ToolDefinition } from '../discovery/catalogue.ts';
import { type Catalogue, readCatalogue, writeCatalogue } from '../discovery/catalogue-cache.ts';
import { UsageError } from '../errors.ts';
import type { AbortSignalLike, LinkOpener, ServerLink } from '../jobs/ports.ts';
import type { JobRecord } from '../jobs/record.ts';
import type { Printer } from '../output/printer.ts';
import { VERSION } from '../version.ts';
import type { Instance } from './instance.ts';

/**
 * One command's dealings with one instance: its catalogue, its connection (opened when first needed, shared, closed at the end), and links
 * for its jobs. The SDK is loaded with the first connection and not before.
 */
export class InstanceSession implements LinkOpener {
  readonly #context: Context;
  readonly #paths: Paths;
  #printer: Printer;
  readonly instance: Instance;
  readonly #hash: string;
  readonly #reach: Reach;
  #connection: Promise<Connection> | undefined;
  #catalogue: Catalogue | undefined;
  #refreshed = false;
  /** A task lives in the connection's session: it must not be ended. */
  #keepSession = false;

  constructor(context: Context, paths: Paths, printer: Printer, instance: Instance) {
    this.#context = context;
    this.#paths = paths;
    this.#printer = printer;
    this.instance = instance;
    this.#hash = targetHash(instance.identity);
    this.#reach = {
      name: instance.adHoc ? 'the server' : instance.name,
      version: VERSION,
      identity: instance.identity,
      target: () => instance.target(),
      serverFile: paths.serverFile(instance.name),
      now: context.clock.now,
      log: (line) => this.#printer.detail(line),
    };
  }

  /** Says things through this printer from now on. */
  use(printer: Printer): void {
    this.#printer = printer;
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
    return readCatalogue(this.#paths.catalogueFile(this.instance.name), this.#hash, (problem) =>
      this.#printer.detail(problem),
    );
  }

  /** Reads the server's catalogue again and caches it. A cache that cannot be written is no reason to fail. */
  async refresh(signal?: AbortSignal): Promise<Catalogue> {
    const [{ fetchTools }, connection] = await Promise.all([
      import('../discovery/fetch-catalogue.ts'),
      this.connection(signal),
    ]);
    const tools = await fetchTools((method, params, options) =>
      connection.request(method, params, { ...options, signal }),
    );
    const catalogue = { target: this.#hash, fetchedAt: this.#context.clock.now().toISOString(), tools };
    try {
      writeCatalogue(this.#paths.catalogueFile(this.instance.name), catalogue);
    } catch (error) {
      this.#printer.warn('cache', `the catalogue was not cached: ${(error as Error).message}`);
    }
    this.#catalogue = catalogue;
    this.#refreshed = true;
    return catalogue;
  }

  /** The shared connection. Errors: UnreachableError, AuthError, UsageError for variables that are not set. */
  connection(signal?: AbortSignal): Promise<Connection> {
    this.#connection ??= this.#open(null, signal);
    return this.#connection;
  }

  #open(resume: JobRecord['session'], signal: AbortSignal | undefined): Promise<Connection> {
    return connectTo(this.#reach, { resume, signal: signal ?? this.#context.interrupted });
  }

  /** LinkOpener: the shared connection as the jobs see it. */
  async open(signal?: AbortSignalLike): Promise<ServerLink> {
    const connection = await this.connection(signal as AbortSignal | undefined);
    const link = this.#link(connection);
    // The connection is shared: it is closed at the end of the command, with its session kept if anybody asked for that.
    link.close = async ({ keepSession }) => {
      this.#keepSession = keepSession;
    };
    return link;
  }

  /** LinkOpener: a connection into the session that the job's task belongs to. Error: UsageError when the instance points elsewhere now. */
  async reopen(job: JobRecord, signal?: AbortSignalLike): Promise<ServerLink> {
    if (job.session && job.session.target !== this.#hash)
      throw new UsageError(
        `${job.job_id} belongs to another server: ${this.instance.name} has been changed since`,
        {
          hint: `the job is untouched; set the instance back to what it was (mcp2cli instances add ${this.instance.name} --force ...)`,
        },
      );
    return this.#link(await this.#open(job.session, signal as AbortSignal | undefined));
  }

  #link(connection: Connection): ServerLink {
    const tools = new Map<string, ToolDefinition>(
      this.#catalogue?.tools.map((tool) => [tool.name, tool]) ?? [],
    );
    return serverLink(connection, {
      support: (name) => tools.get(name)?.execution?.taskSupport,
      now: this.#context.clock.now,
    });
  }

  /** Closes what was opened. */
  async close(): Promise<void> {
    if (!this.#connection) return;
    const connection = await this.#connection.catch(() => undefined);
    await connection?.close({ endSession: !this.#keepSession });
  }
}
