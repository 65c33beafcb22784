import type { PlannedStep, WorkflowPlan } from '../../jobs/record.ts';
import type { LoadedWorkflow } from '../files/loaded.ts';

/** What a run of a workflow of job files goes by, as its record has it. */
export function planOfFile({ name, steps }: Pick<LoadedWorkflow, 'name' | 'steps'>): WorkflowPlan {
  return {
    name,
    steps: steps.map(
      ({ id, jobName, dependsOn }): PlannedStep => ({ id, name: jobName, depends_on: dependsOn }),
    ),
  };
}
