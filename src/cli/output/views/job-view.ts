import type { JobRecord, Progress } from '../../../jobs/record.ts';
import { elapsed } from '../../../lib/elapsed.ts';
import { stringifyJson } from '../../../lib/json/exact-json.ts';
import { age } from '../../../lib/text/age.ts';
import { counted } from '../../../lib/text/counted.ts';
import { visibleLine, visibleName } from '../../../lib/text/visible.ts';
import { wrapWords } from '../../../lib/text/word-wrap.ts';
import type { Printer } from '../printer.ts';
import { runDetails } from './run-view.ts';

/** A time stamp for a pipe: seconds are enough. */
function seconds(iso: string): string {
  return iso.replace(/\.\d+Z$/, 'Z');
}

/** The server's own status word of the last known task state. */
function remoteStatus(job: JobRecord): string | null {
  const status = job.remote?.['status'] ?? job.remote?.['state'];
  return typeof status === 'string' ? status : null;
}

/** `job_id  capability  status  remote_task_id  created_at`: the columns of a list in a pipe. */
export function jobLine(job: JobRecord): string {
  return [
    job.job_id,
    visibleName(job.capability),
    job.status,
    visibleLine(job.remote_task_id ?? '-'),
    seconds(job.created_at),
  ].join('  ');
}

/** What the server says about the state of the task. */
export function remoteMessage({ remote }: JobRecord): string | undefined {
  const said = remote?.['statusMessage'] ?? remote?.['message'];
  return typeof said === 'string' && said !== '' ? said : undefined;
}

/** The lines of `jobs show`; the first is `status: running, remote status: working`. `now`: for a terminal, with times as ages. */
export function jobDetails(job: JobRecord, now?: Date): string {
  const time = (iso: string) => (now ? age(iso, now) : seconds(iso));
  const remote = remoteStatus(job);
  const lines = [
    `status: ${job.status}${remote === null ? '' : `, remote status: ${visibleLine(remote)}`}`,
    `job: ${job.job_id}`,
    `instance: ${job.instance}`,
    ...whatLines(job),
    `arguments: ${visibleLine(stringifyJson(job.arguments))}`,
  ];
  if (job.name !== undefined) lines.push(`name: ${visibleName(job.name)}`);
  if (job.tags?.length) lines.push(`tags: ${job.tags.map(visibleLine).join(', ')}`);
  const labels = Object.entries(job.labels ?? {}).map(([name, value]) => visibleLine(`${name}=${value}`));
  if (labels.length > 0) lines.push(`labels: ${labels.join(', ')}`);
  if (job.remote_task_id !== null) lines.push(`task: ${visibleLine(job.remote_task_id)}`);
  const said = remoteMessage(job);
  if (said !== undefined) lines.push(`message: ${visibleLine(said)}`);
  lines.push(...runDetails(job, now));
  if (job.progress) lines.push(`progress: ${progressText(job.progress)}`);
  lines.push(...callLines(job));
  if (job.error) lines.push(`error: ${visibleLine(job.error.message)} (${job.error.code})`);
  lines.push(`created: ${time(job.created_at)}`, `updated: ${time(job.updated_at)}`);
  if (job.cancel_requested_at) lines.push(`cancel requested: ${time(job.cancel_requested_at)}`);
  if (job.finished_at) lines.push(`finished: ${time(job.finished_at)}`);
  if (job.resumed) lines.push(`resumed: ${counted(job.resumed, 'time')}`);
  return lines.join('\n');
}

/** The tools that a job of one's own has called: `call: work deploy completed (1.2 s)`. */
function callLines({ calls = [] }: JobRecord): string[] {
  return calls.map(({ instance, tool, started_at, finished_at, outcome, error, job_id }) => {
    const took =
      finished_at === undefined ? '' : `, ${elapsed(Date.parse(finished_at) - Date.parse(started_at))}`;
    const made = job_id === undefined ? '' : ` as ${job_id}`;
    const why = error === undefined ? '' : `: ${visibleLine(error.message)}`;
    return `call: ${visibleName(instance)} ${visibleName(tool)}${made} (${outcome ?? 'running'}${took})${why}`;
  });
}

/** What was run: a tool, unless the record says otherwise. */
function whatLines({ kind, capability, tool }: JobRecord): string[] {
  if (kind === undefined) return [`tool: ${visibleName(capability)}`];
  const lines = [`kind: ${visibleLine(kind)}`, `name: ${visibleName(capability)}`];
  return tool === undefined ? lines : [...lines, `tool: ${visibleName(tool)}`];
}

/** `3/10 (30%) message`, as far as it is known. */
export function progressText(progress: Progress): string {
  const { progress: done, total, message } = progress;
  const share = total !== undefined && total > 0 ? `/${total} (${Math.round((done / total) * 100)}%)` : '';
  return `${done}${share}${message ? ` ${visibleLine(message)}` : ''}`;
}

/** One line of `watch` in a pipe. */
export function changeLine(job: JobRecord): string {
  const said = remoteMessage(job);
  const message = job.progress?.message || said === undefined ? '' : `  ${visibleLine(said)}`;
  return `${job.job_id}  ${job.status}${job.progress ? `  ${progressText(job.progress)}` : ''}${message}`;
}

/** What a job came to, in a few words, for the envelope's summary. */
export function jobSummary(job: JobRecord): string {
  const tail = job.error ? `: ${job.error.message}` : '';
  return `${job.job_id} ${job.capability} ${job.status}${tail}`;
}

/** `Job submitted: job_abc123 (task: task_xyz789)` */
export function submittedLine(job: JobRecord, printer: Printer): string {
  const waits = job.status === 'queued' && job.holder === null ? 'for a worker' : 'local';
  const where = job.remote_task_id === null ? waits : `task: ${printer.safeLine(job.remote_task_id)}`;
  const parts = ['Job submitted:', job.job_id, `(${where})`];
  return printer.outTTY ? wrapWords(parts, printer.width) : parts.join(' ');
}
