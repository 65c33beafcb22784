/** What a workflow is: steps that run one after the other or side by side, by what each waits for. Pure. */

import type { JobError, StepState } from '../jobs/record.ts';
import type { RetryPolicy } from '../jobs/retry.ts';

/** Steps that run at once, unless the workflow says otherwise. */
export const MAX_CONCURRENCY = 5;

/** How long a whole run may take, in milliseconds, unless the workflow says otherwise. */
export const WORKFLOW_TIMEOUT_MS = 10 * 60_000;

export interface Step {
  /** What other steps know it by. */
  id: string;
  /** What it runs: a job, a tool, a definition. */
  jobName: string;
  /** Steps that must be over before it begins. */
  dependsOn: readonly string[];
  /** Whether it runs is decided when its turn has come. */
  hasCondition: boolean;
  /** Its failure holds up nothing behind it, and does not fail the workflow. */
  continueOnError: boolean;
  /** How long one attempt may take, in milliseconds. */
  timeoutMs?: number | undefined;
  /** Without it there is one attempt. */
  retry?: RetryPolicy | undefined;
}

export interface Workflow {
  name: string;
  steps: readonly Step[];
  /** Steps under way at once. */
  maxConcurrency: number;
  /** How long a run may take in all, in milliseconds; undefined: no limit. */
  timeoutMs: number | undefined;
}

/** What has become of a step. One that has not begun has none. */
export interface StepStatus {
  state: Exclude<StepState, 'pending'>;
  /** It was skipped for a step before it that has failed, not by its own condition. */
  blocked?: boolean | undefined;
  attempt?: number | undefined;
  outputs?: unknown;
  error?: JobError | null | undefined;
}

export type StepStates = ReadonlyMap<string, StepStatus>;

/** For each step all that it waits for, also through others. */
export function ancestorsOf({ steps }: Pick<Workflow, 'steps'>): Map<string, ReadonlySet<string>> {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const known = new Map<string, ReadonlySet<string>>();
  for (const { id } of steps) {
    // By hand rather than by recursion: a chain may be longer than the stack is deep.
    const found = new Set<string>();
    const rest = [...(byId.get(id)?.dependsOn ?? [])];
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      if (found.has(next)) continue;
      found.add(next);
      const there = known.get(next);
      if (there) for (const one of there) found.add(one);
      else rest.push(...(byId.get(next)?.dependsOn ?? []));
    }
    known.set(id, found);
  }
  return known;
}

/** What a step may look at: what has become of the steps that it waits for, so that the outcome does not hang on which of the others was faster. */
export function visibleTo(ancestors: ReadonlySet<string>, states: StepStates): StepStates {
  return new Map([...states].filter(([id]) => ancestors.has(id)));
}
