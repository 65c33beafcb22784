/** What a job and a workflow of the fixture are. */
import type { z } from 'zod';

export interface JobContext {
  /** Counts from 1. */
  readonly attempt: number;
  log(message: string): void;
  progress(progress: number, total: number, message: string): void;
  /** Waits; the server's `speed` scales it. Rejects when the server ends. */
  sleep(ms: number): Promise<void>;
}

export interface RetryOptions {
  /** Tries altogether. Jobs have 1 and workflow steps 3 unless told. */
  maxAttempts?: number;
  /** Before the second try; 1000 unless told. */
  backoffMs?: number;
  /** What each further wait is multiplied with; 2 unless told. */
  backoffMultiplier?: number;
}

export interface Job {
  name: string;
  description?: string;
  tags?: string[];
  labels?: Record<string, string>;
  hideFromDiscovery?: boolean;
  retry?: RetryOptions;
  /** Of a dynamic job this holds plain JSON Schema, which is what goes wrong with it. */
  inputSchema: z.ZodRawShape;
  dynamic?: boolean;
  run(input: Record<string, unknown>, context: JobContext): unknown;
}

/** Gives `run` the type of its input. */
export function job<Shape extends z.ZodRawShape>(
  definition: Omit<Job, 'inputSchema' | 'run'> & {
    inputSchema: Shape;
    run(input: z.output<z.ZodObject<Shape>>, context: JobContext): unknown;
  },
): Job {
  return { ...definition, run: definition.run as Job['run'] };
}

export interface StepResult {
  outputs: unknown;
  state: 'completed' | 'failed' | 'skipped';
}

export interface Step {
  id: string;
  jobName: string;
  /** Without one the step gets what the whole workflow was given. */
  input?:
    | Record<string, unknown>
    | ((done: ReadonlyMap<string, StepResult>) => Record<string, unknown>)
    | undefined;
  dependsOn?: string[] | undefined;
  continueOnError?: boolean | undefined;
  /** Milliseconds for each attempt. */
  timeout?: number | undefined;
  retry?: RetryOptions;
}

export interface Workflow {
  name: string;
  description?: string;
  tags?: string[];
  labels?: Record<string, string>;
  trigger: 'manual' | 'webhook' | 'event';
  steps: Step[];
  dynamic?: boolean;
}
