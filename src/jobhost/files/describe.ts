/** What a job file has, as plain data. Runs where the file was imported. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { RetryPolicy } from '../../jobs/retry.ts';
import { isText, isTexts, LABELS } from '../../lib/json/fields.ts';
import type { JsonSchema } from '../../tools/tool.ts';
import { linkProblems } from '../../workflows/checks.ts';
import { MAX_CONCURRENCY, WORKFLOW_TIMEOUT_MS } from '../../workflows/workflow.ts';
import type { JobDefinition, WorkflowDefinition } from '../library/definitions.ts';
import { zodOf } from '../library/execute.ts';
import { JobContext } from '../library/job-context.ts';
import type { CommonOptions, JobPermission, RetryOptions, WorkflowStep } from '../library/options.ts';
import type { JobFile } from './import-file.ts';
import type { LoadedJob, LoadedPermission, LoadedStep, LoadedWorkflow, LoadProblem, Site } from './loaded.ts';

/** What one file gives. `inApp`: the names that an app of this file has. */
export interface LoadedFile {
  readonly jobs: readonly LoadedJob[];
  readonly workflows: readonly LoadedWorkflow[];
  readonly problems: readonly LoadProblem[];
  readonly inApp: readonly string[];
  readonly server: { name: string; version: string } | undefined;
}

const DEFAULT_JOB_TIMEOUT_MS = 300_000;

/** A job or workflow that is not as it must be. The message is one sentence; `line`: of what is wrong in it, where that can be told. */
class InvalidDefinitionError extends Error {
  readonly line: number | undefined;

  constructor(message: string, line?: number) {
    super(message);
    this.line = line;
  }
}

/** Describes everything in the file; what is not as it must be becomes a problem. */
export function describeFile({ file, found, strangers, server }: JobFile): LoadedFile {
  const jobs: LoadedJob[] = [];
  const workflows: LoadedWorkflow[] = [];
  const problems: LoadProblem[] = strangers.map(({ place, site }) => ({
    ...siteOf(site, file),
    code: 'invalid',
    name: undefined,
    message: `${place} is nothing that mcp2cli/jobs has made: list classes with a decorator, or what job() and workflow() give`,
  }));
  for (const { definition } of found)
    try {
      if (definition.kind === 'job') jobs.push(describeJob(definition, file));
      else workflows.push(describeWorkflow(definition, file));
    } catch (error) {
      if (!(error instanceof InvalidDefinitionError)) throw error;
      const name: unknown = definition.options?.name;
      problems.push({
        ...siteOf(definition.site, file),
        ...(error.line === undefined ? {} : { line: error.line }),
        code: 'invalid',
        name: typeof name === 'string' ? name : undefined,
        message: error.message,
      });
    }
  if (found.length === 0 && problems.length === 0 && server === undefined)
    problems.push({
      file,
      line: undefined,
      column: undefined,
      code: 'empty',
      name: undefined,
      message: 'no job is defined here: make one with job({ name, inputSchema, outputSchema })(...)',
    });
  return {
    jobs,
    workflows,
    problems,
    inApp: found.flatMap(({ definition, inApp }) => (inApp ? [definition.options.name] : [])),
    server: server?.options.info && { name: server.options.info.name, version: server.options.info.version },
  };
}

function describeJob({ options, run, site }: JobDefinition, file: string): LoadedJob {
  const common = describeCommon(options, 'job', DEFAULT_JOB_TIMEOUT_MS);
  const called = `the job "${options.name}"`;
  if (typeof run !== 'function') {
    const { prototype } = run.jobClass as { prototype: { execute?: unknown } };
    if (!(prototype instanceof JobContext))
      throw new InvalidDefinitionError(`${called} must extend JobContext`);
    if (typeof prototype.execute !== 'function')
      throw new InvalidDefinitionError(`${called} has no method execute(input)`);
  }
  return {
    kind: 'job',
    ...common,
    file,
    site: siteOf(site, file),
    inputSchema: jsonSchema(options.inputSchema, 'input', called),
    outputSchema: jsonSchema(options.outputSchema, 'output', called),
    retry: retryPolicy(options.retry, called),
  };
}

