import { UsageError } from '../../../errors.ts';
import { isTerminal } from '../../../jobs/record.ts';
import { isObject, type JsonObject } from '../../../lib/json/json.ts';
import type { RunStatus, ServedResult } from '../../provider.ts';
import type { Call } from '../call.ts';
import { toldEvents } from '../events.ts';
import { answerOf, failureOf } from '../host.ts';

/** How long `wait_for_job` waits unless it is told otherwise, in seconds: most hosts cut a call off after a minute. */
const WAIT_S = 30;

/** `execute_job`, `execute_workflow`. In the background the answer comes as soon as the run is on record. */
export async function execute(kind: 'job' | 'workflow', input: JsonObject, call: Call): Promise<JsonObject> {
  const { provider } = call.host;
  const name = String(input['name']);
  const given = isObject(input['input']) ? input['input'] : {};
  const entry = (await provider.list()).find((one) => one.name === name);
  if (!entry || (kind === 'workflow' && entry.kind !== 'workflow')) throw notFound(kind, name);
  const { runId } = await provider.submit({ name, input: given });
  if (input['background'] === true) return { ...answerOf({ runId, state: 'pending' }) };
  let run: RunStatus;
  try {
    run = await provider.follow(runId, { signal: call.signal, ...toldEvents(call, name, call.notify) });
  } catch (error) {
    // Nobody waits for it any more, and nobody has its id.
    if (call.signal.aborted) await provider.cancel(runId);
    throw error;
  }
  if (run.status !== 'completed') return failed(run, name);
  return { ...answerOf({ runId, state: 'completed', result: outputOf(run.result), logs: logLines(run) }) };
}

function notFound(kind: 'job' | 'workflow', name: string): UsageError {
  const what = kind === 'job' ? 'Job' : 'Workflow';
  return new UsageError(`${what} ${JSON.stringify(name)} not found`, { code: 'unknown_entry' });
}

/** A run that failed is told with its id and its logs, so that whoever asked can look further. */
function failed(run: RunStatus, name: string): JsonObject {
  const { error, runId } = run;
  const text = error?.message ?? `${name} ${run.status}`;
  const failure = failureOf(new Error(text));
  const value = run.result && outputOf(run.result);
  return {
    ...failure,
    content: [{ type: 'text', text: typeof value === 'string' && value !== '' ? value : text }],
    structuredContent: statusValue(run),
    _meta: { code: error?.code === 'invalid_input' ? 'INVALID_INPUT' : 'TOOL_EXECUTION_ERROR', runId },
  };
}

export async function runStatus(input: JsonObject, call: Call): Promise<JsonObject> {
  return { ...answerOf(statusValue(await known(input, call))) };
}

export async function workflowStatus(input: JsonObject, call: Call): Promise<JsonObject> {
  const run = await known(input, call);
  const { runId, state, startedAt, completedAt, result, error } = statusValue(run);
  const steps = Object.fromEntries((run.steps ?? []).map(({ id, ...step }) => [id, step]));
  const stepResults = isObject(result) && isObject(result['stepResults']) ? result['stepResults'] : steps;
  const value = { runId, workflowName: run.name, state, stepResults, error, startedAt, completedAt };
  return { ...answerOf(defined(value)) };
}

/** Returns the status when the run has ended, or the time is up. */
export async function waitForRun(input: JsonObject, call: Call): Promise<JsonObject> {
  const { provider } = call.host;
  const run = await known(input, call);
  const seconds = typeof input['timeoutSeconds'] === 'number' ? input['timeoutSeconds'] : WAIT_S;
  if (isTerminal(run.status)) return { ...answerOf(statusValue(run)) };
  const limit = AbortSignal.timeout(Math.max(0, Math.round(seconds * 1000)));
  const signal = AbortSignal.any([call.signal, limit]);
  try {
    const events = toldEvents(call, run.name, call.notify);
    return { ...answerOf(statusValue(await provider.follow(run.runId, { signal, ...events }))) };
  } catch (error) {
    if (!limit.aborted || call.signal.aborted) throw error;
    return { ...answerOf(statusValue(await known(input, call))) };
  }
}

export async function cancelRun(input: JsonObject, call: Call): Promise<JsonObject> {
  const { runId } = await known(input, call);
  return { ...answerOf(statusValue(await call.host.provider.cancel(runId))) };
}

export async function runsList({ limit }: JsonObject, { host }: Call): Promise<JsonObject> {
  const runs = await host.provider.runs(typeof limit === 'number' ? limit : 20);
  const lines = runs.map((run) => {
    const { logs: _, result: _result, ...line } = statusValue(run);
    return line;
  });
  return { ...answerOf({ runs: lines, count: lines.length }) };
}

async function known({ runId }: JsonObject, { host }: Call): Promise<RunStatus> {
  const run = await host.provider.status(String(runId));
  if (!run) throw new UsageError(`Run ${JSON.stringify(runId)} not found`, { code: 'unknown_job' });
  return run;
}

/** A run as job servers tell it: times in milliseconds of the epoch. */
function statusValue(run: RunStatus): JsonObject {
  const { runId, name, error, attempt, startedAt, finishedAt, progress, result, steps } = run;
  return defined({
    runId,
    jobName: name,
    state: stateOf(run),
    result: result && !result.isError ? outputOf(result) : workflowResult(result),
    error: error ? { ...error, name: error.code } : undefined,
    startedAt: Date.parse(startedAt),
    completedAt: finishedAt === null ? undefined : Date.parse(finishedAt),
    attempt,
    progress: progress ?? undefined,
    steps,
    logs: logLines(run),
  });
}

/** What a failed run has to show beside its error: the steps of a workflow. */
function workflowResult(result: ServedResult | undefined): unknown {
  return isObject(result?.structuredContent) && isObject(result.structuredContent['stepResults'])
    ? result.structuredContent
    : undefined;
}

/** Job servers have no word for a cancelled run, and none for one whose outcome cannot be learned: that has failed, as far as they tell. */
function stateOf({ status, retrying }: RunStatus): string {
  if (retrying) return 'retrying';
  if (status === 'queued') return 'pending';
  if (status === 'lost') return 'failed';
  return status === 'input_required' ? 'running' : status;
}

/** What a job returned, of the result that a tool's call has. */
function outputOf(result: ServedResult | undefined): unknown {
  if (!result) return undefined;
  if (result.structuredContent !== undefined) return result.structuredContent;
  const [first, ...rest] = result.content;
  if (isObject(first) && first['type'] === 'text' && rest.length === 0) return first['text'];
  return result.content.length === 0 ? undefined : { content: result.content };
}

function logLines({ logs }: RunStatus): string[] {
  return logs.map(({ time, text }) => (time === null ? text : `[${time}] ${text}`));
}

function defined(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined));
}
