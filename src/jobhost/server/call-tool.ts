import { RpcError, UsageError } from '../../errors.ts';
import { isObject, type JsonObject } from '../../lib/json/json.ts';
import type { RunRequest, RunStatus } from '../provider.ts';
import type { Call } from './call.ts';
import { toldEvents } from './events.ts';
import { badParams, CODE, failureOf, isRefusal } from './host.ts';
import { managementTool } from './management/tools.ts';
import { legacyTask, modernTask, RELATED_TASK_META_KEY, resultOf } from './tasks.ts';

/** Of which record a run is, where a command of this program has made one. */
const JOB_META_KEY = 'mcp2cli/job';

/** How long a call of 2026-07-28 may take before it is answered with a task, in milliseconds: most have ended by then, and spare the client a poll. */
const AT_ONCE_MS = 500;

/** `tools/call`: an entry, else a tool for managing jobs, by either spelling. Error: RpcError -32602 for a name that nothing has. */
export async function callTool(call: Call): Promise<JsonObject> {
  const { host, params } = call;
  const { name, arguments: input = {}, task } = params;
  if (typeof name !== 'string') throw badParams('tools/call needs a name');
  if (!isObject(input)) throw badParams('arguments must be an object');
  const management = managementTool(name);
  if (management) return management.run(input, call);
  const meta = isObject(params['_meta']) ? params['_meta'] : {};
  const id = host.ours ? meta[JOB_META_KEY] : undefined;
  const request: RunRequest = { name, input, ...(typeof id === 'string' ? { jobId: id } : {}) };
  try {
    // A command of ours that has no record waits for the result: a task would be a job of its own.
    const mayBeTask = call.tasks && (!host.ours || request.jobId !== undefined);
    if (call.modern) return mayBeTask ? await briefly(call, request) : await inline(call, request);
    if (!isObject(task)) return await inline(call, request);
    if (!call.tasks) throw badParams('this version of the protocol has no tasks');
    return { task: legacyTask(await begin(call, request)) };
  } catch (error) {
    const code = error instanceof UsageError ? CODE.params : CODE.internal;
    if (!isRefusal(error)) throw error;
    // Our own commands have exit codes for these.
    if (host.ours || error.code === 'unknown_entry')
      throw new RpcError(code, error.message, { data: { code: error.code } });
    return { ...failureOf(error) };
  }
}

/** The call runs as long as its request. */
async function inline({ host, signal, notify, ...call }: Call, request: RunRequest): Promise<JsonObject> {
  return host.provider.run(request, { signal, ...toldEvents(call, request.name, notify) });
}

/** The run's state as it begins. What it tells goes on to the client as long as that is there. */
async function begin(call: Call, request: RunRequest): Promise<RunStatus> {
  const { provider } = call.host;
  const { runId } = await provider.submit(request);
  const status = (await provider.status(runId)) as RunStatus;
  call.afterwards(async (tell, signal) => {
    const events = toldEvents(call, request.name, tell, { [RELATED_TASK_META_KEY]: { taskId: runId } });
    if (!events.onProgress && !events.onLog) return;
    await provider.follow(runId, { signal, ...events });
  });
  return status;
}

/**
 * 2026-07-28: the server decides. A run that ends at once is answered with its result, any other is a task, and goes on if the client does not wait
 * for that.
 */
async function briefly(call: Call, request: RunRequest): Promise<JsonObject> {
  const { provider } = call.host;
  const { runId } = await provider.submit(request);
  const limit = AbortSignal.timeout(AT_ONCE_MS);
  const signal = AbortSignal.any([call.signal, limit]);
  try {
    const events = toldEvents(call, request.name, call.notify);
    const ended = await provider.follow(runId, { signal, ...events });
    // What has no result, a task can tell; the answer to a call cannot.
    if (ended.result === undefined) return { resultType: 'task', ...modernTask(ended) };
    return resultOf(ended);
  } catch (error) {
    if (!limit.aborted || call.signal.aborted) throw error;
    return { resultType: 'task', ...modernTask((await provider.status(runId)) as RunStatus) };
  }
}
