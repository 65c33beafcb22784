import { isNoMethod, TaskUnknownError, UnsupportedError } from '../../errors.ts';
import type { Backend, BackendCallOptions, Snapshot } from '../../jobs/ports.ts';
import { isTerminal } from '../../jobs/record.ts';
import { isObject, type JsonObject } from '../../lib/json/json.ts';
import {
  askAboutTask,
  canceledError,
  checkTaskId,
  endedWith,
  type Respond,
  type Send,
  taskSnapshot,
} from './wire.ts';

/**
 * The `_meta.task` dialect: `tasks/get {task_id}` -> `{status, data}`, `tasks/result {task_id}` blocks -> `{status, result}`,
 * `tasks/cancel {task_id}`. The id goes under both spellings, since servers of this dialect use either.
 */
export function metaTask(send: Send, respond: Respond): Backend {
  async function ask(method: string, taskId: string, options: BackendCallOptions): Promise<JsonObject> {
    const answer = await askAboutTask(send, method, { task_id: taskId, taskId }, options);
    checkTaskId(answer, taskId, method);
    return answer;
  }

  async function poll(taskId: string, options: BackendCallOptions = {}): Promise<Snapshot> {
    return taskSnapshot(await ask('tasks/get', taskId, options));
  }

  return {
    name: 'meta-task',
    blocks: true,
    poll,
    answer: (_taskId, requestId, answer) => respond(requestId, { ...answer }),

    async result(taskId, options = {}) {
      const answer = await ask('tasks/result', taskId, options);
      const { result, ...rest } = answer;
      const state = taskSnapshot(rest);
      if (result !== undefined) return endedWith(result, isTerminal(state.status) ? state : undefined);
      // Some servers answer with the CallToolResult itself.
      if (Array.isArray(answer['content'])) return endedWith(answer, undefined);
      if (state.status === 'canceled') return { ...state, error: canceledError(state) };
      if (state.status === 'failed') return { ...state, error: failure(answer, state) };
      return state.status === 'completed' ? { ...state, result: null } : state;
    },

    async cancel(taskId, options = {}) {
      try {
        const state = taskSnapshot(await ask('tasks/cancel', taskId, options));
        return state.status === 'canceled' ? { ...state, error: canceledError(state) } : state;
      } catch (error) {
        if (error instanceof TaskUnknownError) return poll(taskId, options);
        if (isNoMethod(error)) throw new UnsupportedError('the server cannot cancel tasks', { cause: error });
        throw error;
      }
    },
  };
}

function failure(answer: JsonObject, state: Snapshot) {
  const error = answer['error'];
  const message = isObject(error) ? error['message'] : error;
  return {
    code: 'tool_error',
    message: typeof message === 'string' ? message : (state.message ?? 'the task failed'),
  };
}
