import { existsSync } from 'node:fs';
import type { Instance } from '../config/configured-instance.ts';
import type { Paths } from '../config/paths.ts';
import type { Context } from '../context.ts';
import { UnreachableError } from '../errors.ts';
import type { ServerLink } from '../jobs/ports.ts';
import type { JobRecord } from '../jobs/record.ts';
import type { KeeperClient } from '../keeper/client/client.ts';
import type { OpenReply } from '../keeper/protocol.ts';
import type { Logins } from '../mcp/auth/logins.ts';
import { tokenSource } from '../mcp/auth/token-source.ts';

export interface KeeperConnectorOptions {
  context: Context;
  paths: Paths;
  instance: Instance;
  /** Milliseconds that connecting may take; undefined for no limit. */
  connectTimeout: () => number | undefined;
  /** Ends the command's own connection: a server may bear no second one. */
  hangUp: () => Promise<void>;
  /** The login that the keeper will use. */
  logins: Logins;
  log: (line: string) => void;
}

/** What a keeper with the same limit gets beyond it, in milliseconds: it knows better what is missing. */
const KEEPER_GRACE_MS = 1_000;

/** A tool's `execution.taskSupport`. */
type Support = (tool: string) => string | undefined;

/** The way to the instance's keepers, as one command takes it. Their code is loaded when there is one, and not before. */
export class KeeperConnector {
  readonly #options: KeeperConnectorOptions;
  #client: Promise<KeeperClient | undefined> | undefined;

  constructor(options: KeeperConnectorOptions) {
    this.#options = options;
  }

  get #dir(): string {
    const { paths, instance } = this.#options;
    return paths.keeperDir(instance.name);
  }

  /** The keeper for work; one is started when there is none and `start` says so. Errors: IoError when it does not start. */
  client(start: boolean, signal: AbortSignal | undefined): Promise<KeeperClient | undefined> {
    // Most instances have none: one look at the disk, and nothing is loaded.
    if (!start && !this.#client && !existsSync(this.#dir)) return Promise.resolve(undefined);
    const before = this.#client;
    this.#client = (async () => (await before) ?? (await this.#find(start, signal)))();
    return this.#client;
  }

  /** A link through the keeper, undefined where there is none. Errors: as `client`, and those of connecting. */
  async link(
    start: boolean,
    signal: AbortSignal | undefined,
    support: Support,
  ): Promise<ServerLink | undefined> {
    const keeper = await this.client(start, signal);
    if (!keeper) return undefined;
    const [{ keeperLink }, open] = await Promise.all([
      import('../keeper/client/client.ts'),
      this.opened(keeper, signal ?? this.#options.context.interrupted),
    ]);
    const link = keeperLink(keeper, open, { support });
    // The conversation is shared: it ends with the command.
    link.close = async () => {};
    return link;
  }

  /** What the keeper says of the server. It may have been told to wait for longer than this command does. */
  async opened(keeper: KeeperClient, signal: AbortSignal): Promise<OpenReply> {
    const ms = this.#options.connectTimeout();
    if (ms === undefined) return (await keeper.request('open', {}, { signal })) as OpenReply;
    const late = new AbortController();
    const { name } = this.#options.instance;
    const why = new UnreachableError(
      `cannot reach ${name}: its keeper has no connection after ${ms / 1000} s`,
      { hint: '--connect-timeout DURATION gives it longer (0: no limit)' },
    );
    const timer = setTimeout(() => late.abort(why), ms + KEEPER_GRACE_MS);
    try {
      const signals = AbortSignal.any([signal, late.signal]);
      return (await keeper.request('open', {}, { signal: signals })) as OpenReply;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The way to a job that a keeper holds, which need not be the keeper that takes new work. */
  async jobLink(job: JobRecord, signal: AbortSignal | undefined, support: Support): Promise<ServerLink> {
    const [{ keeperOf }, { keeperLink }] = await Promise.all([
      import('../keeper/client/access.ts'),
      import('../keeper/client/client.ts'),
    ]);
    const patience = { signal, sleep: (ms: number) => this.#options.context.clock.sleep(ms, signal) };
    return keeperLink(await keeperOf({ dir: this.#dir, ...patience }, job), undefined, { support });
  }

  /** Forgets a keeper that could not be had, or is lost. */
  forget(): void {
    void this.#client?.then(
      (client) => client?.close(),
      () => {},
    );
    this.#client = undefined;
  }

  async close(): Promise<void> {
    (await this.#client?.catch(() => undefined))?.close();
  }

  async #find(start: boolean, signal?: AbortSignal): Promise<KeeperClient | undefined> {
    const { context, paths, instance, connectTimeout, hangUp, logins, log } = this.#options;
    const { env, entry, execPath, clock, cwd, interrupted } = context;
    const { name, adHoc, identity } = instance;
    if (start) {
      await hangUp();
      // What is wrong with a login is an error of this command, and a keyring that asks somebody asks whoever typed it.
      await tokenSource(instance.target(), logins)?.token(signal ?? interrupted);
    }
    const settings = { ...instance.settings, connectTimeoutMs: connectTimeout() };
    const { useKeeper } = await import('../keeper/client/access.ts');
    return await useKeeper(
      {
        dir: this.#dir,
        entry,
        execPath,
        env,
        keeperConfig: { root: paths.root, name, adHoc, identity, settings, cwd },
        target: () => instance.target(),
        sleep: (ms) => clock.sleep(ms, signal ?? interrupted),
        signal: signal ?? interrupted,
        log,
      },
      start,
    );
  }
}
