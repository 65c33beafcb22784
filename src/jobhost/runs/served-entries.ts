/** The jobs and workflows of a folder as the server has them, and what a client says of them. */
import { withFixed } from '../../catalog/fixed-arguments.ts';
import { UsageError } from '../../errors.ts';
import { isObject } from '../../lib/json/json.ts';
import { nearestNames } from '../../lib/text/nearest-names.ts';
import type { LoadedFolder, LoadedJob, LoadedWorkflow } from '../files/loaded.ts';
import type { RunRequest, ServedEntry } from '../provider.ts';
import { planOfFile } from './recorded-as.ts';

/** Error: UsageError with the nearest name. */
export function entryOf({ jobs, workflows }: LoadedFolder, name: string): LoadedJob | LoadedWorkflow {
  const all = [...jobs, ...workflows];
  const found = all.find((one) => one.name === name);
  if (found) return found;
  const [near] = nearestNames(
    name,
    all.filter((one) => !one.hideFromDiscovery).map((one) => one.name),
  );
  throw new UsageError(
    `no job ${JSON.stringify(name)}${near === undefined ? '' : `: did you mean ${near}?`}`,
    { code: 'unknown_entry' },
  );
}

/** The request with what a registered job has fixed. Error: UsageError for a request that says otherwise. */
export function completed(entry: LoadedJob | LoadedWorkflow, request: RunRequest): RunRequest {
  const fixed = entry.kind === 'job' ? entry.over?.fixed : undefined;
  return fixed ? { ...request, input: withFixed(request.input, fixed) } : request;
}

/** The document as definitions have it: a step of a job server's says `jobName`. */
export function asDefinition(document: Record<string, unknown>): Record<string, unknown> {
  const { steps } = document;
  if (!Array.isArray(steps)) return document;
  return {
    ...document,
    steps: steps.map((step: unknown) => {
      if (!isObject(step) || Object.hasOwn(step, 'tool')) return step;
      const { jobName, ...rest } = step;
      return jobName === undefined ? step : { ...rest, tool: jobName };
    }),
  };
}

function common({
  name,
  description,
  inputSchema,
  tags,
  labels,
  hideFromDiscovery,
}: LoadedJob | LoadedWorkflow) {
  return { name, description, inputSchema, tags, labels, hidden: hideFromDiscovery };
}

export function servedJob(job: LoadedJob): ServedEntry {
  return {
    ...common(job),
    kind: 'job',
    outputSchema: job.outputSchema,
    dynamic: job.over !== undefined,
  };
}

export function servedWorkflow(workflow: LoadedWorkflow): ServedEntry {
  return {
    ...common(workflow),
    kind: 'workflow',
    dynamic: workflow.isDocument === true,
    workflow: { stepCount: workflow.steps.length, trigger: 'manual', plan: planOfFile(workflow) },
  };
}
