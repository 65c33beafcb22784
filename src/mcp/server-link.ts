import { RpcError, SessionGoneError, UnfinishedError, UnreachableError } from '../errors.ts';
import type {
  Backend,
  BackendCallOptions,
  ServerLink,
  Submission,
  TaskMode,
  ToolCall,
} from '../jobs/ports.ts';
import type { BackendName, PendingInput, SessionFacts } from '../jobs/record.ts';
import { isObject, type JsonObject } from '../lib/json/json.ts';
import { randomId } from '../lib/random-id.ts';
import type { RequestOptions } from './connection/channel.ts';
import { JOB_META_KEY } from './connection/meta-keys.ts';
import type { Connection } from './connection/open.ts';
import { type CallTool, frontmcp, type RunMemory, runArguments } from './dialects/frontmcp/backend.ts';
import { readRun } from './dialects/frontmcp/wire.ts';
import { metaTask } from './dialects/meta-task.ts';
import { explained, ownRefusal } from './dialects/refusals.ts';
import { type Reply, readReply, submitParams } from './dialects/reply.ts';
import { speaks2025, speaks2026, TASKS_EXTENSION, taskMode } from './dialects/task-mode.ts';
import { tasks20251125 } from './dialects/tasks-2025-11-25.ts';
import { tasks20260728 } from './dialects/tasks-2026-07-28.ts';
import { asObject, progressFrom } from './dialects/wire.ts';
import { type AskRound, throughInputRounds } from './input-rounds.ts';
import { isAtLeast, messageIn, setSessionLevel, wantingLog } from './log-level.ts';
import { paramHeaders } from './param-headers.ts';
import { type Participant, questionRouter } from './question-router.ts';

export interface LinkOptions {
  /** A tool's `execution.taskSupport`. */
  support: (tool: string) => string | undefined;
  now: () => Date;
  /** Other links work on the same connection: only what is certainly this one's work is taken for it. */
  shared?: boolean;
  /** In place of closing the connection. */
  close?: (options: { keepSession: boolean }) => Promise<void>;
}

/** A link that can be taken off its connection, which goes on. */
export interface DetachableLink extends ServerLink {
  detach(): void;
  /** Questions of this work wait for somebody's answer from now on, rather than end it. */
  keepQuestions(): void;
}

