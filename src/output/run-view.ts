/** What only runs of a FrontMCP server have: times of their own, steps of a workflow, log lines. */
import type { JobRecord, LogEntry } from '../jobs/record.ts';
import { isObject, type JsonObject } from '../json.ts';
import { visibleLine } from './visible.ts';

/** Lines of `jobs show`: when the server began and ended the run, and which attempt it was. */
export function runDetails({ backend, remote, attempt }: JobRecord): string[] {
  if (backend !== 'frontmcp') return [];
  return [
    `attempt: ${attempt}`,
    ...timeLine('started', remote?.['startedAt']),
    ...timeLine('ended', remote?.['completedAt']),
  ];
}

/** Epoch milliseconds. */
function timeLine(name: string, at: unknown): string[] {
  if (typeof at !== 'number' || !Number.isFinite(at) || Math.abs(at) > 8.64e15) return [];
  return [`${name}: ${new Date(at).toISOString()}`];
}

/** A workflow's steps with their states and what they returned, as a tree; undefined for any other result. */
export function workflowTree(job: Pick<JobRecord, 'backend'>, result: unknown): string | undefined {
  const content = isObject(result) ? result['structuredContent'] : undefined;
  if (job.backend !== 'frontmcp' || !isObject(content) || !isObject(content['stepResults'])) return undefined;
  const { workflowName, state, stepResults } = content;
  const steps = Object.entries(stepResults as JsonObject);
  const lines = steps.map(([id, step], i) => {
    const branch = i === steps.length - 1 ? '└─' : '├─';
    const { state: stepState, outputs } = isObject(step) ? step : {};
    return `${branch} ${visibleLine(id)}: ${visibleLine(String(stepState))}${outputText(outputs)}`;
  });
  return [`${visibleLine(String(workflowName))}: ${visibleLine(String(state))}`, ...lines].join('\n');
}

function outputText(outputs: unknown): string {
  if (outputs === undefined || (isObject(outputs) && Object.keys(outputs).length === 0)) return '';
  return `  ${visibleLine(typeof outputs === 'string' ? outputs : JSON.stringify(outputs))}`;
}

/** The log that the server keeps of a run: lines of `[TIME] TEXT`. It tells them when the run has completed, and not before. */
export function runLog({ remote }: JobRecord): LogEntry[] {
  const logs = remote?.['logs'];
  return (Array.isArray(logs) ? logs : []).map((line) => {
    const match = /^\[(\d{4}-[^\]]+Z)\] (.*)$/s.exec(String(line));
    return match ? { time: match[1] ?? null, text: match[2] ?? '' } : { time: null, text: String(line) };
  });
}
