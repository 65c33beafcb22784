/** A job's record as a run of whoever serves it. */

import { isTerminal, type JobRecord, type LogEntry } from '../jobs/record.ts';
import { isObject, textOf } from '../lib/json/json.ts';
import type { RunStatus, RunStep, ServedKind, ServedResult } from './provider.ts';

/** A job as the MCP server tells of it. `plain`: what a record without a kind is a run of. */
export function runOfRecord(
  job: JobRecord,
  logs: readonly LogEntry[],
  plain: ServedKind = 'tool',
): RunStatus {
  const { job_id, capability, status, attempt, progress, error, result, steps } = job;
  return {
    runId: job_id,
    name: capability,
    kind: job.kind === undefined ? plain : servedKind(job.kind),
    status,
    attempt,
    progress,
    result: isTerminal(status) ? servedResult(result) : undefined,
    error,
    logs,
    ...(steps === undefined ? {} : { steps: steps.map(stepOf) }),
    startedAt: job.created_at,
    updatedAt: job.updated_at,
    finishedAt: job.finished_at,
  };
}

/** Definitions of the user's own are jobs to whoever runs them. */
export function servedKind(kind: JobRecord['kind'] | 'tool'): ServedKind {
  if (kind === undefined || kind === 'tool') return 'tool';
  return kind === 'workflow' ? 'workflow' : 'job';
}

/** A server's answer to a call as it may be told on; servers leave out what they must not. */
export function servedResult(result: unknown): ServedResult | undefined {
  if (result === undefined || result === null) return undefined;
  if (!isObject(result)) return { content: [{ type: 'text', text: textOf(result) }] };
  return { ...result, content: Array.isArray(result['content']) ? result['content'] : [] };
}

function stepOf(step: NonNullable<JobRecord['steps']>[number]): RunStep {
  const { id, name, state, outputs, error, attempt, started_at, finished_at } = step;
  return {
    id,
    jobName: name,
    state,
    outputs,
    error: error ?? undefined,
    attempt,
    startedAt: started_at ?? undefined,
    finishedAt: finished_at ?? undefined,
  };
}
