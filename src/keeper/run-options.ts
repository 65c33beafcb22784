import { NO_RETRY, type RetryPolicy } from '../jobs/retry.ts';
import type { LocalRun } from '../jobs/submission.ts';
import type { JsonSchema } from '../tools/tool.ts';

/** How a run in this program is carried out, as data: what a command can keep to itself or hand to a keeper. */
export interface LocalRunOptions {
  retry: RetryPolicy;
  attempt_timeout_ms: number | null;
  /** What the result must keep to; null: it is not checked. */
  output_schema: JsonSchema | null;
}

/** Once, without a limit, its result as it comes. */
export const PLAIN_RUN: LocalRunOptions = { retry: NO_RETRY, attempt_timeout_ms: null, output_schema: null };

/** The run options as the jobs take them. */
export function localRun({ retry, attempt_timeout_ms, output_schema }: LocalRunOptions): LocalRun {
  const base = { retry, attemptTimeoutMs: attempt_timeout_ms ?? undefined };
  if (output_schema === null) return base;
  return {
    ...base,
    checkResult: async (result, signal) =>
      (await import('../tools/flags/check-output.ts')).checkOutput(output_schema, result, signal),
  };
}
