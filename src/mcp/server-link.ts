import { SessionGoneError, UnreachableError } from '../errors.ts';
import type { Backend, BackendCallOptions, ServerLink, Submission } from '../jobs/ports.ts';
import type { BackendName, SessionFacts } from '../jobs/record.ts';
import type { JsonObject } from '../lib/json/json.ts';
import type { Connection } from './connection/open.ts';
import { type CallTool, frontmcp, type RunMemory } from './dialects/frontmcp/backend.ts';
import { readRun } from './dialects/frontmcp/wire.ts';
import { metaTask } from './dialects/meta-task.ts';
import { type Reply, readReply, submitParams } from './dialects/reply.ts';
import { speaks2025, TASKS_EXTENSION, taskMode } from './dialects/task-mode.ts';
import { tasks20251125 } from './dialects/tasks-2025-11-25.ts';
import { tasks20260728 } from './dialects/tasks-2026-07-28.ts';
import { asObject } from './dialects/wire.ts';
import { tellOf } from './link/notifications.ts';
import { ResultQuestions } from './link/result-questions.ts';
import { plainParams, requestOptions, ToolCalls } from './link/tool-calls.ts';
import { type Participant, questionRouter } from './question-router.ts';

export interface LinkOptions {
  /** A tool's `execution.taskSupport`. */
  support: (tool: string) => string | undefined;
  now: () => Date;
  /** Other links work on the same connection: only what is certainly this one's work is taken for it. */
  shared?: boolean;
  /** In place of closing the connection. */
  close?: ServerLink['close'] | undefined;
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
  const { support, now, shared = false } = options;
  const isModern = facts.era === 'modern';
  const work: Participant = { tasks: new Set(), calls: 0, keeps: false, events: {} };
  const router = questionRouter(channel, now);
  router.join(work);
  const questions = new ResultQuestions(work, now);
  const calls = new ToolCalls(connection, work, router, questions);
  const runs: RunMemory = { hyphens: false, asked: new Map() };
  const stopListening = channel.onNotification((method, params) =>
    tellOf(work, calls, shared, method, params),
  );

  /** Requests about tasks. */
  const send = async (method: string, params: JsonObject, callOptions: BackendCallOptions) => {
    if (typeof params['taskId'] === 'string') work.tasks.add(params['taskId']);
    try {
      return await connection.request(method, isModern ? declaringTasks(params) : params, {
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
  const askJobServer: CallTool = (name, args, callOptions) =>
    connection.request('tools/call', { name, arguments: args }, requestOptions(callOptions));

  const session = (): SessionFacts => ({
    transport: facts.transport,
    target: facts.target,
    protocol_version: facts.protocolVersion,
    session_id: connection.sessionId,
  });

  /** What a call has come to; a task is this link's work from then on. */
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

  const detach = () => {
    stopListening();
    router.leave(work);
  };

  return {
    taskMode: ({ name, viaTool }) => taskMode(facts, support(name), viaTool),
    get session() {
      return session();
    },

    async call(call, callOptions) {
      // Of earlier calls on this link nothing goes on.
      if (work.calls === 0 && work.tasks.size === 0) calls.progressTokens.clear();
      if (isModern) return submission(readReply(await calls.sendModern(call, callOptions)));
      const result = await calls.send(call, plainParams(call), callOptions);
      return { kind: 'result', result: asObject(result, 'tools/call') };
    },

    async submit(call, callOptions) {
      const { viaTool } = call;
      if (viaTool !== undefined)
        return submission(readRun(await calls.startRun(call, viaTool, callOptions), viaTool));
      if (isModern) return submission(readReply(await calls.sendModern(call, callOptions)));
      const { tasks } = taskMode(facts, support(call.name));
      const params = submitParams(call, {
        task2025: speaks2025(facts.capabilities) && tasks !== 'none',
        ttlMs: callOptions.ttlMs,
      });
      return submission(readReply(await calls.send(call, params, callOptions)));
    },

    backend(name: BackendName): Backend {
      switch (name) {
        case 'frontmcp':
          return frontmcp(askJobServer, runs);
        case 'tasks-2026-07-28':
          return tasks20260728(send, now);
        case 'meta-task':
          return metaTask(send, respond);
        default:
          return tasks20251125(send, respond);
      }
    },

    observe(next) {
      work.events = next;
    },
    async respond(id, result) {
      if (!questions.answer(id, result)) await respond(id, result);
    },
    async listen(taskId, signal) {
      if (!isModern) return connection.listen();
      const params = declaringTasks({ notifications: { taskIds: [taskId] } });
      // Answered when the subscription ends; servers without it refuse, or end it at once.
      await channel.request('subscriptions/listen', params, {
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
