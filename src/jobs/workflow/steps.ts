/** What the facts about a workflow's steps mean together. Pure. */
import { UsageError } from '../../errors.ts';
import {
  isTerminal,
  type JobRecord,
  type JobStatus,
  type StepFact,
  type StepRecord,
  type WorkflowPlan,
} from '../record.ts';

/** The steps in the order of the plan. `facts`: all rounds, oldest first. `status` is the job's. */
export function stepsOf(plan: WorkflowPlan, facts: readonly StepFact[], status: JobStatus): StepRecord[] {
  const steps = new Map<string, StepRecord>(
    plan.steps.map(({ id, name, depends_on }) => [
      id,
      {
        id,
        name,
        depends_on,
        state: 'pending',
        attempt: 0,
        started_at: null,
        finished_at: null,
        error: null,
      },
    ]),
  );
  for (const fact of facts) {
    const step = steps.get(fact.step);
    if (step) steps.set(fact.step, after(step, fact));
  }
  // Whoever ends a run ends its steps: one that is still under way had its process killed.
  if (isTerminal(status))
    for (const step of steps.values())
      if (step.state === 'running') {
        step.state = 'lost';
        step.error ??= {
          code: 'holder_gone',
          message: 'the process that ran it is gone; its outcome is unknown',
        };
      }
  return [...steps.values()];
}

function after(
  step: StepRecord,
  { state, at, attempt, task, job_id, blocked, outputs, error }: StepFact,
): StepRecord {
  const { id, name, depends_on } = step;
  const begun = state === 'running';
  // The task of an attempt is a fact of its own behind the attempt's start.
  const same = begun && task !== undefined && step.state === 'running';
  return {
    id,
    name,
    depends_on,
    state,
    attempt: attempt ?? (begun || step.state === 'running' ? step.attempt : 0),
    started_at:
      begun && !same && attempt === 1 ? at : begun || step.state === 'running' ? step.started_at : null,
    finished_at: begun ? null : at,
    ...(blocked ? { blocked } : {}),
    ...(task ? { task } : {}),
    ...(job_id ? { job_id } : {}),
    ...(outputs === undefined ? {} : { outputs }),
    error: error ?? null,
  };
}

/** How many steps are over, of all: what a list has of them. */
export function stepsOver(steps: readonly Pick<StepRecord, 'state'>[]): number {
  return steps.filter(({ state }) => state !== 'pending' && state !== 'running').length;
}

/**
 * The steps that a resumed run takes over: those that have completed, with all that they were built on (a failure that was let pass may be among
 * it), and those that their conditions have skipped, as long as nothing that they wait for is run again. All others begin anew.
 */
export function keptSteps(steps: readonly StepRecord[]): StepRecord[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const kept = new Set<string>();
  const rest = steps.filter(({ state }) => state === 'completed').map(({ id }) => id);
  for (let id = rest.pop(); id !== undefined; id = rest.pop()) {
    if (kept.has(id)) continue;
    kept.add(id);
    rest.push(...(byId.get(id)?.depends_on ?? []));
  }
  for (let before = -1; before < kept.size; ) {
    before = kept.size;
    for (const { id, depends_on, state, blocked } of steps)
      if (state === 'skipped' && !blocked && depends_on.every((other) => kept.has(other))) kept.add(id);
  }
  // What a changed file has put before a step that has completed is yet to run.
  return steps.filter(({ id, state, finished_at }) => {
    // One that was found to be lost in the run, and was let pass, has an end; one whose process was killed has none.
    const isOpen = state === 'pending' || (state === 'lost' && finished_at === null);
    return kept.has(id) && !isOpen;
  });
}

/** Error: UsageError for what cannot be gone on with. */
export function checkResumable(
  { job_id, status }: JobRecord,
  plan: WorkflowPlan | undefined,
): asserts plan is WorkflowPlan {
  if (plan === undefined)
    throw new UsageError(`${job_id} is no workflow of this program: only those can be resumed`, {
      code: 'not_resumable',
      hint: 'make its call again, as a new job, with: jobs rerun',
    });
  if (status === 'completed')
    throw new UsageError(`${job_id} has completed: there is nothing to resume`, { code: 'not_resumable' });
  if (!isTerminal(status))
    throw new UsageError(`${job_id} is ${status}: it goes on by itself`, {
      code: 'not_resumable',
      hint: `wait for it with: jobs wait ${job_id}`,
    });
}