/** The jobs' view of an open connection, or of a part of what goes on there. */
export function serverLink(connection: Connection, options: LinkOptions): DetachableLink {
  const { facts, channel } = connection;
  const modern = facts.era === 'modern';
  const { support, now, shared = false } = options;
  /** What this link has set going. */
  const work: Participant = { tasks: new Set(), calls: 0, keeps: false, events: {} };
  const tokens = new Set<unknown>();
  /** The call under way wants the server's log messages, from this level up. */
  let logLevelWanted: string | undefined;
  const router = questionRouter(channel, now);
  router.join(work);

  const send = async (method: string, params: JsonObject, callOptions: BackendCallOptions) => {
    if (typeof params['taskId'] === 'string') work.tasks.add(params['taskId']);
    try {
      return await connection.request(method, modern ? declaringTasks(params) : params, {
        ...requestOptions(callOptions),
        // Servers on SDK 1.x hand a task's question to a `tasks/result` whose asker has gone, unless they are told that it has.
        cancelOnAbort: method === 'tasks/result',
      });
    } catch (error) {
      // A server that was a child process took its tasks along.
      if (facts.transport === 'stdio' && channel.closed && error instanceof UnreachableError)
        throw new SessionGoneError(error.message, { cause: error });
      throw error;
    }
  };
  const declaringTasks = (params: JsonObject) => connection.declaring(params, TASKS_EXTENSION);
  const respond = (id: string | number, result: JsonObject) => router.respond(id, result);
  const mode = ({ name, viaTool }: Pick<ToolCall, 'name' | 'viaTool'>): TaskMode =>
    taskMode(facts, support(name), viaTool);
  const session = (): SessionFacts => ({
    transport: facts.transport,
    target: facts.target,
    protocol_version: facts.protocolVersion,
    session_id: connection.sessionId,
  });

  /** Questions that came as a result rather than as a request, by the ids that were made up for them here. */
  const rounds = new Map<string | number, (answer: JsonObject) => void>();
  const askRound = (signal: AbortSignal | undefined): AskRound => {
    return ({ method, params }) =>
      new Promise((resolve, reject) => {
        const id = `round-${rounds.size + 1}`;
        rounds.set(id, resolve);
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
        if (work.events.onQuestion) work.events.onQuestion(question({ id, method, params }, now()), true);
        else reject(new UnfinishedError('input_required', 'the server asks for input'));
      });
  };
  const withHeaders = paramHeaders(connection);
  /** A server of this program's own hears whose record the run belongs to. */
  const ofJob = (params: JsonObject, { job }: ToolCall): JsonObject =>
    job === undefined || !connection.servesJobs
      ? params
      : { ...params, _meta: { ...(params['_meta'] as JsonObject | undefined), [JOB_META_KEY]: job } };
  const callTool = async (
    params: JsonObject,
    callOptions: BackendCallOptions,
    mirrored?: ToolCall['mirrored'],
  ) => {
    // Of our own making: progress of a task goes on under it after the call was answered.
    const progressToken = randomId();
    tokens.add(progressToken);
    const meta = isObject(params['_meta']) ? params['_meta'] : {};
    work.calls += 1;
    try {
      return await throughInputRounds(
        (round) => {
          const request = { ...requestOptions(callOptions), cancelOnAbort: true, mirrored };
          return connection.request('tools/call', round, request);
        },
        { ...params, _meta: { ...meta, progressToken } },
        askRound(callOptions.signal as AbortSignal | undefined),
      );
    } catch (error) {
      throw connection.servesJobs ? ownRefusal(error) : explained(error);
    } finally {
      work.calls -= 1;
      router.callEnded(work);
    }
  };

  const listenToLog = async ({ logLevel }: ToolCall, callOptions: BackendCallOptions) => {
    logLevelWanted = logLevel;
    await setSessionLevel(connection, logLevel, requestOptions(callOptions));
  };

  /** `tools/call` of a server that may make a task of it, as it likes; where it must, and nobody had said so, once more with our word for it. */
  const callModern = (call: ToolCall, callOptions: BackendCallOptions) =>
    withHeaders(call, callOptions, async (mirrored) => {
      await listenToLog(call, callOptions);
      const params = wantingLog(ofJob(plainParams(call), call), call.logLevel);
      if (speaks2026(facts.capabilities)) return callTool(declaringTasks(params), callOptions, mirrored);
      try {
        return await callTool(params, callOptions, mirrored);
      } catch (error) {
        if (!(error instanceof RpcError) || !requiresTasks(error)) throw error;
        return callTool(declaringTasks(params), callOptions, mirrored);
      }
    });
  const submission = (reply: Reply): Submission => {
    if (reply.kind === 'result') return reply;
    work.tasks.add(reply.taskId);
    return {
      kind: 'task',
      fact: {
        backend: reply.backend,
        remote_task_id: reply.taskId,
        session: session(),
        remote: reply.snapshot.remote,
        poll_interval_ms: reply.snapshot.pollIntervalMs ?? null,
      },
      snapshot: reply.snapshot,
    };
  };

  const runs: RunMemory = { hyphens: false, asked: new Map() };
  const plainCall: CallTool = (name, args, callOptions) =>
    connection.request('tools/call', { name, arguments: args }, requestOptions(callOptions));
  const startRun = async (
    call: ToolCall,
    viaTool: string,
    callOptions: BackendCallOptions,
  ): Promise<Submission> => {
    // Such servers tell a run's progress under the name of the job.
    tokens.add(call.name);
    const result = await callTool(ofJob({ name: viaTool, arguments: runArguments(call) }, call), callOptions);
    return submission(readRun(result, viaTool));
  };

  const stopNotifications = channel.onNotification((method, params) => {
    if (method === 'notifications/progress') {
      // A link without a token of its own was opened into a job's session, where all progress is the job's.
      const sole = !shared && tokens.size === 0;
      const progress = progressFrom(params);
      if (progress && (sole || tokens.has(params['progressToken']))) work.events.onProgress?.(progress);
    }
    const message = logLevelWanted === undefined ? undefined : messageIn(method, params);
    if (message && isAtLeast(message, logLevelWanted)) work.events.onLog?.(message);
    const ofTask = method === 'notifications/tasks/status' || method === 'notifications/tasks';
    if (ofTask && (!shared || work.tasks.has(params['taskId']))) work.events.onStatusHint?.();
    // Changes are told from now on: what came between the last poll and this is not.
    if (
      method === 'notifications/subscriptions/acknowledged' &&
      honoured(params).some((id) => !shared || work.tasks.has(id))
    )
      work.events.onStatusHint?.();
  });
  const detach = () => {
    stopNotifications();
    router.leave(work);
  };

  return {
    taskMode: mode,
    get session() {
      return session();
    },

    async call(call, callOptions) {
      // Of earlier calls on this link nothing goes on.
      if (work.calls === 0 && work.tasks.size === 0) tokens.clear();
      if (modern) return submission(readReply(await callModern(call, callOptions)));
      await listenToLog(call, callOptions);
      const result = asObject(await callTool(ofJob(plainParams(call), call), callOptions), 'tools/call');
      return { kind: 'result', result };
    },

    async submit(call, callOptions) {
      if (call.viaTool !== undefined) return startRun(call, call.viaTool, callOptions);
      if (modern) return submission(readReply(await callModern(call, callOptions)));
      await listenToLog(call, callOptions);
      const params = submitParams(call, {
        task2025: speaks2025(facts.capabilities) && mode(call).tasks !== 'none',
        ttlMs: callOptions.ttlMs,
      });
      return submission(readReply(await callTool(ofJob(params, call), callOptions)));
    },

    backend(name: BackendName): Backend {
      if (name === 'frontmcp') return frontmcp(plainCall, runs);
      if (name === 'tasks-2026-07-28') return tasks20260728(send, now);
      return name === 'meta-task' ? metaTask(send, respond) : tasks20251125(send, respond);
    },

    observe(next) {
      work.events = next;
    },
    async respond(id, result) {
      const waiting = rounds.get(id);
      if (waiting) waiting(result);
      else await respond(id, result);
    },
    async listen(taskId, signal) {
      if (!modern) return connection.listen();
      const params = declaringTasks({ notifications: { taskIds: [taskId] } });
      // Answered when the subscription ends; servers without it refuse, or end it at once.
      await connection.channel.request('subscriptions/listen', params, {
        signal: signal as AbortSignal,
        cancelOnAbort: true,
      });
    },
    detach,
    keepQuestions() {
      work.keeps = true;
    },
    async close(closing) {
      if (options.close) return options.close(closing);
      detach();
      await connection.close({ endSession: !closing.keepSession });
    },
  };
}

/** The tasks whose changes a subscription will tell. */
function honoured({ notifications }: JsonObject): unknown[] {
  const ids = isObject(notifications) ? notifications['taskIds'] : undefined;
  return Array.isArray(ids) ? ids : [];
}

/** MissingRequiredClientCapability (-32021): nothing was run, since the tool must be a task. */
function requiresTasks(error: RpcError): boolean {
  const required = isObject(error.data) ? error.data['requiredCapabilities'] : undefined;
  return error.rpcCode === -32021 && isObject(required) && speaks2026(required);
}

function plainParams(call: ToolCall): JsonObject {
  return { name: call.name, arguments: call.arguments };
}

function requestOptions(options: BackendCallOptions): RequestOptions {
  return {
    signal: options.signal as AbortSignal | undefined,
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  };
}

function question(request: { id: string; method: string; params: JsonObject }, at: Date): PendingInput {
  return {
    request_id: request.id,
    method: request.method,
    params: request.params,
    received_at: at.toISOString(),
  };
}
