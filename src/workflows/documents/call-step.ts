/** One attempt of a step that calls a tool of the server. */
import { withFixed } from '../../catalog/fixed-arguments.ts';
import { CliError, IoError, RpcError, UsageError } from '../../errors.ts';
import type { JobDeps, JobEvents } from '../../jobs/deps.ts';
import { dialectOf } from '../../jobs/dialects.ts';
import { taskEnd } from '../../jobs/follow/follow-task.ts';
import { endOfFailure, endOfResult } from '../../jobs/job-end.ts';
import type { ServerLink, ToolCall } from '../../jobs/ports.ts';
import { withAnswers } from '../../jobs/questions/attend.ts';
import type { JobEnd, JobRecord, PendingInput, TaskFact } from '../../jobs/record.ts';
import { isObject, type JsonObject, own } from '../../lib/json/json.ts';
import { stopAfter } from '../../lib/stop.ts';
import { validateArguments } from '../../tools/flags/validate.ts';
import { markedValues } from '../../tools/schema/header-marks.ts';
import { StepFailure } from '../run.ts';
import type { PlannedCall, PlannedTool } from './plan.ts';

/** How long the server may take to hear that a task is not wanted any more, in milliseconds. */
const CANCEL_MS = 2_000;

/** A link that has no other call under way. */
export interface StepLink {
  link: ServerLink;
  /** `keepSession`: a task lives on in its session. */
  release(keepSession: boolean): void | Promise<void>;
}

export interface StepCall {
  deps: JobDeps;
  /** The workflow's job. */
  job: JobRecord;
  step: PlannedCall;
  tool: PlannedTool | undefined;
  openLink(signal: AbortSignal): Promise<StepLink>;
  events: JobEvents;
  /** The server has made a task of the call: it goes on record before anything else happens. */
  onTask(fact: TaskFact): Promise<void>;
  /** Questions of this step that are open. Resolves when they are on record. */
  onOpen(open: PendingInput[]): Promise<void>;
}

/**
 * Sends the call once, follows the task that the server may make of it, and resolves with what the tool has answered. `held`: the task of an attempt
 * whose process is gone; it is driven to its end instead of a new call. Error: StepFailure.
 */
export async function callStep(
  call: StepCall,
  input: JsonObject,
  signal: AbortSignal,
  held?: TaskFact,
): Promise<unknown> {
  const prepared = await prepareStep(call, input, signal);
  const { deps } = call;
  // A question that nobody answers ends the attempt, not the workflow's other steps.
  using stop = stopAfter(deps.clock, signal, undefined, '');
  let lease: StepLink | undefined;
  let keepSession = false;
  try {
    lease = await call.openLink(stop.signal);
    const { link } = lease;
    let end = held && (await follow(call, link, held, stop));
    // What became of the task cannot be learned any more; that the workflow was resumed is the word for another call.
    if (end === undefined || end.status === 'lost') {
      const mode = link.taskMode(prepared);
      const asTask = mode.holdable || mode.tasks === 'required';
      const submission = await withAnswers(
        deps,
        link,
        { stop, onOpen: call.onOpen, onAnswered: call.events.onAnswered },
        () =>
          asTask
            ? link.submit(prepared, { signal: stop.signal })
            : link.call(prepared, { signal: stop.signal }),
      );
      if (submission.kind === 'result') end = endOfResult(submission.result, deps.clock);
      else {
        keepSession = true;
        const fact = { ...submission.fact, accepted_at: deps.clock.now().toISOString() };
        await call.onTask(fact);
        end = await follow(call, link, fact, stop);
      }
    }
    return await outputsOf(end, call, stop.signal);
  } catch (error) {
    throw failureOf(error, call, stop.signal);
  } finally {
    await call.onOpen([]);
    await lease?.release(keepSession);
  }
}

/** The call, checked before anything is sent. Error: StepFailure that no other attempt would mend. */
export async function prepareStep(
  { step, tool }: Pick<StepCall, 'step' | 'tool'>,
  input: JsonObject,
  signal: AbortSignal,
): Promise<ToolCall> {
  const { input_schema: inputSchema } = tool ?? {};
  const wrong = (message: string) => new StepFailure({ code: 'invalid_input', message }, { mayRetry: false });
  let args = input;
  try {
    if (step.fixed) args = withFixed(input, step.fixed);
  } catch (error) {
    if (error instanceof UsageError) throw wrong(error.message);
    throw error;
  }
  if (inputSchema !== undefined) {
    const { problems } = await validateArguments({ name: step.tool, inputSchema }, args, { signal });
    if (problems.length > 0)
      throw wrong(problems.map(({ message }) => message.replace(/^--/, '')).join('; '));
  }
  const mirrored = step.via_tool === undefined ? markedValues(inputSchema, args) : {};
  return {
    name: step.tool,
    arguments: args,
    viaTool: step.via_tool,
    ...(Object.keys(mirrored).length > 0 ? { mirrored } : {}),
  };
}

