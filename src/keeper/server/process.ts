/** The keeper's own process: listens, connects when somebody needs the server, works, and ends when it has had no work for a while. */

import { chmodSync, existsSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { expandTarget } from '../../config/config.ts';
import { shownName } from '../../config/configured-instance.ts';
import { resolvePaths } from '../../config/paths.ts';
import { systemClock } from '../../context.ts';
import { EXIT, IoError } from '../../errors.ts';
import type { JobDeps } from '../../jobs/deps.ts';
import { FAILURE_BUDGET_MS } from '../../jobs/follow/polling.ts';
import { policyAnswerer } from '../../jobs/questions/policy.ts';
import { openStore } from '../../jobs/store/open-store.ts';
import { currentHolder } from '../../lib/disk/holder.ts';
import { startReaper } from '../../lib/process/reaper.ts';
import { loginsOf } from '../../mcp/auth/logins.ts';
import { automaticAnswers } from '../../mcp/automatic-answers.ts';
import { clientFeatures } from '../../mcp/client-features/client-features.ts';
import type { ConnectTarget } from '../../mcp/connection/connect.ts';
import { VERSION } from '../../version.ts';
import { KeeperLog } from '../log.ts';
import type { KeeperConfig } from '../protocol.ts';
import { socketPath, tempSocketPath } from '../socket-path.ts';
import { isRegistered, type KeeperState, removeState, writeState } from '../state.ts';
import { errorToWire } from '../wire-error.ts';
import { ConnectionPool } from './connection-pool.ts';
import { KeeperWork } from './jobs.ts';
import { readConfig } from './read-config.ts';
import { CommandServer } from './server.ts';

/** How often it looks whether it can still be found, and whether its jobs have ended by another hand, in milliseconds. */
const PLACE_CHECK_MS = 2_000;

/** How long it waits for the command that had it started, in milliseconds. */
const FIRST_VISIT_MS = 10_000;

/** How long ending may take after everything was told to end, in milliseconds: a server gets 2 s, SIGTERM, 2 s, SIGKILL. */
const END_MS = 8_000;

/** Runs a keeper until it has nothing to do, is told to stop, or its data root is gone. Its configuration comes on stdin. */
export async function runKeeper(): Promise<void> {
  const keeperConfig = await readConfig();
  // A closing terminal must not take the keeper with it, nor a starter that has gone.
  process.on('SIGHUP', () => {});
  process.stdout.on('error', () => {});
  const report = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
  try {
    const keeper = new Keeper(keeperConfig);
    await keeper.start();
    report({ ready: true });
    await keeper.done;
  } catch (error) {
    report({ error: errorToWire(error) });
    process.exit(EXIT.internal);
  }
}

class Keeper {
  readonly #config: KeeperConfig;
  readonly #dir: string;
  readonly #log: KeeperLog;
  readonly #state: Omit<KeeperState, 'schema_version'>;
  readonly #connections: ConnectionPool;
  readonly #work: KeeperWork;
  readonly #commandServer: CommandServer;
  #server: Server | undefined;
  #retiring = false;
  #idle: AbortController | undefined;
  #ending: Promise<void> | undefined;
  /** Somebody was here to use it: from then on the idle time counts. */
  #used = false;
  #ended: () => void = () => {};
  /** Resolves when it has ended. */
  readonly done: Promise<void>;

  constructor(keeperConfig: KeeperConfig) {
    const { id, token, name, root, identity } = keeperConfig;
    const paths = resolvePaths({
      env: { MCP2CLI_HOME: root },
      home: root,
      cwd: root,
      platform: process.platform,
    });
    const holder = { ...currentHolder(), keeper: true };
    this.#config = keeperConfig;
    this.done = new Promise((resolve) => {
      this.#ended = resolve;
    });
    this.#dir = paths.keeperDir(name);
    this.#log = new KeeperLog(this.#dir, systemClock.now);
    this.#state = {
      id,
      instance: name,
      holder,
      socket: '',
      token,
      version: VERSION,
      started_at: systemClock.now().toISOString(),
    };
    const features = clientFeatures(keeperConfig.settings, process.env, keeperConfig.cwd);
    const shown = shownName(keeperConfig);
    const connectTarget: ConnectTarget = {
      name: shown,
      version: VERSION,
      identity,
      target: () =>
        here(
          expandTarget(identity, process.env, keeperConfig.adHoc ? 'ad hoc target' : name),
          keeperConfig.cwd,
        ),
      jobHost: {
        execPath: process.execPath,
        entry: process.argv[1] ?? '',
        root,
        instance: name,
        store: keeperConfig.settings.store,
        env: process.env,
      },
      serverFile: paths.serverFile(name),
      logins: loginsOf(paths, name, { name: shown, now: systemClock.now, log: (line) => this.#say(line) }),
      catalogueFile: paths.catalogueFile(name),
      features,
      connectTimeoutMs: keeperConfig.settings.connectTimeoutMs,
      now: systemClock.now,
      log: (line) =>
        line.startsWith('server: ')
          ? this.#log.write('server', line.slice('server: '.length))
          : line.startsWith('server stdout: ')
            ? this.#log.write('server', line.slice('server '.length))
            : this.#say(line),
    };
    this.#connections = new ConnectionPool({
      connectTarget,
      onEnded: (why) => this.#say(`the connection ended: ${why}`),
      extrasFile: paths.extrasFile(name),
    });
    const deps: Omit<JobDeps, 'ask'> = {
      store: openStore({ paths, instance: keeperConfig, env: process.env, clock: systemClock }),
      links: {
        open: () => Promise.reject(new Error('a keeper leases its links')),
        // The session that the work began in is gone at the server.
        reopen: (_, signal) => this.#connections.leasedLink(signal as AbortSignal),
      },
      clock: systemClock,
      random: Math.random,
      automatic: automaticAnswers(features),
      holder,
      // Nobody else could ask this server: it is asked until it answers, or is gone.
      failureBudgetMs: identity.kind === 'stdio' ? Number.POSITIVE_INFINITY : FAILURE_BUDGET_MS,
    };
    this.#work = new KeeperWork({
      instance: name,
      deps,
      connections: this.#connections,
      policyAnswerer: (policy) => policyAnswerer(policy ?? 'ask'),
      log: (text) => this.#say(text),
      onChange: () => this.#look(),
    });
    this.#commandServer = new CommandServer({
      keeperConfig,
      state: this.#state,
      store: deps.store,
      connections: this.#connections,
      work: this.#work,
      isRetiring: () => this.#retiring,
      retire: () => this.#retire(),
      stop: (why) => void this.#end(why),
      onChange: () => this.#look(),
    });
  }

  /** Listens, and can be found. Errors: IoError. */
  async start(): Promise<void> {
    if (this.#config.identity.kind === 'stdio') startReaper((text) => this.#say(text), { ownGroup: true });
    this.#state.socket = await this.#listenSomewhere();
    try {
      this.#register();
    } catch (error) {
      removeState(this.#dir, this.#state);
      throw error;
    }
    this.#say(`started (process ${process.pid}, mcp2cli ${VERSION})`);
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.on(signal, () => void this.#end(`the keeper was stopped by ${signal}`));
    process.on('uncaughtException', (error) => {
      this.#say(`a defect: ${error.stack ?? error.message}`);
      process.exitCode = 70;
      void this.#end('the keeper had a defect');
    });
    setInterval(() => this.#checkPlace(), PLACE_CHECK_MS).unref();
    this.#look();
  }

  /** Beside its file, or where a socket can be. */
  async #listenSomewhere(): Promise<string> {
    const { id, token } = this.#config;
    const path = socketPath(this.#dir, id, token);
    try {
      await this.#listen(path);
      return path;
    } catch (error) {
      // Not every file system has sockets.
      const other = process.platform === 'win32' ? path : tempSocketPath(id);
      if (other === path) throw error;
      await this.#listen(other);
      return other;
    }
  }

  async #listen(path: string): Promise<void> {
    // Closing takes the path away: the earlier one first. Conversations go on.
    this.#server?.close();
    const server = createServer((socket: Socket) => this.#commandServer.receive(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    }).catch((error: unknown) => {
      throw new IoError(`cannot listen on ${path}: ${(error as Error).message}`, { cause: error });
    });
    if (process.platform !== 'win32') chmodSync(path, 0o600);
    this.#server = server;
  }

  #say(text: string): void {
    this.#log.write('keeper', text);
  }

  #register(): void {
    writeState(this.#dir, { ...this.#state, ...(this.#retiring ? { retiring: true } : {}) });
  }

  /** Whether it can still be found. Folders for temporary files are swept, files are damaged; a folder that is gone was removed. */
  #checkPlace(): void {
    if (this.#ending) return;
    this.#work.leaveEnded().catch((error: unknown) => this.#say((error as Error).message));
    const { socket, id } = this.#state;
    if (!existsSync(this.#dir)) return void this.#end('the keeper was removed');
    try {
      if (!isRegistered(this.#dir, id)) this.#register();
      if (process.platform !== 'win32' && !existsSync(socket))
        this.#listen(socket).catch((error: unknown) => this.#say((error as Error).message));
    } catch (error) {
      this.#say((error as Error).message);
    }
  }

  /** Something began or ended: with nothing left to do the idle time runs. Whoever only asks how it is does not begin it anew. */
  #look(): void {
    if (this.#ending || this.#work.busy || this.#commandServer.inUse) {
      this.#used = true;
      this.#idle?.abort(new Error('work'));
      this.#idle = undefined;
      return;
    }
    const { idleTimeoutMs } = this.#config.settings;
    if (this.#retiring) void this.#end('it was replaced');
    else if (idleTimeoutMs !== undefined && !this.#idle) {
      this.#idle = new AbortController();
      // Whoever had it started gets the time to come.
      const ms = this.#used ? idleTimeoutMs : Math.max(idleTimeoutMs, FIRST_VISIT_MS);
      systemClock.sleep(ms, this.#idle.signal).then(
        () => this.#end('it had no work'),
        () => {},
      );
    }
  }

  /** Takes no new work, and ends with its last job: another one takes its place. */
  #retire(): void {
    if (this.#retiring) return;
    this.#retiring = true;
    try {
      this.#register();
    } catch (error) {
      this.#say((error as Error).message);
    }
    this.#look();
  }

  #end(why: string): Promise<void> {
    this.#ending ??= this.#finish(why);
    return this.#ending;
  }

  async #finish(why: string): Promise<void> {
    this.#say(`ending: ${why}`);
    setTimeout(() => process.exit(), END_MS).unref();
    this.#idle?.abort(new Error('ending'));
    // Not to be found any more first, so that nobody comes who would find it gone.
    removeState(this.#dir, this.#state);
    await this.#work.stop(why);
    this.#commandServer.close();
    this.#server?.close();
    await this.#connections.close();
    this.#log.flush();
    this.#ended();
    // A server's grandchild may hold a pipe open; the reaper sees to it, and nothing is left to be done here.
    process.exit();
  }
}

/** A server without a folder of its own runs where the command was typed, as it would without a keeper. */
function here<T extends { kind: string; cwd?: string }>(target: T, cwd: string): T {
  return target.kind === 'stdio' && target.cwd === undefined ? { ...target, cwd } : target;
}
