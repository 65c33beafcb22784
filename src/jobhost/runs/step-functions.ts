/** What flows between the steps of a workflow: functions of its file, which a thread runs, or the expressions of a document. */
import { PermissionError, UsageError } from '../../errors.ts';
import { JqThread } from '../../lib/jq/jq-thread.ts';
import { setOwn } from '../../lib/json/json.ts';
import { validateArguments } from '../../tools/flags/validate.ts';
import { conditionHolds, type Jq, stepInput } from '../../workflows/documents/expressions.ts';
import { stepResult } from '../../workflows/outcome.ts';
import type { StepStates } from '../../workflows/workflow.ts';
import type { LoadedStep, LoadedWorkflow } from '../files/loaded.ts';
import { invalidInput } from '../invalid-input.ts';
import type { AuthInfo } from '../library/options.ts';
import { attempt } from './attempt.ts';
import type { EvaluateOrder } from './messages.ts';
import type { RunnerDeps } from './run-job.ts';

/** How long a function of a step may take, in milliseconds: it is to decide, and not to work. */
const EVALUATE_MS = 30_000;

export interface StepFunctions {
  /** A step's condition, or the input that it makes of the steps before it. */
  evaluate(
    step: LoadedStep,
    what: 'condition' | 'input',
    states: StepStates,
    signal: AbortSignal,
  ): Promise<unknown>;
  /** Lets go of what evaluates. */
  close(): Promise<void>;
}

/** Checks the workflow's own input, and gives what its steps then ask. Errors: UsageError `invalid_input`, PermissionError. */
export async function stepFunctions(
  deps: RunnerDeps,
  {
    workflow,
    given,
    authInfo,
  }: { workflow: LoadedWorkflow; given: Record<string, unknown>; authInfo: AuthInfo },
  signal: AbortSignal,
): Promise<StepFunctions> {
  if (workflow.isDocument) return ofDocument(workflow, given, signal);
  const { file, name } = workflow;
  const ask = (order: Pick<EvaluateOrder, 'step' | 'what' | 'steps' | 'input'>, until: AbortSignal) =>
    evaluated(deps, { kind: 'evaluate', file, name, authInfo, ...order }, until);
  const checked = await ask({ step: '', what: 'check', steps: '{}', input: JSON.stringify(given) }, signal);
  const input = JSON.stringify(checked);
  return {
    async evaluate({ id, input: declared }, what, states, until) {
      if (what === 'input' && declared.kind !== 'function') return plainInput(declared);
      return ask({ step: id, what, steps: JSON.stringify(resultsOf(states)), input }, until);
    },
    async close() {},
  };
}

async function ofDocument(
  { name, inputSchema }: LoadedWorkflow,
  input: Record<string, unknown>,
  signal: AbortSignal,
): Promise<StepFunctions> {
  const { problems } = await validateArguments({ name, inputSchema }, input, { signal });
  if (problems.length > 0) throw invalidInput(problems);
  const thread = new JqThread();
  return {
    async evaluate({ input: declared, condition = 'true' }, what, states, until) {
      const jq: Jq = (json, expression) => thread.run(json, expression, until);
      if (what === 'condition') return conditionHolds(jq, condition, input, states);
      return declared.kind === 'jq'
        ? stepInput(jq, declared.expression, input, states)
        : plainInput(declared);
    },
    close: () => thread.close(),
  };
}

function plainInput(declared: LoadedStep['input']): Readonly<Record<string, unknown>> {
  return declared.kind === 'values' ? declared.values : {};
}

/** Errors: UsageError `invalid_input`, PermissionError, what the function throws. */
async function evaluated({ pool }: RunnerDeps, order: EvaluateOrder, signal: AbortSignal): Promise<unknown> {
  const silent = { onLog() {}, onProgress() {}, call: () => Promise.reject(new Error('no calls here')) };
  const end = await attempt(order, EVALUATE_MS, { pool, ...silent }, signal);
  switch (end.kind) {
    case 'output':
      return JSON.parse(end.output);
    case 'invalid_input':
      throw new UsageError(`${order.name}: ${end.message}`, { code: 'invalid_input' });
    case 'refused':
      throw new PermissionError(`${order.name} is not permitted: ${end.message}`);
    case 'threw':
    case 'gone':
      throw new Error(end.error.message);
    default:
      throw new Error(end.message);
  }
}

/** The steps so far as functions of users see them: `outputs` is always there. */
function resultsOf(states: StepStates): Record<string, unknown> {
  const results = {};
  for (const [id, status] of states) setOwn(results, id, { outputs: {}, ...stepResult(status) });
  return results;
}
