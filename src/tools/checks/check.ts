/** One check of a value by a JSON Schema, wherever it runs: in place, or in a thread of its own. */

import type { ArgumentProblem } from '../flags/explain.ts';
import type { JsonSchema } from '../tool.ts';
import {
  isQuickToCompile,
  isQuickToTell,
  isTooLong,
  LONGEST_SCHEMA,
  STEPS_IN_PLACE,
} from './check-budget.ts';
import { type PlainCheck, plainCheck } from './check-plain.ts';
import type { Violation } from './violation.ts';

export interface CheckTask {
  schema: unknown;
  value: unknown;
  /** Only what stays wrong whatever is added to the value. */
  unmendable?: boolean;
}

/** Violations, and the schema that they point into. */
interface Checked {
  violations: readonly Violation[];
  schema: unknown;
}

/**
 * The problems of a value, in words, however much work that is. Throws what makes the schema unusable: for a thread of its own, or for a check
 * that is known to be small.
 */
export async function problemsAtAnyCost(task: CheckTask): Promise<ArgumentProblem[]> {
  const checked = await check(task, plainCheck(task.schema));
  return checked ? tell(task, checked) : [];
}

/** The same, but undefined as soon as it turns out to be more work than is done in place. */
export async function problemsInPlace(task: CheckTask): Promise<ArgumentProblem[] | undefined> {
  const { schema, value } = task;
  const plain = plainCheck(schema);
  if (!plain && isTooLong(schema))
    throw new Error(`it is longer than ${LONGEST_SCHEMA / 1024} KiB, which are not compiled`);
  if (!plain && !isQuickToCompile(schema, value)) return undefined;
  const checked = await check(task, plain, STEPS_IN_PLACE);
  if (!checked || !isQuickToTell(checked.violations.length, schema, value)) return undefined;
  return tell(task, checked);
}

/** Undefined when it takes more steps. */
async function check(
  { schema, value }: CheckTask,
  plain: PlainCheck | undefined,
  steps?: number,
): Promise<Checked | undefined> {
  if (plain) {
    const violations = plain(value, steps);
    return violations && { violations, schema };
  }
  const engine = await (await import('./check-ajv.ts')).compileSchema(schema);
  return { violations: engine.check(value), schema: engine.schema };
}

async function tell({ schema, value, unmendable }: CheckTask, checked: Checked): Promise<ArgumentProblem[]> {
  // Most values are right.
  if (checked.violations.length === 0) return [];
  const { explain } = await import('../flags/explain.ts');
  if (!unmendable) return explain(checked.violations, value, schema as JsonSchema, checked.schema);
  const { isConclusive } = await import('../schema/partial.ts');
  return explain(checked.violations, value, schema as JsonSchema, checked.schema, (finding) =>
    isConclusive(finding, value),
  );
}