function describeWorkflow({ options, site }: WorkflowDefinition, file: string): LoadedWorkflow {
  const common = describeCommon(options, 'workflow', WORKFLOW_TIMEOUT_MS);
  const called = `the workflow "${options.name}"`;
  const { steps, maxConcurrency = MAX_CONCURRENCY } = options;
  if (!Array.isArray(steps) || steps.length === 0)
    throw new InvalidDefinitionError(`${called} has no steps: steps: [{ id, jobName }]`);
  if (!Number.isInteger(maxConcurrency) || maxConcurrency < 1)
    throw new InvalidDefinitionError(`maxConcurrency of ${called} must be a whole number from 1`);
  const described = steps.map((step, index) => describeStep(step, index, called));
  const [problem] = linkProblems(described);
  if (problem !== undefined)
    throw new InvalidDefinitionError(`${called}: ${problem.message}`, lineOfStep(steps, problem.step, site));
  return {
    kind: 'workflow',
    ...common,
    file,
    site: siteOf(site, file),
    inputSchema:
      options.inputSchema === undefined
        ? { type: 'object' }
        : jsonSchema(options.inputSchema, 'input', called),
    steps: described,
    maxConcurrency,
  };
}

function describeStep(step: WorkflowStep, index: number, of: string): LoadedStep {
  const place = `steps[${index}] of ${of}`;
  if (typeof step !== 'object' || step === null || typeof step.id !== 'string' || step.id === '')
    throw new InvalidDefinitionError(`${place} has no id`);
  const called = `the step "${step.id}" of ${of}`;
  const { id, jobName, dependsOn = [], input, condition, continueOnError = false, timeout, retry } = step;
  if (typeof jobName !== 'string' || jobName === '')
    throw new InvalidDefinitionError(`${called} has no jobName`);
  must(isTexts(dependsOn), `dependsOn of ${called}`, 'a list of the ids of steps');
  must(condition === undefined || typeof condition === 'function', `condition of ${called}`, 'a function');
  return {
    id,
    jobName,
    dependsOn: [...dependsOn],
    input: describeInput(input, called),
    conditional: condition !== undefined,
    continueOnError: continueOnError === true,
    timeout: milliseconds(timeout, 'timeout', called),
    retry: retryPolicy(retry, called),
  };
}

/** The line in which a step says its id, in its workflow or, where that has no such line, anywhere in the file; undefined where it is put together otherwise. */
function lineOfStep(
  steps: readonly WorkflowStep[],
  index: number,
  site: WorkflowDefinition['site'],
): number | undefined {
  if (site === undefined) return undefined;
  const id = steps[index]?.id ?? '';
  const earlier = steps.slice(0, index).filter((step) => step.id === id).length;
  const isId = (line: string) => [`'${id}'`, `"${id}"`].some((text) => line.includes(`id: ${text}`));
  const lines = readFileSync(site.file, 'utf8').split('\n');
  const all = lines.flatMap((line, at) => (isId(line) ? [at + 1] : []));
  // Another workflow above may have steps of the same ids.
  return all.filter((line) => line >= site.line)[earlier] ?? all[earlier];
}

function describeInput(input: WorkflowStep['input'], called: string): LoadedStep['input'] {
  if (input === undefined) return { kind: 'none' };
  if (typeof input === 'function') return { kind: 'function' };
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw new InvalidDefinitionError(`input of ${called} must be an object or a function`);
  return { kind: 'values', values: plain(input, `input of ${called}`) as Record<string, unknown> };
}

function describeCommon(
  options: CommonOptions & { timeout?: number | undefined },
  kind: string,
  timeout: number,
) {
  const { name, description, tags = [], labels = {}, permissions = [] } = options ?? {};
  if (typeof name !== 'string' || !/^[A-Za-z0-9_.-]{1,128}$/.test(name))
    throw new InvalidDefinitionError(
      name === undefined
        ? `a ${kind} has no name`
        : `not a name for a ${kind}: ${JSON.stringify(name)} (letters, digits, "_", "-" and ".", at most 128)`,
    );
  const called = `the ${kind} "${name}"`;
  must(description === undefined || isText(description), `description of ${called}`, 'text');
  must(options.id === undefined || isText(options.id), `id of ${called}`, 'text');
  must(isTexts(tags), `tags of ${called}`, 'a list of words');
  must(LABELS.fits(labels), `labels of ${called}`, LABELS.takes);
  must(Array.isArray(permissions), `permissions of ${called}`, 'a list');
  return {
    name,
    id: options.id ?? name,
    description,
    timeout: milliseconds(options.timeout, 'timeout', called) ?? timeout,
    tags: [...tags],
    labels: { ...labels },
    hideFromDiscovery: options.hideFromDiscovery === true,
    permissions: permissions.map((one: JobPermission) => describePermission(one, called)),
  };
}

const ACTIONS = ['create', 'read', 'update', 'delete', 'execute', 'list'] as const;

