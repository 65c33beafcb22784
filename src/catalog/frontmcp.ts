import { isObject, own } from '../lib/json/json.ts';
import type { JsonSchema, ToolDefinition } from '../tools/tool.ts';
import type { ListedJob } from './catalog.ts';

/** What a tool that runs them takes, by which it is known. */
const RUN = ['name', 'background'];

/** The tools by which a FrontMCP server runs its jobs and workflows, under the names that it lists. */
export interface JobServer {
  jobs?: string;
  workflows?: string;
}

/**
 * Whether the server has jobs of its own: it lists `execute_job` and `get_job_status` (or, from before the names were changed, `execute-job` and
 * `get-job-status`). Other servers have tools of the same names for other ends, so their arguments count too.
 */
export function jobServerOf(tools: readonly ToolDefinition[]): JobServer | undefined {
  const find = (name: string, ...properties: string[]) =>
    tools.find((tool) => isTool(tool, name, properties))?.name;
  if (find('get_job_status', 'runId') === undefined) return undefined;
  const jobs = find('execute_job', ...RUN);
  const workflows = find('execute_workflow', ...RUN);
  if (jobs === undefined && workflows === undefined) return undefined;
  return { ...(jobs === undefined ? {} : { jobs }), ...(workflows === undefined ? {} : { workflows }) };
}

function isTool(tool: ToolDefinition, name: string, properties: readonly string[]): boolean {
  return tool.name.replaceAll('-', '_') === name && takes(tool.inputSchema, properties);
}

function takes(schema: JsonSchema | undefined, properties: readonly string[]): boolean {
  const known = isObject(schema) ? own(schema, 'properties') : undefined;
  return isObject(known) && properties.every((name) => Object.hasOwn(known, name));
}

/**
 * A job or a workflow in the form that a tool has. Such servers drop unknown input without a word, so a job's schema is closed: what it does not
 * name is refused here. Open are schemas without any property (what a job that was registered at run time is listed with) and workflows,
 * of which the server does not say what they take.
 */
export function jobAsTool(listed: ListedJob, kind: 'job' | 'workflow'): ToolDefinition {
  const { name, description } = listed;
  const base = { name, ...(typeof description === 'string' ? { description } : {}) };
  if (listed.inputSchema === undefined)
    return {
      ...base,
      inputSchema: {
        type: 'object',
        ...(kind === 'job' ? { properties: {}, additionalProperties: false } : {}),
      },
    };
  return { ...base, inputSchema: closed(listed.inputSchema) };
}

function closed(schema: JsonSchema): JsonSchema {
  if (!isObject(schema) || Object.hasOwn(schema, 'additionalProperties')) return schema;
  const properties = own(schema, 'properties');
  const open = ['allOf', 'anyOf', 'oneOf', '$ref', 'patternProperties', 'if'].some((word) =>
    Object.hasOwn(schema, word),
  );
  if (open || !isObject(properties) || Object.keys(properties).length === 0) return schema;
  return { ...schema, additionalProperties: false };
}
