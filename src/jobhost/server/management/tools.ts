import type { JsonObject } from '../../../lib/json/json.ts';
import { validateArguments } from '../../../tools/flags/validate.ts';
import { invalidInput } from '../../invalid-input.ts';
import type { Call } from '../call.ts';
import { failureOf } from '../host.ts';
import { list, register, remove } from './registry.ts';
import { cancelRun, execute, runStatus, runsList, waitForRun, workflowStatus } from './runs.ts';

interface ManagementTool {
  /** In snake_case: job servers list that spelling, and answer to the one with hyphens, too (docs/frontmcp.md). So does this one. */
  name: string;
  description: string;
  inputSchema: JsonObject;
  annotations: JsonObject;
  /** The answer; what goes wrong is one with `isError`. */
  run(input: JsonObject, call: Call): Promise<JsonObject>;
}

const TEXT = { type: 'string' };
const TEXTS = { type: 'array', items: TEXT };
const READS = { readOnlyHint: true, openWorldHint: false };
const RUNS = { readOnlyHint: false };
const CHANGES = { readOnlyHint: false, openWorldHint: false };

const RUN_ID = { runId: { ...TEXT, description: 'the id of the run, from execute_job or execute_workflow' } };
const FILTER = {
  tags: { ...TEXTS, description: 'any of these tags' },
  labels: { type: 'object', additionalProperties: TEXT, description: 'all of these labels' },
  query: { ...TEXT, description: 'words in the name or the description' },
};
const execution = (what: string) => ({
  name: { ...TEXT, description: `the name of the ${what}` },
  input: { type: 'object', description: `the input of the ${what}` },
  background: {
    type: 'boolean',
    default: false,
    description: 'return a runId at once, instead of waiting for the end',
  },
});
const STEPS = {
  type: 'array',
  items: {
    type: 'object',
    properties: { id: TEXT, dependsOn: TEXTS },
    required: ['id'],
  },
};

function tool(
  name: string,
  description: string,
  annotations: JsonObject,
  properties: JsonObject,
  required: readonly string[],
  run: (input: JsonObject, call: Call) => Promise<JsonObject>,
): ManagementTool {
  const inputSchema = { type: 'object', properties, ...(required.length > 0 ? { required } : {}) };
  return {
    name,
    description,
    inputSchema,
    annotations,
    async run(input, call) {
      try {
        const { problems } = await validateArguments({ name, inputSchema }, input, { signal: call.signal });
        if (problems.length > 0) throw invalidInput(problems);
        return await run(input, call);
      } catch (error) {
        if (call.signal.aborted) throw error;
        return { ...failureOf(error) };
      }
    },
  };
}

const JOB_TOOLS: readonly ManagementTool[] = [
  tool(
    'list_jobs',
    'List the jobs that can be run, with their input schemas.',
    READS,
    FILTER,
    [],
    (input, call) => list('job', input, call),
  ),
  tool(
    'execute_job',
    'Run a job, a workflow or a tool by its name. With background: true it returns a runId at once, the run is recorded and goes on while nobody waits for it: follow it with wait_for_job or get_job_status. Use that for whatever may take longer than a minute.',
    RUNS,
    execution('job'),
    ['name'],
    (input, call) => execute('job', input, call),
  ),
  tool(
    'get_job_status',
    'State, result, error and logs of a run, at once.',
    READS,
    RUN_ID,
    ['runId'],
    runStatus,
  ),
  tool(
    'wait_for_job',
    'Wait until a run has ended, at most for some time, and return its status either way. Call it again while the state is pending, running or retrying.',
    READS,
    {
      ...RUN_ID,
      timeoutSeconds: {
        type: 'number',
        minimum: 0,
        maximum: 3600,
        default: 30,
        description:
          'return after this time even if the run goes on; stay below the time limit that you have for a call',
      },
    },
    ['runId'],
    waitForRun,
  ),
  tool('cancel_job', 'Cancel a run, and tell what became of it.', CHANGES, RUN_ID, ['runId'], cancelRun),
  tool(
    'list_runs',
    'The newest runs with their ids and states: finds a run whose id is not at hand any more.',
    READS,
    { limit: { type: 'integer', minimum: 1, maximum: 100, default: 20 } },
    [],
    runsList,
  ),
  tool(
    'register_job',
    'Define a job: a tool of this server under another name, with fixed arguments, retries or a time limit. The input is the document that `mcp2cli jobs define FILE` takes. It is data: scripts are refused.',
    CHANGES,
    {
      name: { ...TEXT, minLength: 1 },
      tool: { ...TEXT, description: 'the tool that it calls' },
      description: TEXT,
      args: { type: 'object', description: 'fixed arguments' },
      retries: { type: 'integer', description: 'attempts in total' },
      timeout: { type: ['string', 'number'], description: 'the limit of an attempt, such as 10m' },
      tags: TEXTS,
      labels: { type: 'object', additionalProperties: TEXT },
    },
    ['name'],
    (input, call) => register('job', input, call),
  ),
  tool(
    'remove_job',
    'Remove a job that was defined with register_job.',
    { ...CHANGES, destructiveHint: true },
    { name: TEXT },
    ['name'],
    (input, call) => remove('job', input, call),
  ),
];

const WORKFLOW_TOOLS: readonly ManagementTool[] = [
  tool('list_workflows', 'List the workflows that can be run.', READS, FILTER, [], (input, call) =>
    list('workflow', input, call),
  ),
  tool(
    'execute_workflow',
    'Run a workflow by its name. With background: true it returns a runId at once.',
    RUNS,
    execution('workflow'),
    ['name'],
    (input, call) => execute('workflow', input, call),
  ),
  tool(
    'get_workflow_status',
    'State of a run of a workflow, with the result of each step.',
    READS,
    RUN_ID,
    ['runId'],
    workflowStatus,
  ),
  tool(
    'register_workflow',
    'Define a workflow of steps. The input is the document that `mcp2cli jobs define FILE` takes.',
    CHANGES,
    { name: { ...TEXT, minLength: 1 }, description: TEXT, steps: STEPS, tags: TEXTS },
    ['name', 'steps'],
    (input, call) => register('workflow', input, call),
  ),
  tool(
    'remove_workflow',
    'Remove a workflow that was defined with register_workflow.',
    { ...CHANGES, destructiveHint: true },
    { name: TEXT },
    ['name'],
    (input, call) => remove('workflow', input, call),
  ),
];

const ALL = new Map([...JOB_TOOLS, ...WORKFLOW_TOOLS].map((one) => [one.name, one]));

/**
 * The tools for managing jobs that are listed. One spelling, since an agent reads every line of the list; of workflows only where there are
 * some, and those that define only where that is possible: all of them answer, whatever is listed.
 */
export function managementTools({
  workflows,
  registers,
}: {
  workflows: boolean;
  registers: boolean;
}): readonly ManagementTool[] {
  const all = workflows ? [...JOB_TOOLS, ...WORKFLOW_TOOLS] : JOB_TOOLS;
  return registers ? all : all.filter(({ name }) => !/^(register|remove)_/.test(name));
}

/** The one of a name, in either spelling; a name that mixes them is nobody's. */
export function managementTool(name: string): ManagementTool | undefined {
  return ALL.get(name.includes('_') ? name : name.replaceAll('-', '_'));
}
