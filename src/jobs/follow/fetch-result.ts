import { RpcError, TaskUnknownError } from '../../errors.ts';
import type { JobDeps } from '../deps.ts';
import { endOfSnapshot, lost, rpcFailure } from '../job-end.ts';
import type { Backend, Snapshot } from '../ports.ts';
import { isTerminal, type JobEnd } from '../record.ts';

/** How long the result of a finished task may take to arrive, in milliseconds. */
const RESULT_TIMEOUT_MS = 120_000;

/** The end of a task that is known to be terminal. A result that the server cannot give any more makes it `lost`, never invented. */
export async function fetchEnd(
  backend: Backend,
  taskId: string,
  state: Snapshot,
  deps: JobDeps,
  signal: AbortSignal,
): Promise<JobEnd> {
  if (state.status === 'canceled')
    return endOfSnapshot({ ...state, error: canceledBecause(state) }, deps.clock);
  try {
    const end = await backend.result(taskId, { signal, timeoutMs: RESULT_TIMEOUT_MS, known: state });
    if (end.status === 'completed' && end.result === undefined)
      return resultUnavailable('the server says it is done, without a result', state, deps);
    if (isTerminal(end.status)) return endOfSnapshot(end, deps.clock);
    return state.status === 'failed'
      ? endOfSnapshot({ ...state, error: failedBecause(state) }, deps.clock)
      : resultUnavailable('tasks/result does not give it', state, deps);
  } catch (error) {
    if (state.status === 'failed' && error instanceof RpcError)
      return endOfSnapshot({ ...state, error: state.error ?? rpcFailure(error) }, deps.clock);
    if (state.status === 'failed' && error instanceof TaskUnknownError)
      return endOfSnapshot({ ...state, error: failedBecause(state) }, deps.clock);
    // Any other error may pass: reading is repeated, and a result is given up only when the task is gone.
    if (error instanceof TaskUnknownError) return resultUnavailable(error.message, state, deps);
    throw error;
  }
}

function canceledBecause(state: Snapshot) {
  return state.error ?? { code: 'canceled', message: state.message ?? 'the task was cancelled' };
}

function failedBecause(state: Snapshot) {
  return state.error ?? { code: 'tool_error', message: state.message ?? 'the task failed' };
}

function resultUnavailable(why: string, state: Snapshot, deps: JobDeps): JobEnd {
  return {
    ...lost('result_unavailable', `the task completed, but its result cannot be had: ${why}`, deps.clock),
    ...(state.remote === null ? {} : { remote: state.remote }),
  };
}
