/** What a step's expressions come to. */

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

/** What `jq -c` prints for a document. Error: JqError. */
export type Jq = (json: string, expression: string) => Promise<string>;

/** Whether a condition holds: what jq takes for true. Nothing at all is false. Error: JqError. */
export async function conditionHolds(
  jq: Jq,
  condition: string,
  input: JsonObject,
  states: StepStates,
): Promise<boolean> {
  const lines = await valuesOf(jq, condition, input, states);
  return lines.length > 0 && lines.every((line) => line !== 'false' && line !== 'null');
}

/** A step's arguments. Errors: JqError, Error for anything but one object. */
export async function stepInput(
  jq: Jq,
  given: string | JsonObject | undefined,
  input: JsonObject,
  states: StepStates,
): Promise<JsonObject> {
  if (typeof given !== 'string') return given ?? {};
  const lines = await valuesOf(jq, given, input, states);
  const value = lines.length === 1 ? parseJson(lines[0] ?? '') : undefined;
  if (isObject(value)) return value;
  const what = lines.length === 1 ? lines[0]?.slice(0, 80) : `${lines.length} values`;
  throw new Error(`its input must come to one object, and came to ${what}`);
}

/** The values of an expression, each as JSON. */
async function valuesOf(
  jq: Jq,
  expression: string,
  input: JsonObject,
  states: StepStates,
): Promise<string[]> {
  const text = await jq(contextOf(input, states), expression);
  return text.split('\n').filter((line) => line !== '');
}
