/** The ten tools that manage jobs and workflows. */
import { z } from 'zod';
import { refusal, type ToolFailure } from './failure.ts';
import type { Job, Workflow } from './job.ts';
import type { Registry } from './registry.ts';
import type { Run, Runs, SendProgress } from './runs.ts';

export interface Call {
  registry: Registry;
  runs: Runs;
  /** Progress of a run, to the session that started it. */
  send: SendProgress;
}

export interface ManagementTool {
  /** In snake_case. */
  name: string;
  /** Where it names other tools, it does so in snake_case. */
  description: string;
  /** False: callable, but not in `tools/list`. */
  listed: boolean;
  arguments: z.ZodObject;
  /** The structured content; keys that are undefined are left out. Error: ToolFailure, or whatever an inline job failed of. */
  run(args: Record<string, unknown>, call: Call): object | Promise<object>;
}

function tool<Shape extends z.ZodRawShape>(
  name: string,
  description: string,
  listed: boolean,
  shape: Shape,
  run: (args: z.output<z.ZodObject<Shape>>, call: Call) => object | Promise<object>,
): ManagementTool {
  return {
    name,
    description,
    listed,
    arguments: z.object(shape),
    run: run as unknown as ManagementTool['run'],
  };
}

const anything = z.record(z.string(), z.unknown());
const strings = z.array(z.string());
const filter = {
  tags: strings.optional().describe('Filter by tags'),
  labels: z.record(z.string(), z.string()).optional().describe('Filter by labels'),
  query: z.string().optional().describe('Search query for name/description'),
};
const tags = strings.optional().describe('Tags for categorization');
const execution = (what: string, background: string) => ({
  name: z.string().describe(`${what} name to execute`),
  input: anything.optional().describe(`${what} input data`),
  background: z.boolean().optional().default(false).describe(`Run in background (${background})`),
});
const step = z.object({
  id: z.string().describe('Step identifier'),
  jobName: z.string().describe('Job name to execute'),
  input: anything.optional().describe('Static input for the step'),
  dependsOn: strings.optional().describe('Step IDs that must complete first'),
  continueOnError: z.boolean().optional().describe('Continue on failure'),
  timeout: z.number().optional().describe('Step timeout in ms'),
});

