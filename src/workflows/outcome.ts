/** How a workflow ends, in the shape that job servers have for it. Pure. */
import type { JobError } from '../jobs/record.ts';
import { stringifyJson } from '../lib/json/exact-json.ts';
import { setOwn } from '../lib/json/json.ts';
import type { StepStates, StepStatus, Workflow } from './workflow.ts';

/** The error of a workflow of which a step has failed that was not let pass; null when all is well. */
export function failureOf({ steps }: Workflow, states: StepStates): JobError | null {
  const failed = steps.filter(({ id, continueOnError }) => {
    const state = states.get(id)?.state;
    return !continueOnError && (state === 'failed' || state === 'canceled' || state === 'lost');
  });
  const [first] = failed;
  if (first === undefined) return null;
  const why = states.get(first.id)?.error?.message;
  const more = failed.length > 1 ? ` (and ${failed.length - 1} more)` : '';
  return {
    code: 'step_failed',
    message: `step ${first.id} failed${why === undefined ? '' : `: ${why}`}${more}`,
    step: first.id,
  };
}

/** The CallToolResult of a workflow: every step with its state, its outputs or its error. */
export function workflowResult(
  { name, steps }: Workflow,
  states: StepStates,
  state: 'completed' | 'failed' | 'canceled',
): Record<string, unknown> {
  const stepResults = {};
  for (const { id } of steps) setOwn(stepResults, id, stepResult(states.get(id)));
  const structuredContent = { workflowName: name, state, stepResults };
  return {
    content: [{ type: 'text', text: stringifyJson(structuredContent) }],
    structuredContent,
    ...(state === 'completed' ? {} : { isError: true }),
  };
}

/** A step as `.steps.ID` of expressions and as `stepResults` have it. */
export function stepResult(status: StepStatus | undefined): Record<string, unknown> {
  if (status === undefined) return { state: 'pending' };
  const { state, outputs, error } = status;
  return {
    state,
    ...(outputs === undefined ? {} : { outputs }),
    ...(error == null ? {} : { error: { code: error.code, message: error.message } }),
  };
}