function describePermission(
  { action, roles, scopes, custom }: JobPermission,
  called: string,
): LoadedPermission {
  if (!ACTIONS.includes(action))
    throw new InvalidDefinitionError(
      `a permission of ${called} has no action that is known: ${JSON.stringify(action)} (${ACTIONS.join(', ')})`,
    );
  for (const [field, value] of Object.entries({ roles, scopes }))
    must(value === undefined || isTexts(value), `${field} of a permission of ${called}`, 'a list of words');
  must(
    custom === undefined || typeof custom === 'function',
    `custom of a permission of ${called}`,
    'a function',
  );
  return { action, roles: roles && [...roles], scopes: scopes && [...scopes], custom: custom !== undefined };
}

function retryPolicy(retry: RetryOptions | undefined, called: string): RetryPolicy | undefined {
  if (retry === undefined) return undefined;
  const { maxAttempts = 3, backoffMs = 1_000, backoffMultiplier = 2, maxBackoffMs = 60_000 } = retry;
  const isWhole = Number.isInteger(maxAttempts) && maxAttempts >= 1;
  must(isWhole, `retry.maxAttempts of ${called}`, 'a whole number from 1');
  for (const [field, value] of Object.entries({ backoffMs, backoffMultiplier, maxBackoffMs }))
    must(Number.isFinite(value) && value >= 0, `retry.${field} of ${called}`, 'a number from 0');
  return { attempts: maxAttempts, backoffMs, multiplier: backoffMultiplier, maxBackoffMs };
}

function milliseconds(value: unknown, field: string, called: string): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
  throw new InvalidDefinitionError(`${field} of ${called} must be a number of milliseconds above 0`);
}

/** JSON Schema of an object, as MCP wants it at the root. */
function jsonSchema(schema: unknown, io: 'input' | 'output', called: string): JsonSchema {
  const field = `${io}Schema`;
  if (schema === undefined)
    throw new InvalidDefinitionError(
      `${called} has no ${field}: give it a zod shape, as in ${field}: { name: z.string() }`,
    );
  checkZod(schema, field, called);
  let json: Record<string, unknown>;
  try {
    json = plain(
      z.toJSONSchema(zodOf(schema as never), { io, unrepresentable: 'any' }),
      field,
    ) as typeof json;
  } catch (error) {
    throw new InvalidDefinitionError(
      `${field} of ${called} cannot be said as JSON Schema: ${error instanceof Error ? error.message : error}`,
    );
  }
  if (json['type'] === 'object') return json;
  if (branchesAreObjects(json)) return { type: 'object', ...json };
  throw new InvalidDefinitionError(
    `${field} of ${called} must be of an object: put the value into a field, as in ${field}: { value: ... }`,
  );
}

function branchesAreObjects(json: Record<string, unknown>): boolean {
  const branches = json['anyOf'] ?? json['oneOf'] ?? json['allOf'];
  return (
    Array.isArray(branches) &&
    branches.every((branch) => branch?.type === 'object' || branchesAreObjects(branch ?? {}))
  );
}

/** Errors: InvalidDefinitionError, where it is neither a schema of zod 4 nor a shape of such; names what it is instead. */
function checkZod(schema: unknown, field: string, called: string): void {
  const hint = 'write it with z of mcp2cli/jobs, or zod 4';
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
    throw new InvalidDefinitionError(`${field} of ${called} is no zod schema: ${hint}`);
  if ('_zod' in schema) return;
  if ('_def' in schema)
    throw new InvalidDefinitionError(`${field} of ${called} is a schema of zod 3: ${hint}`);
  if ('type' in schema && typeof schema.type === 'string')
    throw new InvalidDefinitionError(
      `${field} of ${called} is a JSON Schema, and must be a zod schema: ${hint}`,
    );
  for (const [key, value] of Object.entries(schema))
    if (typeof value !== 'object' || value === null || !('_zod' in value))
      throw new InvalidDefinitionError(
        `${field} of ${called} has "${key}", which is ${typeof value === 'object' && value !== null && '_def' in value ? 'a schema of zod 3' : 'no zod schema'}: ${hint}`,
      );
}

/** The value as JSON has it, so that it can be told to other threads. */
function plain(value: unknown, called: string): unknown {
  try {
    return JSON.parse(JSON.stringify(value));
  } catch (error) {
    throw new InvalidDefinitionError(`${called} is nothing that JSON can say: ${(error as Error).message}`);
  }
}

/** Error: InvalidDefinitionError, where it does not fit. */
function must(fits: boolean, field: string, takes: string): void {
  if (!fits) throw new InvalidDefinitionError(`${field} must be ${takes}`);
}

function siteOf(site: { file: string; line: number } | undefined, file: string): Site {
  return { file: site?.file ?? file, line: site?.line, column: undefined };
}