export const TOOLS: readonly ManagementTool[] = [
  tool(
    'execute_job',
    'Execute a registered job by name. Supports inline (synchronous) and background execution.',
    true,
    execution('Job', 'returns runId for status polling'),
    async ({ name, input = {}, background }, { registry, runs, send }) => {
      const job = found(registry.jobs.find(name), 'Job', name);
      const { runId, state, result, logs } = await outcome(runs.job(job, input, send), background);
      return background ? { runId, state } : { runId, state, result, logs };
    },
  ),
  tool(
    'execute_workflow',
    'Execute a registered workflow by name. Supports inline and background execution.',
    true,
    execution('Workflow', 'returns runId'),
    async ({ name, input, background }, { registry, runs, send }) => {
      const workflow = found(registry.workflows.find(name), 'Workflow', name);
      const findJob = (job: string) => registry.jobs.find(job);
      const started = runs.workflow(workflow, input, findJob, send);
      const { runId, state, result } = await outcome(started, background);
      return { runId, state, result };
    },
  ),
  tool(
    'get_job_status',
    'Get the execution status of a job run by runId.',
    true,
    { runId: z.string().describe('Run ID returned from execute_job or execute_workflow') },
    ({ runId }, { runs }) => {
      const run = found(runs.get(runId), 'Run', runId);
      const { jobName, state, result, error, startedAt, completedAt, attempt, logs } = run;
      return { runId, jobName, state, result, error, startedAt, completedAt, attempt, logs };
    },
  ),
  tool(
    'get_workflow_status',
    'Get the execution status of a workflow run with per-step results.',
    true,
    { runId: z.string().describe('Run ID returned from execute_workflow') },
    ({ runId }, { runs }) => {
      const { workflowName, state, startedAt, completedAt } = found(runs.get(runId), 'Run', runId);
      // Nobody ever writes into these; the run of a job answers as well, and has none.
      const stepResults = workflowName === undefined ? undefined : {};
      return { runId, workflowName, state, stepResults, startedAt, completedAt };
    },
  ),
  tool(
    'list_jobs',
    'List registered jobs with optional filtering by tags or labels.',
    false,
    filter,
    (args, { registry }) => {
      const jobs = registry.jobs.search(args).map((job) => ({
        name: job.name,
        description: job.description,
        tags: job.tags ?? [],
        labels: job.labels ?? {},
        inputSchema: jsonSchema(job),
      }));
      return { jobs, count: jobs.length };
    },
  ),
  tool(
    'list_workflows',
    'List registered workflows with optional filtering by tags or labels.',
    false,
    filter,
    (args, { registry }) => {
      const workflows = registry.workflows
        .search(args)
        .map(({ name, description, trigger, steps, tags = [] }) => ({
          name,
          description,
          trigger,
          stepCount: steps.length,
          tags,
        }));
      return { workflows, count: workflows.length };
    },
  ),
  tool(
    'register_job',
    'Register a dynamic job that runs in a sandboxed environment.',
    false,
    {
      name: z.string().describe('Job name'),
      description: z.string().optional().describe('Job description'),
      script: z.string().describe('JavaScript source code for the job'),
      inputSchema: anything.optional().describe('JSON Schema for input'),
      outputSchema: anything.optional().describe('JSON Schema for output'),
      tags,
    },
    ({ name, description, inputSchema = {}, tags: own = [] }, { registry }) => {
      if (registry.jobs.find(name)) throw refusal(`Job "${name}" already exists`);
      registry.jobs.register({
        name,
        ...(description === undefined ? {} : { description }),
        tags: own,
        // What comes is JSON Schema, and it is kept where a zod shape belongs: such a job is listed without its schema, and fails.
        inputSchema: inputSchema as z.ZodRawShape,
        dynamic: true,
        run() {
          // Nothing in the server runs the script.
          throw Object.assign(new Error(`Dynamic job "${name}" cannot be executed directly`), {
            name: 'DynamicJobDirectExecutionError',
          });
        },
      });
      return { success: true, jobId: name };
    },
  ),
  tool(
    'register_workflow',
    'Register a dynamic workflow with step definitions.',
    false,
    {
      name: z.string().describe('Workflow name'),
      description: z.string().optional().describe('Workflow description'),
      steps: z.array(step).describe('Workflow step definitions'),
      trigger: z.enum(['manual', 'webhook', 'event']).optional().describe('Trigger type'),
      tags,
    },
    ({ name, description, steps, trigger = 'manual', tags: own = [] }, { registry }) => {
      if (registry.workflows.find(name)) throw refusal(`Workflow "${name}" already exists`);
      const words = description === undefined ? {} : { description };
      registry.workflows.register({ name, ...words, steps, trigger, tags: own, dynamic: true });
      return { success: true, workflowId: name };
    },
  ),
  tool(
    'remove_job',
    'Remove a dynamic job by name.',
    false,
    { name: z.string().describe('Job name to remove') },
    ({ name }, { registry }) => {
      const job = found(registry.jobs.find(name), 'Job', name);
      if (!job.dynamic) throw refusal(`Job "${name}" is not a dynamic job and cannot be removed`);
      registry.jobs.remove(name);
      return { success: true, message: `Job "${name}" removed` };
    },
  ),
  tool(
    'remove_workflow',
    'Remove a dynamic workflow by name.',
    false,
    { name: z.string().describe('Workflow name to remove') },
    ({ name }, { registry }) => {
      const workflow = found(registry.workflows.find(name), 'Workflow', name);
      if (!workflow.dynamic) throw refusal(`Workflow "${name}" is not dynamic and cannot be removed`);
      registry.workflows.remove(name);
      return { success: true, message: `Workflow "${name}" removed` };
    },
  ),
];

/** Error: ToolFailure. */
function found<One extends Job | Workflow | Run>(one: One | undefined, what: string, name: string): One {
  if (one) return one;
  const failure: ToolFailure = refusal(`${what} "${name}" not found`);
  throw failure;
}

/** The run as it ended; in the background it is `pending`, whatever it has come to. Error: what an inline run failed of. */
async function outcome({ run, done }: { run: Run; done: Promise<Run> }, background: boolean): Promise<Run> {
  if (!background) return done;
  done.catch(() => {});
  return { ...run, state: 'pending' };
}

/** A default makes a field required here, since the schema describes what the job gets. */
function jsonSchema({ inputSchema }: Job): object | undefined {
  if (Object.keys(inputSchema).length === 0) return undefined;
  try {
    return z.toJSONSchema(z.object(inputSchema));
  } catch {
    return { type: 'object', properties: {} };
  }
}
