import type { RequestOptions, ServerRequest } from '../connection/channel.ts';
import type { Connection } from '../connection/open.ts';
import { UnfinishedError } from '../errors.ts';
import type {
  Backend,
  BackendCallOptions,
  LinkEvents,
  ServerLink,
  Submission,
  TaskMode,
  ToolCall,
} from '../jobs/ports.ts';
import type { BackendName, PendingInput, SessionFacts } from '../jobs/record.ts';
import { speaks2025, taskMode } from './choose.ts';
import { type AskRound, throughInputRounds } from './input-rounds.ts';
import { metaTask } from './meta-task.ts';
import { readReply, submitParams } from './submit.ts';
import { tasks20251125 } from './tasks-2025-11-25.ts';
import { type JsonObject, progressFrom } from './wire.ts';

/** The jobs' view of an open connection. `support` gives a tool's `execution.taskSupport`. */
export function serverLink(
  connection: Connection,
  support: (tool: string) => string | undefined,
  now: () => Date,
): ServerLink {
  const { facts } = connection;
  let events: LinkEvents = {};

  const send = (method: string, params: JsonObject, options: BackendCallOptions) =>
    connection.request(method, params, {
      ...requestOptions(options),
      // Servers on SDK 1.x hand a task's question to a `tasks/result` whose asker has gone, unless they are told that it has.
      cancelOnAbort: method === 'tasks/result',
    });
  const mode = (tool: string): TaskMode => taskMode(facts, support(tool));
  const onProgress = (params: JsonObject) => {
    const progress = progressFrom(params);
    if (progress) events.onProgress?.(progress);
  };
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
        if (events.onQuestion) events.onQuestion(question({ id, method, params }, now()));
        else reject(new UnfinishedError('input_required', 'the server asks for input'));
      });
  };
  const callTool = (params: JsonObject, options: BackendCallOptions) =>
    throughInputRounds(
      (round) =>
        connection.request('tools/call', round, {
          ...requestOptions(options),
          cancelOnAbort: true,
          onProgress,
        }),
      params,
      askRound(options.signal as AbortSignal | undefined),
    );

  connection.channel.onNotification((method, params) => {
    // A session belongs to one job, so progress under the submitter's token is this job's.
    if (method === 'notifications/progress') onProgress(params);
    if (method === 'notifications/tasks/status') events.onStatusHint?.();
  });
  connection.onServerRequest((request) => {
    if (request.method !== 'elicitation/create' || !events.onQuestion) return false;
    events.onQuestion(question(request, now()));
    return true;
  });

  return {
    taskMode: mode,
    get session() {
      return session();
    },

    call: (call: ToolCall, options: BackendCallOptions) => callTool(plainParams(call), options),

    async submit(call, options): Promise<Submission> {
      const params = submitParams(call, {
        task2025: speaks2025(facts.capabilities) && mode(call.name).tasks !== 'none',
        ttlMs: options.ttlMs,
      });
      const reply = readReply(await callTool(params, options));
      if (reply.kind === 'result') return reply;
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
    },

    backend(name: BackendName): Backend {
      return name === 'meta-task' ? metaTask(send) : tasks20251125(send);
    },

    observe(next) {
      events = next;
    },
    async respond(id, result) {
      const waiting = rounds.get(id);
      if (waiting) waiting(result);
      else await connection.channel.respond(id, result);
    },
    listen: () => connection.listen(),
    close: ({ keepSession }) => connection.close({ endSession: !keepSession }),
  };
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

function question(request: ServerRequest, at: Date): PendingInput {
  return {
    request_id: request.id,
    method: request.method,
    params: request.params,
    received_at: at.toISOString(),
  };
}