/** Whether the task of an attempt whose process is gone can be found again from here. */
export function canFollow({ backend, session }: TaskFact): boolean {
  return session.transport !== 'stdio' && dialectOf(backend).outlivesSession;
}

/** The task's end, wherever it leads; a task that is given up is cancelled at the server. */
async function follow(
  { deps, job, events, onOpen }: StepCall,
  link: ServerLink,
  fact: TaskFact,
  stop: ReturnType<typeof stopAfter>,
): Promise<JobEnd> {
  const { backend, remote_task_id, session, remote } = fact;
  let kept = Promise.resolve();
  const recorder = {
    now: ({ pending_input }: { pending_input?: PendingInput[] }) => {
      if (pending_input) kept = onOpen(pending_input);
    },
    seen() {},
    progress() {},
    tick() {},
    withLast: (end: JobEnd) => end,
    written: () => kept,
  };
  try {
    const task = { ...job, backend, remote_task_id, session, remote, holder: null };
    return await taskEnd(deps, task, { stop, events: { ...events, onChange: () => {} }, link, recorder });
  } catch (error) {
    if (stop.signal.aborted && dialectOf(backend).cancels)
      await link
        .backend(backend)
        .cancel(remote_task_id, { timeoutMs: CANCEL_MS })
        .catch(() => {});
    throw error;
  }
}

/**
 * What a tool has answered, as later steps see it: its structuredContent, or else its text, with the whole content where that is more. Error: StepFailure for an end that is no
 * success.
 */
export async function outputsOf(
  end: JobEnd,
  { tool }: Pick<StepCall, 'tool'>,
  signal: AbortSignal,
): Promise<unknown> {
  const outputs = end.result === undefined ? undefined : answerOf(end.result);
  if (end.status !== 'completed') {
    const { code = end.status, message = `the task is ${end.status}` } = end.error ?? {};
    const said = code === 'tool_error' ? textOfAnswer(end.result) : undefined;
    throw new StepFailure({ ...end.error, code, message: said || message }, { outputs });
  }
  if (tool?.output_schema !== undefined) {
    const { checkOutput } = await import('../../tools/flags/check-output.ts');
    const { problem } = await checkOutput(tool.output_schema, end.result, signal);
    if (problem !== undefined) {
      const message = `the result breaks the tool's outputSchema: ${problem}`;
      throw new StepFailure({ code: 'output_invalid', message }, { mayRetry: false, outputs });
    }
  }
  return outputs;
}

function answerOf(result: unknown): unknown {
  if (!isObject(result)) return result;
  const structured = own(result, 'structuredContent');
  if (structured !== undefined) return structured;
  const content = own(result, 'content');
  const text = textOfAnswer(result) ?? '';
  const isText = Array.isArray(content) && content.every((part) => isObject(part) && part['type'] === 'text');
  return isText ? { text } : { text, content: content ?? [] };
}

/** The texts of a result, a line each. */
function textOfAnswer(result: unknown): string | undefined {
  const content = isObject(result) ? own(result, 'content') : undefined;
  if (!Array.isArray(content)) return undefined;
  const texts = content.filter((part) => isObject(part) && typeof part['text'] === 'string');
  return texts.map((part) => part['text']).join('\n');
}

/** JSON-RPC's "invalid params": the next attempt would be refused like this one. */
const INVALID_PARAMS = -32602;

function failureOf(error: unknown, { deps }: StepCall, signal: AbortSignal): unknown {
  if (error instanceof StepFailure || error instanceof IoError) return error;
  // The attempt's own time, the workflow's end, or a question that nobody answers.
  if (signal.aborted && !(error instanceof CliError)) return signal.reason;
  const { error: told } = endOfFailure(error, deps.clock);
  const mayRetry = !(error instanceof RpcError) || error.rpcCode !== INVALID_PARAMS;
  return new StepFailure(told ?? { code: 'failed', message: String(error) }, { mayRetry });
}
