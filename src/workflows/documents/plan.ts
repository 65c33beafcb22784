/** What a run of a document goes by: its steps with the calls that they come to. Kept with the job as it was when the run began. Pure. */
import type { PlannedStep, WorkflowPlan } from '../../jobs/record.ts';
import { NO_RETRY, type RetryPolicy } from '../../jobs/retry.ts';
import type { JsonObject } from '../../lib/json/json.ts';
import { parseDuration } from '../../lib/text/duration.ts';
import type { JsonSchema } from '../../tools/tool.ts';
import type { Workflow } from '../workflow.ts';
import type { DocumentStep } from './document.ts';

export interface PlannedCall extends PlannedStep {
  /** The server's tool, or its job. */
  tool: string;
  /** The server's tool that runs it, where it is a job of the server. */
  via_tool?: string;
  /** Arguments that a definition fixes. */
  fixed?: JsonObject;
  input?: string | JsonObject;
  condition?: string;
  continue_on_error: boolean;
  timeout_ms?: number;
  retry?: RetryPolicy;
}

/** What the server says of a tool that a step calls. */
export interface PlannedTool {
  task_support?: string;
  input_schema?: JsonSchema;
  /** What its results must keep to. */
  output_schema?: JsonSchema;
}

export interface DocumentPlan extends WorkflowPlan {
  kind: 'document';
  steps: readonly PlannedCall[];
  tools: Readonly<Record<string, PlannedTool>>;
  max_concurrency: number;
  timeout_ms: number;
}

export function isDocumentPlan(plan: WorkflowPlan | undefined): plan is DocumentPlan {
  return plan?.['kind'] === 'document';
}

/** The attempts of a step that says `retry` and not how often, as job servers have it. */
const ATTEMPTS = 3;

/** What a step of a document says of its attempts. */
export function retryOf({
  maxAttempts = ATTEMPTS,
  backoffMs = NO_RETRY.backoffMs,
  backoffMultiplier = NO_RETRY.multiplier,
  maxBackoffMs = NO_RETRY.maxBackoffMs,
}: NonNullable<DocumentStep['retry']>): RetryPolicy {
  return { attempts: maxAttempts, backoffMs, multiplier: backoffMultiplier, maxBackoffMs };
}

export function millisecondsOf(duration: string | undefined): number | undefined {
  return duration === undefined ? undefined : parseDuration(duration, 'timeout');
}

export function graphOf({ name, steps, max_concurrency, timeout_ms }: DocumentPlan): Workflow {
  return {
    name,
    maxConcurrency: max_concurrency,
    timeoutMs: timeout_ms,
    steps: steps.map((step) => ({
      id: step.id,
      jobName: step.name,
      dependsOn: step.depends_on,
      hasCondition: step.condition !== undefined,
      continueOnError: step.continue_on_error,
      timeoutMs: step.timeout_ms,
      retry: step.retry,
    })),
  };
}
