/** What a run's record says of the job or workflow that it is of. */
import type { NewJob, NewJobMetadata, PlannedStep, WorkflowPlan } from '../../jobs/record.ts';
import type { LoadedJob, LoadedWorkflow } from '../files/loaded.ts';

/** As the commands have it: what was registered over a job is a definition. */
export function recordedAs(entry: LoadedJob | LoadedWorkflow): Pick<NewJob, 'metadata' | 'plan'> {
  const tags = { tags: [...entry.tags], labels: { ...entry.labels } };
  const metadata: NewJobMetadata = { ...tags, ...kindOf(entry) };
  return entry.kind === 'workflow' ? { metadata, plan: planOfFile(entry) } : { metadata };
}

function kindOf(entry: LoadedJob | LoadedWorkflow): Pick<NewJobMetadata, 'kind' | 'capability' | 'tool'> {
  const { name: capability } = entry;
  if (entry.kind === 'workflow') return { kind: 'workflow', capability };
  return entry.over ? { kind: 'definition', capability, tool: entry.over.job } : {};
}

/** What a run of a workflow of job files goes by, as its record has it. */
export function planOfFile({ name, steps }: Pick<LoadedWorkflow, 'name' | 'steps'>): WorkflowPlan {
  return {
    name,
    steps: steps.map(
      ({ id, jobName, dependsOn }): PlannedStep => ({ id, name: jobName, depends_on: dependsOn }),
    ),
  };
}
