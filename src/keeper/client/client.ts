import { connect } from 'node:net';
import { CliError, UnreachableError } from '../../errors.ts';
import { dialectOf } from '../../jobs/dialects.ts';
import type {
  Answer,
  Backend,
  BackendCallOptions,
  LinkEvents,
  LogMessage,
  ServerLink,
  Snapshot,
  Submission,
  ToolCall,
} from '../../jobs/ports.ts';
import type { BackendName, PendingInput, Progress } from '../../jobs/record.ts';
import { taskMode } from '../../mcp/dialects/task-mode.ts';
import { VERSION } from '../../version.ts';
import { provesNobody } from '../presence.ts';
import type {
  BackendParams,
  CallParams,
  HelloReply,
  OpenReply,
  StatusReply,
  StopReply,
  SubmitParams,
  SubmitReply,
} from '../protocol.ts';
import { type OutgoingOptions, Peer } from '../rpc.ts';
import type { LocalRunOptions } from '../run-options.ts';
import type { KeeperState } from '../state.ts';
import { errorFrom } from '../wire-error.ts';

/** How long a keeper may take to say hello, in milliseconds. It does nothing that could hold it up. */
const HELLO_TIMEOUT_MS = 5_000;

/** Nobody listens on a keeper's socket: it is gone, or has lost its place for a moment. */
export class NobodyListensError extends UnreachableError {}

/** A conversation with a keeper. */
export class KeeperClient {
  readonly state: KeeperState;
  readonly #peer: Peer;

  private constructor(state: KeeperState, peer: Peer) {
    this.state = state;
    this.#peer = peer;
  }

  /**
   * Calls on a keeper. With a fingerprint the caller is here to use its server, and the keeper stays until the caller has gone; without one
   * for its jobs only. Errors: NobodyListensError, UnreachableError when it does not answer.
   */
  static async connect(
    state: KeeperState,
    { fingerprint, signal }: { fingerprint?: string; signal?: AbortSignal | undefined } = {},
  ): Promise<{ client: KeeperClient; stale: HelloReply['stale'] }> {
    const socket = connect(state.socket);
    const client = new KeeperClient(state, new Peer(socket));
    let late = false;
    const timeout = setTimeout(() => {
      late = true;
      socket.destroy();
    }, HELLO_TIMEOUT_MS);
    let nobody = false;
    socket.once('error', (error) => {
      nobody = provesNobody(error);
    });
    try {
      const params = {
        token: state.token,
        version: VERSION,
        ...(fingerprint === undefined ? {} : { fingerprint }),
      };
      const { stale } = (await client.request('hello', params, { signal })) as HelloReply;
      return { client, stale };
    } catch (error) {
      socket.destroy();
      signal?.throwIfAborted();
      // One that is killed hangs up without a word, a moment before it is gone.
      const hungUp = !late && socket.bytesRead === 0 && error instanceof UnreachableError;
      if (nobody || hungUp)
        throw new NobodyListensError(`no keeper of ${state.instance} listens on ${state.socket}`, {
          cause: error,
          hint: `the next call clears its place; what it did: mcp2cli keeper logs ${state.instance}`,
        });
      throw new UnreachableError(
        `the keeper of ${state.instance} (process ${state.holder.pid}) does not answer`,
        {
          cause: error,
          hint: `look at it with: mcp2cli keeper logs ${state.instance}; end it with: mcp2cli keeper stop ${state.instance} --force`,
        },
      );
    } finally {
      clearTimeout(timeout);
    }
  }

  request(method: string, params: object, options?: OutgoingOptions): Promise<unknown> {
    return this.#peer.request(method, params as Record<string, unknown>, options);
  }

  async status(): Promise<StatusReply> {
    return (await this.request('status', {})) as StatusReply;
  }

  /** Tells it to take no new work. */
  async retire(): Promise<void> {
    await this.request('retire', {});
  }

  async stop(force: boolean): Promise<StopReply> {
    return (await this.request('stop', { force })) as StopReply;
  }

  close(): void {
    this.#peer.close();
  }
}

export interface KeeperLinkOptions {
  /** A tool's `execution.taskSupport`. */
  support: (tool: string) => string | undefined;
}

