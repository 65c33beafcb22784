/** What only runs of a FrontMCP server have: times of their own, steps of a workflow, log lines. */
import type { JobRecord, LogEntry } from '../../../jobs/record.ts';
import { isObject, type JsonObject, textAt, textOf } from '../../../lib/json/json.ts';
import { age } from '../../../lib/text/age.ts';
import { visibleLine } from '../../../lib/text/visible.ts';

/**
 * Whether the job is a run of such a server. One in the foreground over stdio is a local job on record, since the server ends with its
 * process; what the server says of it tells.
 */
export function isServerRun({ backend, remote }: Pick<JobRecord, 'backend' | 'remote'>): boolean {
  return backend === 'frontmcp' || (backend === 'local' && typeof remote?.['runId'] === 'string');
}

/** Lines of `jobs show`: when the server began and ended the run, to its millisecond or by `now` as ages, and which attempt it was. */
export function runDetails(job: JobRecord, now: Date | undefined): string[] {
  if (!isServerRun(job)) return [];
  const { remote, attempt } = job;
  return [
    `attempt: ${attempt}`,
    ...timeLine('started', remote?.['startedAt'], now),
    ...timeLine('ended', remote?.['completedAt'], now),
  ];
}

/** Epoch milliseconds. */
function timeLine(name: string, at: unknown, now: Date | undefined): string[] {
  if (typeof at !== 'number' || !Number.isFinite(at) || Math.abs(at) > 8.64e15) return [];
  const iso = new Date(at).toISOString();
  return [`${name}: ${now ? age(iso, now) : iso}`];
}

/** A workflow's steps with their states and what they returned, as a tree; undefined for any other result. */
export function workflowTree(
  job: Pick<JobRecord, 'backend' | 'remote' | 'kind'>,
  result: unknown,
): string | undefined {
  const content = isObject(result) ? result['structuredContent'] : undefined;
  const isWorkflow = isServerRun(job) || job.kind === 'workflow';
  if (!isWorkflow || !isObject(content) || !isObject(content['stepResults'])) return undefined;
  const { workflowName, state, stepResults } = content;
  const steps = Object.entries(stepResults as JsonObject);
  const lines = steps.map(([id, step], i) => {
    const branch = i === steps.length - 1 ? '└─' : '├─';
    const told = isObject(step) ? step : {};
    return `${branch} ${visibleLine(id)}: ${word(told['state'])}${outputText(told)}`;
  });
  return [`${word(workflowName)}: ${word(state)}`, ...lines].join('\n');
}

/** A name or a state; what is missing shows as a question mark. */
function word(value: unknown): string {
  return visibleLine(textOf(value)) || '?';
}

function outputText(step: JsonObject): string {
  const { outputs, error } = step;
  // Why it has none tells more.
  if (isObject(error) && typeof error['message'] === 'string') return `  ${visibleLine(error['message'])}`;
  if (outputs === undefined || (isObject(outputs) && Object.keys(outputs).length === 0)) return '';
  return `  ${visibleLine(textAt(step, 'outputs'))}`;
}

/** The log that the server keeps of a run: lines of `[TIME] TEXT`. It tells them when the run has completed, and not before. */
export function runLog({ remote }: JobRecord): LogEntry[] {
  const logs = remote?.['logs'];
  return (Array.isArray(logs) ? logs : []).map((entry) => {
    const line = textOf(entry);
    const match = /^\[(\d{4}-\d\d-\d\dT[\d:.]+Z)\] (.*)$/s.exec(line);
    return match ? { time: match[1] ?? null, text: match[2] ?? '' } : { time: null, text: line };
  });
}
