import { isNoMethod, RpcError, UnsupportedError } from '../../errors.ts';
import { rpcFailure } from '../../jobs/job-end.ts';
import type { Backend, BackendCallOptions, Snapshot } from '../../jobs/ports.ts';
import { isTerminal } from '../../jobs/record.ts';
import { isObject, type JsonObject } from '../../lib/json/json.ts';
import { RELATED_TASK } from '../question-router.ts';
import {
  askAboutTask,
  asObject,
  canceledError,
  checkTaskId,
  endedWith,
  type Respond,
  type Send,
  taskSnapshot,
} from './wire.ts';

/** How long a question about a finished task may take, in milliseconds. */
const AFTERWARDS_MS = 10_000;

/** The statuses of a task that has no result yet, in the words of the specification. */
const UNFINISHED = new Set<string | null>(['working', 'input_required']);

/** Tasks of MCP 2025-11-25 (basic/utilities/tasks): `tasks/get`, `tasks/result` (blocks), `tasks/cancel`. */
export function tasks20251125(send: Send, respond: Respond): Backend {
  async function poll(taskId: string, options: BackendCallOptions = {}): Promise<Snapshot> {
    const answer = await askAboutTask(send, 'tasks/get', { taskId }, options);
    checkTaskId(answer, taskId, 'tasks/get');
    return taskSnapshot(answer);
  }

  return {
    name: 'tasks-2025-11-25',
    blocks: true,
    poll,
    answer: (_taskId, requestId, answer) => respond(requestId, { ...answer }),

    async result(taskId, options = {}) {
      let result: JsonObject;
      try {
        result = asObject(await send('tasks/result', { taskId }, options), 'tasks/result');
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        // The error may be the tool's own, "cancelled: no result", or the server's about the request: the state tells which.
        const state = await poll(taskId, { ...options, timeoutMs: AFTERWARDS_MS });
        if (state.status === 'canceled') return { ...state, error: canceledError(state) };
        if (state.status === 'failed') return { ...state, error: rpcFailure(error) };
        throw error;
      }
      const related = isObject(result['_meta']) ? result['_meta'][RELATED_TASK] : undefined;
      if (isObject(related)) checkTaskId(related, taskId, 'tasks/result');
      // A task's state in the place of its result is no result.
      if (isTaskState(result)) return taskSnapshot(result);
      // The raw final state completes the record; when it cannot be had the result stands on its own.
      const state =
        options.known ??
        (await poll(taskId, { ...options, timeoutMs: AFTERWARDS_MS }).catch(() => undefined));
      // Some servers let tasks/result not block: what it says before the end is no result.
      if (state && UNFINISHED.has(state.remoteStatus)) return state;
      return endedWith(result, state && isTerminal(state.status) ? state : undefined);
    },

    async cancel(taskId, options = {}) {
      try {
        const answer = asObject(await send('tasks/cancel', { taskId }, options), 'tasks/cancel');
        checkTaskId(answer, taskId, 'tasks/cancel');
        const state = taskSnapshot(answer);
        return state.status === 'canceled' ? { ...state, error: canceledError(state) } : state;
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        if (isNoMethod(error)) throw new UnsupportedError('the server cannot cancel tasks', { cause: error });
        // A lost race: the task ended before the cancellation arrived (-32602). The real state says so, or that it is unknown.
        return poll(taskId, options);
      }
    },
  };
}

function isTaskState(answer: JsonObject): boolean {
  return (
    typeof answer['taskId'] === 'string' &&
    typeof answer['status'] === 'string' &&
    answer['content'] === undefined
  );
}
