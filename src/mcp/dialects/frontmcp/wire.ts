/**
 * What the tools of a FrontMCP job server answer (docs/frontmcp.md): a CallToolResult whose structured content, and whose text, is the
 * answer; failures are `isError` results with a code in `_meta`.
 */
import { ProtocolError } from '../../../errors.ts';
import type { Snapshot } from '../../../jobs/ports.ts';
import { type JobError, statusFromRemote } from '../../../jobs/record.ts';
import { cutState, cutText } from '../../../lib/caps.ts';
import { parseJson } from '../../../lib/json/exact-json.ts';
import { isObject, type JsonObject, textAt } from '../../../lib/json/json.ts';
import type { Reply } from '../reply.ts';
import { resultText, stringAt } from '../wire.ts';

export type RunAnswer =
  | { kind: 'answer'; value: JsonObject }
  | { kind: 'failure'; code: string; message: string };

/** Error: ProtocolError for anything but an object or a failure. */
export function readRunAnswer(result: unknown, tool: string): RunAnswer {
  if (!isObject(result)) throw new ProtocolError(`unexpected answer to ${tool}: not an object`);
  if (result['isError'] === true) {
    const meta = isObject(result['_meta']) ? result['_meta'] : {};
    const message = withoutStack(resultText(result));
    return { kind: 'failure', code: stringAt(meta, 'code') ?? '', message: message || `${tool} failed` };
  }
  const { structuredContent } = result;
  const value = isObject(structuredContent) ? structuredContent : parsed(resultText(result));
  if (!isObject(value)) throw new ProtocolError(`unexpected answer to ${tool}: no object in it`);
  return { kind: 'answer', value };
}

/** Outside of production the server's own stack follows the message, which is nobody's business here. */
function withoutStack(text: string): string {
  return (text.split('\n\nOriginal error:')[0] ?? '').trim();
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/**
 * What became of the request for a run: the run, or a refusal, which is the result. Error: ProtocolError for any other answer, such as one
 * without a run id: what was started then, if anything, cannot be asked about.
 */
export function readRun(result: unknown, tool: string): Reply {
  const answer = readRunAnswer(result, tool);
  if (answer.kind === 'failure')
    return {
      kind: 'result',
      result: { ...(result as JsonObject), content: [{ type: 'text', text: answer.message }] },
    };
  const runId = stringAt(answer.value, 'runId');
  if (!runId)
    throw new ProtocolError(`unexpected answer to ${tool}: no runId, whether something runs is not known`);
  return { kind: 'task', backend: 'frontmcp', taskId: runId, snapshot: runSnapshot(answer.value) };
}

/** A run as `execute_job` and `get_job_status` tell it. */
export function runSnapshot(run: JsonObject): Snapshot {
  const { result: _, ...remote } = run;
  const remoteStatus = stringAt(run, 'state') ?? null;
  const named = statusFromRemote(remoteStatus);
  // Such a run asks nothing, whatever it says.
  const status = named === 'input_required' ? 'running' : named;
  const attempt = run['attempt'];
  const base: Snapshot = {
    status,
    remote: cutState(remote),
    remoteStatus,
    ...(typeof attempt === 'number' && Number.isSafeInteger(attempt) && attempt > 0 ? { attempt } : {}),
  };
  if (status === 'completed') return { ...base, result: toolResult(run) };
  if (status !== 'failed' && status !== 'canceled') return base;
  const ended =
    run['result'] === undefined ? base : { ...base, result: { ...toolResult(run), isError: true } };
  return { ...ended, error: failure(run, status) };
}

/** What a run returned, in the form that a tool's result has (CallToolResult). A run may return nothing, or a value that is no object. */
function toolResult(run: JsonObject): JsonObject {
  const { result } = run;
  if (result === undefined) return { content: [] };
  return {
    content: [{ type: 'text', text: textAt(run, 'result') }],
    ...(isObject(result) ? { structuredContent: result } : {}),
  };
}

/** A job says what went wrong; of a workflow only the steps' states tell. */
function failure(run: JsonObject, status: 'failed' | 'canceled'): JobError {
  const { error, result } = run;
  if (status === 'canceled') return { code: 'canceled', message: 'the run was cancelled' };
  const said = isObject(error) ? stringAt(error, 'message') : error;
  const name = isObject(error) ? stringAt(error, 'name') : undefined;
  if (typeof said === 'string' && said !== '')
    return { code: 'tool_error', message: cutText(said), ...(name === undefined ? {} : { name }) };
  const steps = failedSteps(result);
  if (steps.length === 0) return { code: 'tool_error', message: 'the run failed' };
  return { code: 'tool_error', message: `step ${steps.join(' and ')} failed`, steps };
}

function failedSteps(result: unknown): string[] {
  const steps = isObject(result) ? result['stepResults'] : undefined;
  if (!isObject(steps)) return [];
  return Object.entries(steps)
    .filter(([, step]) => isObject(step) && step['state'] === 'failed')
    .map(([id]) => id);
}
