/** What is to be done next in a workflow. Pure: the same states give the same answer, in whichever process. */
import type { Step, StepStates, StepStatus, Workflow } from './workflow.ts';

export interface Next {
  /** Steps whose turn has come. A condition is asked as the first thing of a step that begins, and takes up its place meanwhile. */
  start: readonly Step[];
  /** Steps that can never run, as one before them has failed. */
  skip: readonly Step[];
  /** Every step is over, once `skip` is done. */
  done: boolean;
}

/** A step begins as soon as all that it waits for is over and there is room for it. */
export function next({ steps, maxConcurrency }: Workflow, states: StepStates): Next {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const now = new Map<string, StepStatus>(states);
  const skip: Step[] = [];
  // A step may stand before one that it waits for.
  for (let before = -1; before < skip.length; ) {
    before = skip.length;
    for (const step of steps) {
      if (now.has(step.id) || !step.dependsOn.some((id) => holdsUp(byId.get(id), now.get(id)))) continue;
      now.set(step.id, { state: 'skipped', blocked: true });
      skip.push(step);
    }
  }
  const running = [...now.values()].filter(({ state }) => state === 'running').length;
  const ready = steps.filter(
    ({ id, dependsOn }) => !now.has(id) && dependsOn.every((other) => isOver(now.get(other))),
  );
  const start = ready.slice(0, Math.max(0, maxConcurrency - running));
  return { start, skip, done: running === 0 && ready.length === 0 };
}

function isOver(status: StepStatus | undefined): boolean {
  return status !== undefined && status.state !== 'running';
}

/** Whether nothing behind this step may run: a step that its own condition has skipped counts as completed. */
function holdsUp(step: Step | undefined, status: StepStatus | undefined): boolean {
  if (status === undefined || status.state === 'running' || status.state === 'completed') return false;
  if (status.state === 'skipped') return status.blocked === true;
  return step?.continueOnError !== true;
}
