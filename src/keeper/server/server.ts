import type { Socket } from 'node:net';
import { ProtocolError, UnreachableError } from '../../errors.ts';
import type { Answer, JobStore } from '../../jobs/ports.ts';
import { VERSION } from '../../version.ts';
import { isDocumentPlan } from '../../workflows/documents/plan.ts';
import type {
  AdoptParams,
  BackendParams,
  CallParams,
  HelloParams,
  HelloReply,
  KeeperConfig,
  LogParams,
  OpenReply,
  RequestParams,
  RespondParams,
  StatusReply,
  StopReply,
  SubmitParams,
  SubmitReply,
  WatchParams,
} from '../protocol.ts';
import { type Incoming, MAX_FRAME, Peer } from '../rpc.ts';
import type { KeeperState } from '../state.ts';
import { errorToWire } from '../wire-error.ts';
import type { ConnectionPool, Lease } from './connection-pool.ts';
import type { KeeperWork } from './jobs.ts';

/** Requests that change nothing at the server; only these may be passed on as they are. */
const READING = new Set([
  'tools/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'prompts/list',
  'prompts/get',
  'completion/complete',
  'ping',
  'server/discover',
]);

/** Most commands hear nothing but their answers. */
const streams = () => import('./streams.ts');

/** The longest message of somebody who has not shown the token, in characters. */
const STRANGERS_FRAME = 16 * 1024;

export interface CommandServerOptions {
  keeperConfig: KeeperConfig;
  state: Omit<KeeperState, 'schema_version'>;
  store: JobStore;
  connections: ConnectionPool;
  work: KeeperWork;
  isRetiring: () => boolean;
  retire: () => void;
  stop: (why: string) => void;
  /** A command came or went. */
  onChange: () => void;
}

/** Where commands come in: each has a conversation of its own, which begins with the token. */
export class CommandServer {
  readonly #options: CommandServerOptions;
  readonly #visitors = new Set<ClientConnection>();

  constructor(options: CommandServerOptions) {
    this.#options = options;
  }

  /** A command is here to use the server: it need not fear that the keeper ends under its hands. */
  get inUse(): boolean {
    return [...this.#visitors].some((client) => client.uses);
  }

  receive(socket: Socket): void {
    const client = new ClientConnection(socket, this.#options, this.#visitors, () => {
      this.#visitors.delete(client);
      this.#options.onChange();
    });
    this.#visitors.add(client);
  }

  close(): void {
    for (const client of this.#visitors) client.dismiss();
  }
}

class ClientConnection {
  readonly #peer: Peer;
  readonly #options: CommandServerOptions;
  readonly #all: ReadonlySet<ClientConnection>;
  #known = false;
  #lease: Promise<Lease> | undefined;
  uses = false;

