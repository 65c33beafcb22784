import { CliError, UsageError } from '../../../errors.ts';
import { isObject, type JsonObject } from '../../../lib/json/json.ts';
import type { ServedEntry } from '../../provider.ts';
import type { Call } from '../call.ts';
import { answerOf } from '../host.ts';

/**
 * `list_jobs`, `list_workflows`: what is not hidden, by any of the tags, all of the labels and the words, as job servers have it. Tools of an instance's
 * server are no jobs, though `execute_job` runs them: they are in `tools/list`.
 */
export async function list(kind: 'job' | 'workflow', input: JsonObject, { host }: Call): Promise<JsonObject> {
  const entries = (await host.provider.list()).filter(
    (one) => !one.hidden && one.kind === kind && matches(one, input),
  );
  if (kind === 'job') {
    const jobs = entries.map(({ name, description = '', tags, labels, inputSchema, outputSchema }) => ({
      name,
      description,
      tags,
      labels,
      ...(takesInput(inputSchema) ? { inputSchema } : {}),
      ...(isObject(outputSchema) ? { outputSchema } : {}),
    }));
    return { ...answerOf({ jobs, count: jobs.length }) };
  }
  const workflows = entries.map(({ name, description = '', tags, labels, workflow, inputSchema }) => ({
    name,
    description,
    trigger: workflow?.trigger ?? 'manual',
    stepCount: workflow?.stepCount ?? 0,
    tags,
    labels,
    ...(takesInput(inputSchema) ? { inputSchema } : {}),
  }));
  return { ...answerOf({ workflows, count: workflows.length }) };
}

/** A job without input is listed without a schema. */
function takesInput(schema: ServedEntry['inputSchema']): boolean {
  if (!isObject(schema)) return false;
  const { properties } = schema;
  return !isObject(properties) || Object.keys(properties).length > 0;
}

function matches({ name, description, tags, labels }: ServedEntry, input: JsonObject): boolean {
  const { tags: anyOf, labels: allOf, query } = input;
  const words = `${name}\n${description ?? ''}`.toLowerCase();
  return (
    (typeof query !== 'string' || words.includes(query.toLowerCase())) &&
    (!Array.isArray(anyOf) || anyOf.length === 0 || anyOf.some((tag) => tags.includes(tag))) &&
    (!isObject(allOf) ||
      Object.entries(allOf).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value))
  );
}

/** `register_job`, `register_workflow`. A script is no definition: running what somebody sends is nothing that a person has asked for. */
export async function register(
  kind: 'job' | 'workflow',
  document: JsonObject,
  { host }: Call,
): Promise<JsonObject> {
  const { name } = document;
  if (Object.hasOwn(document, 'script'))
    throw new UsageError(
      'scripts are not run here: define a job over a tool ({"name", "tool", "args"}), or put a file into the folder of jobs',
    );
  try {
    const entry = await host.provider.register(kind, document);
    const id = kind === 'job' ? { jobId: entry.name } : { workflowId: entry.name };
    return { ...answerOf({ success: true, ...id }) };
  } catch (error) {
    if (error instanceof CliError && error.code === 'exists')
      throw new UsageError(`${shown(kind)} ${JSON.stringify(name)} already exists`, { code: 'server_error' });
    throw error;
  }
}

/** `remove_job`, `remove_workflow`. */
export async function remove(
  kind: 'job' | 'workflow',
  { name }: JsonObject,
  { host }: Call,
): Promise<JsonObject> {
  await host.provider.remove(kind, String(name));
  return { ...answerOf({ success: true, message: `${shown(kind)} ${JSON.stringify(name)} removed` }) };
}

function shown(kind: 'job' | 'workflow'): string {
  return kind === 'job' ? 'Job' : 'Workflow';
}
