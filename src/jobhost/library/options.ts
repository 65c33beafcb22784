import type { ObjectSchema, OutputOf } from './schema.ts';

/** What jobs and workflows may both say of themselves. */
export interface CommonOptions {
  /** Unique in the folder. */
  readonly name: string;
  readonly description?: string | undefined;
  /** Stable for whoever tracks it. Default: the name. */
  readonly id?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Not listed; whoever knows the name can run it. Default: false. */
  readonly hideFromDiscovery?: boolean | undefined;
  /** Every rule must allow it. Default: everybody may do everything. */
  readonly permissions?: readonly JobPermission[] | undefined;
}

export interface JobOptions<
  Input extends ObjectSchema = ObjectSchema,
  Output extends ObjectSchema = ObjectSchema,
> extends CommonOptions {
  /** What goes in: a zod shape, or a zod schema of an object. It is checked before the job runs. */
  readonly inputSchema: Input;
  /** What comes out, likewise. It is checked after the job has run. */
  readonly outputSchema: Output;
  /** Limit of one attempt in milliseconds. Default: 300,000 (5 min). */
  readonly timeout?: number | undefined;
  /** Default: one attempt. */
  readonly retry?: RetryOptions | undefined;
}

export interface RetryOptions {
  /** All attempts, the first included. Default: 3. */
  readonly maxAttempts?: number | undefined;
  /** Pause before the second attempt in milliseconds. Default: 1,000. */
  readonly backoffMs?: number | undefined;
  /** How much longer each further pause is. Default: 2. */
  readonly backoffMultiplier?: number | undefined;
  /** No pause is longer, in milliseconds. Default: 60,000. */
  readonly maxBackoffMs?: number | undefined;
}

export interface JobPermission {
  readonly action: 'create' | 'read' | 'update' | 'delete' | 'execute' | 'list';
  /** At least one must be a role of the caller. */
  readonly roles?: readonly string[] | undefined;
  /** At least one must be a scope of the caller's login. */
  readonly scopes?: readonly string[] | undefined;
  /** A guard of one's own. */
  readonly custom?: ((authInfo: AuthInfo) => boolean | Promise<boolean>) | undefined;
}

/** Who runs a job, as far as the instance knows. */
export interface AuthInfo {
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly clientId?: string | undefined;
  readonly [extra: string]: unknown;
}

export interface WorkflowOptions<Input extends ObjectSchema = ObjectSchema> extends CommonOptions {
  readonly steps: readonly WorkflowStep<Input>[];
  /** What the workflow takes. Default: no input. */
  readonly inputSchema?: Input | undefined;
  /** Steps that run at the same time. Default: 5. */
  readonly maxConcurrency?: number | undefined;
  /** Limit of the whole in milliseconds. Default: 600,000 (10 min). */
  readonly timeout?: number | undefined;
}

export interface WorkflowStep<Input extends ObjectSchema = ObjectSchema> {
  /** Unique in the workflow. */
  readonly id: string;
  /** The job that the step runs. */
  readonly jobName: string;
  /** Steps that must have ended before. Default: none. */
  readonly dependsOn?: readonly string[] | undefined;
  /** The job's input, or what computes it. Default: `{}`. */
  readonly input?:
    | Readonly<Record<string, unknown>>
    | ((steps: StepResults, input: OutputOf<Input>) => object | Promise<object>)
    | undefined;
  /** Whether to run the step at all. Where it says no, or throws, the step is skipped. */
  readonly condition?:
    | ((steps: StepResults, input: OutputOf<Input>) => boolean | Promise<boolean>)
    | undefined;
  /** The steps behind it run although it has failed. Default: false. */
  readonly continueOnError?: boolean | undefined;
  /** Limit of one attempt in milliseconds. Default: the job's. */
  readonly timeout?: number | undefined;
  /** Default: the job's. */
  readonly retry?: RetryOptions | undefined;
}

/** How a step of a workflow stands. */
export interface StepResult {
  readonly state: 'pending' | 'running' | 'completed' | 'failed' | 'skipped' | 'cancelled' | 'lost';
  /** What its job gave; `{}` where there is nothing. */
  // biome-ignore lint/suspicious/noExplicitAny: a step's job is known by its name alone, and conditions should read well
  readonly outputs: any;
  readonly error?: { readonly message: string; readonly [extra: string]: unknown } | undefined;
}

/** The steps of a workflow so far. */
export interface StepResults {
  /** Error: where the workflow has no such step. */
  get(id: string): StepResult;
  has(id: string): boolean;
}
