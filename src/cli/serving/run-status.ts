import type { RunStatus, ServedKind, ServedResult } from '../../jobhost/provider.ts';
import { isTerminal, type JobRecord, type LogEntry } from '../../jobs/record.ts';
import { isObject, textOf } from '../../lib/json/json.ts';

/** A job as the MCP server tells of it. */
export function runOfJob(job: JobRecord, logs: readonly LogEntry[]): RunStatus {
  const { job_id, capability, kind, status, attempt, progress, error, result } = job;
  return {
    runId: job_id,
    name: capability,
    kind: servedKind(kind),
    status,
    attempt,
    progress,
    result: isTerminal(status) ? servedResult(result) : undefined,
    error,
    logs,
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
