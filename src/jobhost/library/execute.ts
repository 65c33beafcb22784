import { z } from 'zod';
import type { Container } from './container.ts';
import type { JobDefinition, WorkflowDefinition } from './definitions.ts';
import { JobContext, type JobPort, Responded, withPort } from './job-context.ts';
import type { StepResult, StepResults } from './options.ts';
import type { ObjectSchema } from './schema.ts';

/** A value does not fit a job's schema. `message` names every field that is wrong. */
export class InvalidValueError extends Error {
  override readonly name = 'InvalidValueError';
  /** `path` leads from the value to what is wrong with it: empty for the value itself. */
  readonly issues: readonly { readonly path: readonly (string | number)[]; readonly message: string }[];

  constructor(issues: InvalidValueError['issues']) {
    super(
      issues
        .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
        .join('; '),
    );
    this.issues = issues;
  }
}

const made = new WeakMap<object, z.ZodType>();

/** The zod schema of what may be a shape. Error: where it is neither. */
export function zodOf(schema: ObjectSchema): z.ZodType {
  if ('_zod' in schema) return schema as unknown as z.ZodType;
  const known = made.get(schema);
  if (known !== undefined) return known;
  const object = z.object(schema as unknown as z.ZodRawShape);
  made.set(schema, object);
  return object;
}

/** The value as the schema gives it: defaults filled in. Error: InvalidValueError; what a check of the schema's own throws. */
export async function parseValue(schema: ObjectSchema, value: unknown): Promise<unknown> {
  const parsed = await z.safeParseAsync(zodOf(schema), value);
  if (parsed.success) return parsed.data;
  throw new InvalidValueError(
    parsed.error.issues.map(({ path, message }) => ({
      path: path.map((key) => (typeof key === 'symbol' ? String(key) : key)),
      message,
    })),
  );
}

/** One attempt. `input` is as `parseValue` gave it; the output is not checked yet. Errors: what the job throws. */
export async function execute(
  { run }: Pick<JobDefinition, 'run'>,
  input: unknown,
  port: JobPort,
  container: Container,
): Promise<unknown> {
  try {
    if (typeof run === 'function') {
      const context = withPort(port, container, () => new JobContext());
      return await run(input, context);
    }
    const instance = withPort(port, container, () => new run.jobClass()) as {
      execute(input: unknown): unknown;
    };
    return await instance.execute(input);
  } catch (error) {
    if (error instanceof Responded) return error.output;
    throw error;
  }
}

/** What a workflow's function is given to look at. `steps`: by id, those that have not begun left out. */
export function stepResults(
  { options }: WorkflowDefinition,
  steps: Readonly<Record<string, StepResult>>,
): StepResults {
  const has = (id: string) => options.steps.some((step) => step.id === id);
  return {
    has,
    get(id) {
      if (!has(id))
        throw new Error(
          `the workflow has no step ${JSON.stringify(id)}: it has ${options.steps.map((step) => step.id).join(', ')}`,
        );
      return steps[id] ?? { state: 'pending', outputs: {} };
    },
  };
}

/** Whether a step is to run (`condition`), or what its job is given (`input`). Errors: what the function throws. */
export async function evaluateStep(
  definition: WorkflowDefinition,
  id: string,
  what: 'condition' | 'input',
  steps: Readonly<Record<string, StepResult>>,
  input: unknown,
): Promise<unknown> {
  const value = definition.options.steps.find((step) => step.id === id)?.[what];
  return typeof value === 'function'
    ? await value(stepResults(definition, steps), input as never)
    : (value ?? (what === 'condition' ? true : {}));
}