/** The way to the server through its keeper. `open` is what the keeper says about the server; without it only a job's task is reached. */
export function keeperLink(
  client: KeeperClient,
  open: OpenReply | undefined,
  { support }: KeeperLinkOptions,
): ServerLink {
  let events: LinkEvents = {};
  const callParams = ({ name, arguments: args, viaTool, mirrored, logLevel }: ToolCall): CallParams => ({
    name,
    arguments: args,
    task_support: support(name) ?? null,
    ...(viaTool === undefined ? {} : { viaTool }),
    ...(mirrored === undefined ? {} : { mirrored }),
    ...(logLevel === undefined ? {} : { log_level: logLevel }),
  });

  return {
    taskMode: ({ name, viaTool }) =>
      open
        ? taskMode(open.facts, support(name), viaTool)
        : { tasks: 'offer', certain: false, holdable: true, cancel: true },
    get session() {
      if (!open) throw new Error('the keeper was not asked about the server');
      return open.session;
    },
    async call(call, options) {
      const params = callParams(call);
      const signal = options.signal as AbortSignal | undefined;
      return (await client.request('call', params, {
        signal,
        onTold(kind, value) {
          if (kind === 'progress') events.onProgress?.(value as Progress);
          if (kind === 'question') events.onQuestion?.(value as PendingInput);
          if (kind === 'log') events.onLog?.(value as LogMessage);
          if (kind === 'withdrawn') events.onWithdrawn?.(value as string | number);
        },
      })) as Submission;
    },
    submit: () => Promise.reject(new Error('a keeper submits jobs itself')),
    keeper: {
      async submit(
        call,
        { storedArguments, metadata, ttlMs, detach, elicit, runOptions, plan, resumes, signal, onCreated },
      ) {
        const params: SubmitParams = {
          ...callParams(call),
          stored_arguments: storedArguments,
          metadata: metadata ?? null,
          ttl_ms: ttlMs ?? null,
          detach,
          elicit: elicit ?? null,
          local: (runOptions as LocalRunOptions | undefined) ?? null,
          ...(plan === undefined ? {} : { plan }),
          ...(resumes === undefined ? {} : { resumes }),
        };
        const reply = (await client.request('submit', params, {
          signal: signal as AbortSignal,
          onTold: (kind, value) => kind === 'created' && onCreated?.(value as string),
        })) as SubmitReply;
        return {
          jobId: reply.job_id,
          synchronous: reply.synchronous,
          ...(reply.error ? { error: errorFrom(reply.error) } : {}),
        };
      },
      async adopt(jobId, fact) {
        await client.request('adopt', { job_id: jobId, fact });
      },
      async respond(jobId, requestId, result) {
        await client.request('respond', { job_id: jobId, request_id: requestId, result });
      },
    },
    backend: (name) => remoteBackend(client, name),
    observe(next) {
      events = next;
    },
    async respond(requestId, result) {
      await client.request('respond', { request_id: requestId, result });
    },
    // The keeper listens.
    listen: async () => {},
    async close() {
      client.close();
    },
  };
}

/** The verbs of a backend, done by the keeper on its own connection. */
function remoteBackend(client: KeeperClient, backend: BackendName): Backend {
  const ask = async (params: Omit<BackendParams, 'backend'>, options: BackendCallOptions = {}) => {
    const limit = options.timeoutMs === undefined ? undefined : AbortSignal.timeout(options.timeoutMs);
    const signals = [options.signal as AbortSignal | undefined, limit].filter((one) => one !== undefined);
    try {
      return await client.request('backend', { backend, ...params }, { signal: AbortSignal.any(signals) });
    } catch (error) {
      if (limit?.aborted && !(error instanceof CliError) && options.signal?.aborted !== true)
        throw new UnreachableError(`the keeper did not answer in time (${params.verb})`, { cause: error });
      throw error;
    }
  };
  const snapshot = async (verb: 'poll' | 'result' | 'cancel', id: string, options?: BackendCallOptions) =>
    (await ask({ verb, task_id: id }, options)) as Snapshot;
  const { blocks } = dialectOf(backend);
  return {
    name: backend,
    blocks,
    poll: (id, options) => snapshot('poll', id, options),
    result: async (id, options) =>
      options?.known && !blocks ? options.known : snapshot('result', id, options),
    cancel: (id, options) => snapshot('cancel', id, options),
    async answer(id, requestId, answer: Answer, options) {
      await ask({ verb: 'answer', task_id: id, request_id: requestId, answer }, options);
    },
  };
}
