/** How the steps of a workflow go. */
import type { Step, StepResult } from './job.ts';

/** Steps that run at once, at most. */
const WIDTH = 5;

class WorkflowDagValidationError extends Error {
  override readonly name = 'WorkflowDagValidationError';
}

/**
 * Runs all steps whose dependencies are done, waits for all of these, and begins anew. What depends on a failed step is skipped; what
 * depends on a skipped one is run, odd as that is. Error: steps that cannot be put in an order, which nobody notices before they are run.
 */
export async function goThrough(
  steps: readonly Step[],
  input: Record<string, unknown> | undefined,
  runStep: (step: Step, input: Record<string, unknown>) => Promise<StepResult>,
): Promise<{ stepResults: Record<string, StepResult>; failed: boolean }> {
  validate(steps);
  const done = new Map<string, StepResult>();
  // A failed step that may fail counts as one that worked, except for its own state.
  const fatal = new Set<string>();

  async function run(step: Step): Promise<void> {
    try {
      const own = typeof step.input === 'function' ? step.input(done) : (step.input ?? input ?? {});
      done.set(step.id, await runStep(step, own));
    } catch {
      done.set(step.id, { outputs: {}, state: 'failed' });
      if (!step.continueOnError) fatal.add(step.id);
    }
  }

  while (done.size < steps.length) {
    const open = steps.filter((step) => !done.has(step.id));
    const ready = open.filter((step) => (step.dependsOn ?? []).every((id) => done.has(id) && !fatal.has(id)));
    if (ready.length > 0) {
      await Promise.all(ready.slice(0, WIDTH).map(run));
      continue;
    }
    const hopeless = open.filter((step) => step.dependsOn?.some((id) => fatal.has(id)));
    for (const { id } of hopeless) done.set(id, { outputs: {}, state: 'skipped' });
  }
  return { stepResults: Object.fromEntries(done), failed: fatal.size > 0 };
}

function validate(steps: readonly Step[]): void {
  const byId = new Map(steps.map((step) => [step.id, step]));
  if (byId.size < steps.length) throw new WorkflowDagValidationError('Workflow has duplicate step IDs');
  for (const { id, dependsOn = [] } of steps)
    for (const other of dependsOn)
      if (!byId.has(other))
        throw new WorkflowDagValidationError(`Step "${id}" depends on unknown step "${other}"`);

  const sound = new Set<string>();
  const visit = (id: string, above: readonly string[]): void => {
    if (sound.has(id)) return;
    if (above.includes(id))
      throw new WorkflowDagValidationError(`Workflow has a cycle involving step "${id}"`);
    for (const other of byId.get(id)?.dependsOn ?? []) visit(other, [...above, id]);
    sound.add(id);
  };
  for (const { id } of steps) visit(id, []);
}
