/** What a list of jobs is made of: those that are wanted, and what is told of those that cannot be read. */
import { IoError } from '../../errors.ts';
import type { JobFilter, StoreProblem } from '../ports.ts';
import type { JobRecord } from '../record.ts';
import { RecordError } from './job-files.ts';

/** Whether a record is one of those that are wanted; undefined when all are. */
export function fitting({
  statuses = [],
  tags = [],
  labels = {},
  tools = [],
  since,
  name,
}: JobFilter): ((job: JobRecord) => boolean) | undefined {
  const wanted = Object.entries(labels);
  const lists = [statuses, tags, wanted, tools];
  if (lists.every(({ length }) => length === 0) && since === undefined && name === undefined)
    return undefined;
  return (job) =>
    (since === undefined || Date.parse(job.created_at) >= since) &&
    (name === undefined || job.name === name) &&
    (tools.length === 0 || tools.includes(job.capability) || tools.includes(job.tool ?? '')) &&
    (statuses.length === 0 || statuses.includes(job.status)) &&
    (tags.length === 0 || tags.some((tag) => job.tags?.includes(tag))) &&
    wanted.every(([key, value]) => job.labels && Object.hasOwn(job.labels, key) && job.labels[key] === value);
}

/** What keeps a record from being read; undefined for what is no matter of the record. */
export function problemOf(job_id: string, error: unknown): StoreProblem | undefined {
  if (error instanceof RecordError)
    return { job_id, path: error.path, code: error.problem, message: error.message };
  if (error instanceof IoError)
    return { job_id, path: String(error.details?.['path'] ?? ''), code: 'damaged', message: error.message };
  return undefined;
}
