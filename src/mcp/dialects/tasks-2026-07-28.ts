import { isNoMethod, TaskUnknownError, UnsupportedError } from '../../errors.ts';
import type { Backend, BackendCallOptions, Snapshot } from '../../jobs/ports.ts';
import type { JobError, PendingInput } from '../../jobs/record.ts';
import { cutMember, cutText } from '../../lib/caps.ts';
import { isObject, type JsonObject } from '../../lib/json/json.ts';
import { explainedMessage } from './refusals.ts';
import { askAboutTask, canceledError, checkTaskId, endedWith, type Send, taskSnapshot } from './wire.ts';

/**
 * Tasks of the extension `io.modelcontextprotocol/tasks` on MCP 2026-07-28 (SEP-2663): the server decides call by call, `tasks/get` tells
 * everything (result, error and open questions inlined), `tasks/update` answers, `tasks/cancel` asks and is only acknowledged.
 */
export function tasks20260728(send: Send, now: () => Date): Backend {
  async function poll(taskId: string, options: BackendCallOptions = {}): Promise<Snapshot> {
    const answer = await askAboutTask(send, 'tasks/get', { taskId }, options);
    checkTaskId(answer, taskId, 'tasks/get');
    return detailedSnapshot(answer, now());
  }

  return {
    name: 'tasks-2026-07-28',
    blocks: false,
    poll,

    async result(taskId, options = {}) {
      return options.known ?? poll(taskId, options);
    },

    async cancel(taskId, options = {}) {
      try {
        await askAboutTask(send, 'tasks/cancel', { taskId }, options);
      } catch (error) {
        if (isNoMethod(error)) throw new UnsupportedError('the server cannot cancel tasks', { cause: error });
        if (!(error instanceof TaskUnknownError)) throw error;
      }
      // The acknowledgement says nothing about the task, and -32602 need not be about the id.
      const state = await poll(taskId, options);
      return state.status === 'canceled' ? { ...state, error: canceledError(state) } : state;
    },

    async answer(taskId, requestId, answer, options = {}) {
      try {
        const inputResponses = { [requestId]: { ...answer } };
        await askAboutTask(send, 'tasks/update', { taskId, inputResponses }, options);
      } catch (error) {
        if (!(error instanceof TaskUnknownError)) throw error;
        // The same code refuses an answer that does not fit its question.
        await poll(taskId, options);
        throw error.cause;
      }
    },
  };
}

/** A DetailedTask: the state with what it inlines. */
function detailedSnapshot(answer: JsonObject, at: Date): Snapshot {
  const { result, ...rest } = answer;
  const state: Snapshot = { ...taskSnapshot(rest), questions: questionsIn(answer, at) };
  // An `isError` result is a completed task here and a failed job with us, as with every other dialect.
  if (state.status === 'completed' && isObject(result)) return endedWith(result, state);
  if (state.status === 'failed') return { ...state, error: inlinedError(answer['error'], state) };
  return state;
}

function inlinedError(error: unknown, state: Snapshot): JobError {
  if (!isObject(error)) return { code: 'tool_error', message: state.message ?? 'the task failed' };
  const message = typeof error['message'] === 'string' ? error['message'] : undefined;
  return {
    code: 'rpc_error',
    message: explainedMessage(cutText(message ?? state.message ?? 'the task failed'), error['data']),
    ...(typeof error['code'] === 'number' ? { rpc_code: error['code'] } : {}),
    ...cutMember(error, 'data'),
  };
}

/** `inputRequests` by their keys, which are never used again. */
function questionsIn(answer: JsonObject, at: Date): PendingInput[] {
  const requests = isObject(answer['inputRequests']) ? answer['inputRequests'] : {};
  return Object.entries(requests).flatMap(([key, request]) =>
    isObject(request) && typeof request['method'] === 'string'
      ? [
          {
            request_id: key,
            method: request['method'],
            params: isObject(request['params']) ? request['params'] : {},
            received_at: at.toISOString(),
          },
        ]
      : [],
  );
}