  constructor(
    socket: Socket,
    options: CommandServerOptions,
    all: ReadonlySet<ClientConnection>,
    onGone: () => void,
  ) {
    this.#options = options;
    this.#all = all;
    this.#peer = new Peer(socket, {
      // Nobody has to be listened to for long before it is known who speaks.
      maxFrame: () => (this.#known ? MAX_FRAME : STRANGERS_FRAME),
      onRequest: (method, params, incoming) => this.#answer(method, params, incoming),
      onClose: () => {
        this.uses = false;
        void this.#lease?.then(
          (lease) => lease.release(),
          () => {},
        );
        onGone();
      },
    });
  }

  dismiss(): void {
    this.#peer.close();
  }

  async #answer(method: string, params: object, incoming: Incoming): Promise<unknown> {
    if (method === 'hello') return this.#hello(params as HelloParams);
    if (!this.#known) throw new ProtocolError('who are you?');
    switch (method) {
      case 'open':
        return this.#open(incoming.signal);
      case 'request':
        return this.#request(params as RequestParams, incoming.signal);
      case 'watch':
        return (await streams()).watch(params as WatchParams, await this.#leased(incoming.signal), incoming);
      case 'log':
        return (await streams()).log(params as LogParams, await this.#leased(incoming.signal), incoming);
      case 'call':
        return this.#call(params as CallParams, incoming);
      case 'submit':
        return this.#submit(params as SubmitParams, incoming);
      case 'adopt':
        return this.#adopt(params as AdoptParams, incoming.signal);
      case 'backend':
        return this.#backend(params as BackendParams, incoming.signal);
      case 'respond':
        return this.#respond(params as RespondParams);
      case 'status':
        return this.#status();
      case 'retire':
        return this.#options.retire();
      case 'stop':
        return this.#stop(params as { force?: boolean });
      default:
        throw new ProtocolError(`the keeper does not know ${method}`);
    }
  }

  #hello({ token, fingerprint, version }: HelloParams): HelloReply {
    const { keeperConfig, isRetiring } = this.#options;
    if (token !== keeperConfig.token) {
      this.#peer.destroy();
      throw new ProtocolError('wrong token');
    }
    this.#known = true;
    const stale = isRetiring()
      ? 'retiring'
      : version !== VERSION
        ? 'version'
        : fingerprint !== undefined && fingerprint !== keeperConfig.fingerprint
          ? 'config'
          : null;
    this.uses = fingerprint !== undefined && stale === null;
    this.#options.onChange();
    return { stale };
  }

  #leased(signal: AbortSignal): Promise<Lease> {
    this.#lease ??= this.#options.connections.lease(signal);
    // One that failed is no lease; the next request tries again.
    this.#lease.catch(() => {
      this.#lease = undefined;
    });
    return this.#lease;
  }

  async #open(signal: AbortSignal): Promise<OpenReply> {
    const { connection, link } = await this.#leased(signal);
    return { facts: connection.facts, session: link.session };
  }

  async #request({ method, params }: RequestParams, signal: AbortSignal): Promise<unknown> {
    if (!READING.has(method)) throw new ProtocolError(`the keeper does not pass on ${method}`);
    const { connection } = await this.#leased(signal);
    return connection.request(method, params, { signal });
  }

  async #call(params: CallParams, { signal, tell }: Incoming): Promise<unknown> {
    this.#learn(params);
    const { link } = await this.#leased(signal);
    link.observe({
      onProgress: (progress) => tell('progress', progress),
      onQuestion: (question) => tell('question', question),
      onWithdrawn: (requestId) => tell('withdrawn', requestId),
      onLog: (message) => tell('log', message),
    });
    const { name, arguments: args, mirrored, log_level: logLevel } = params;
    return link.call({ name, arguments: args, mirrored, logLevel }, { signal });
  }

  async #submit(params: SubmitParams, { signal, tell }: Incoming): Promise<SubmitReply> {
    this.#learn(params);
    // The job takes over the connection that was opened for its submission.
    const lease = await this.#leased(signal);
    this.#lease = undefined;
    const created = (id: string) => tell('created', id);
    const { job, synchronous, error } = await this.#options.work.submit(params, lease, signal, created);
    return { job_id: job.job_id, synchronous, error: error ? errorToWire(error) : null };
  }

  async #adopt({ job_id, fact }: AdoptParams, signal: AbortSignal): Promise<null> {
    await this.#options.work.adopt(job_id, fact, signal);
    return null;
  }

  async #backend(params: BackendParams, signal: AbortSignal): Promise<unknown> {
    const { link } = await this.#leased(signal);
    const backend = link.backend(params.backend);
    const { verb, task_id } = params;
    if (verb !== 'answer') return backend[verb](task_id, { signal });
    if (!params.answer) throw new ProtocolError('no answer');
    await backend.answer(task_id, params.request_id ?? '', params.answer, { signal });
    return null;
  }

  async #respond({ job_id, request_id, result }: RespondParams): Promise<null> {
    if (job_id !== undefined) {
      await this.#options.work.answer(job_id, request_id, result as unknown as Answer);
      return null;
    }
    if (!this.#lease) throw new UnreachableError('nothing was asked here');
    await (await this.#lease).link.respond(request_id, result);
    return null;
  }

  /** Other commands that use the server at the moment. */
  get #users(): number {
    return [...this.#all].filter((client) => client.uses && client !== this).length;
  }

  #status(): StatusReply {
    const { state, work, connections, isRetiring } = this.#options;
    return {
      pid: process.pid,
      version: state.version,
      started_at: state.started_at,
      retiring: isRetiring(),
      jobs: work.running,
      commands: this.#users,
      connected: connections.connected,
    };
  }

  #stop({ force = false }: { force?: boolean }): StopReply {
    const jobs = this.#options.work.running.length;
    const commands = this.#users;
    if (jobs + commands > 0 && !force) return { stopping: false, jobs, commands };
    // After the answer is on its way.
    setImmediate(() => this.#options.stop('the keeper was stopped (keeper stop)'));
    return { stopping: true, jobs, commands };
  }

  #learn({ name, task_support, plan }: CallParams & Partial<SubmitParams>): void {
    const { connections } = this.#options;
    if (!plan || !isDocumentPlan(plan)) {
      connections.learnSupport(name, task_support);
      return;
    }
    for (const [tool, { task_support: support }] of Object.entries(plan.tools))
      if (support !== undefined) connections.learnSupport(tool, support);
  }
}
