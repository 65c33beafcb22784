/** What a step's expressions come to. */

import { runJq } from '../../lib/jq/jq.ts';
import { parseJson, stringifyJson } from '../../lib/json/exact-json.ts';
import { isObject, type JsonObject, setOwn } from '../../lib/json/json.ts';
import { stepResult } from '../outcome.ts';
import type { StepStates } from '../workflow.ts';

/** What expressions are over: `.input` of the workflow, and `.steps.ID.outputs|state|error` of the steps before. */
function contextOf(input: JsonObject, states: StepStates): string {
  const steps = {};
  for (const [id, status] of states) setOwn(steps, id, stepResult(status));
  return stringifyJson({ input, steps });
}

/** Whether a condition holds: what jq takes for true. Nothing at all is false. Error: JqError. */
export function conditionHolds(condition: string, input: JsonObject, states: StepStates): boolean {
  const lines = valuesOf(condition, input, states);
  return lines.length > 0 && lines.every((line) => line !== 'false' && line !== 'null');
}

/** A step's arguments. Errors: JqError, Error for anything but one object. */
export function stepInput(
  given: string | JsonObject | undefined,
  input: JsonObject,
  states: StepStates,
): JsonObject {
  if (typeof given !== 'string') return given ?? {};
  const lines = valuesOf(given, input, states);
  const value = lines.length === 1 ? parseJson(lines[0] ?? '') : undefined;
  if (isObject(value)) return value;
  const what = lines.length === 1 ? lines[0]?.slice(0, 80) : `${lines.length} values`;
  throw new Error(`its input must come to one object, and came to ${what}`);
}

/** The values of an expression, each as JSON. */
function valuesOf(expression: string, input: JsonObject, states: StepStates): string[] {
  return runJq(contextOf(input, states), expression, ['-c'])
    .split('\n')
    .filter((line) => line !== '');
}
