/** The files in a job's folder: their names, their shape, and reading them. Nothing here decides what they mean together. */
import { statSync } from 'node:fs';
import { ConfigError } from '../../errors.ts';
import { RECORD_BYTES } from '../../lib/caps.ts';
import { readBounded } from '../../lib/disk/bounded-read.ts';
import { readPublished } from '../../lib/disk/durable-file.ts';
import { errnoOf, ioFailure } from '../../lib/disk/io-failure.ts';
import { parseJson, stringifyJson } from '../../lib/json/exact-json.ts';
import { isObject } from '../../lib/json/json.ts';
import { JOB_STATUSES, type JobEnd, type JobRecord, SCHEMA_VERSION, type TaskFact } from '../record.ts';
import { unknownJob } from './job-id.ts';

/**
 * job.json: the record as it was created, with the last observation. Fields that this version does not know are kept. Once the job
 * has ended it is another name of end.json, which is a whole record too.
 */
export type StoredJob = Omit<JobRecord, 'result' | 'observed_at'> & {
  /** When a status was last observed; without it `status` says no more than that the record was created. */
  status_observed_at?: string;
};

/** task.json */
export type StoredTask = TaskFact;

/** cancel.json */
export interface StoredCancel {
  requested_at: string;
}

/** end.json */
export type StoredEnd = JobEnd & {
  /** The file beside it that holds a result too large for this one. */
  result_file?: string;
};

/** Everything that a folder tells. */
export interface JobFacts {
  job: StoredJob;
  task: StoredTask | undefined;
  cancel: StoredCancel | undefined;
  end: StoredEnd | undefined;
}

export const FILES = {
  job: 'job.json',
  task: 'task.json',
  cancel: 'cancel.json',
  end: 'end.json',
  /** What a workflow's run goes by. */
  plan: 'workflow.json',
} as const;

/** Why a record cannot be used. The file stays as it is. */
export class RecordError extends ConfigError {
  readonly path: string;
  readonly problem: 'damaged' | 'newer';

  constructor(problem: 'damaged' | 'newer', path: string, message: string, cause?: unknown) {
    super(message, {
      code: `record_${problem}`,
      cause,
      hint:
        problem === 'newer'
          ? 'use the version of mcp2cli that wrote it; this one only leaves it alone'
          : 'the file is left as it is; move its folder away to be rid of the message',
      details: { path },
    });
    this.problem = problem;
    this.path = path;
  }
}

type Check = (value: unknown) => boolean;
const isString: Check = (value) => typeof value === 'string';
const isNumber: Check = (value) => typeof value === 'number';
const isTime: Check = (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value));
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || value === null || check(value);
const isError: Check = (value) => isObject(value) && isString(value['code']) && isString(value['message']);
const isHolder: Check = (value) => isObject(value) && isNumber(value['pid']) && isString(value['host']);
const isTags: Check = (value) => Array.isArray(value) && value.every(isString);
const isLabels: Check = (value) => isObject(value) && Object.values(value).every(isString);
const isTerminalWord: Check = (value) => JOB_STATUSES.indexOf(value as 'lost') >= 3;

const JOB_SHAPE: Record<string, Check> = {
  job_id: isString,
  instance: isString,
  capability: isString,
  arguments: isObject,
  status: (value) => (JOB_STATUSES as readonly unknown[]).includes(value),
  created_at: isTime,
  updated_at: maybe(isTime),
  finished_at: maybe(isTime),
  cancel_requested_at: maybe(isTime),
  status_observed_at: maybe(isTime),
  backend: maybe(isString),
  remote_task_id: maybe(isString),
  remote: maybe(isObject),
  session: maybe(isObject),
  progress: maybe(isObject),
  attempt: maybe(isNumber),
  error: maybe(isError),
  poll_interval_ms: maybe(isNumber),
  pending_input: maybe(Array.isArray),
  trouble: maybe(isObject),
  holder: maybe(isHolder),
  kind: maybe(isString),
  tool: maybe(isString),
  name: maybe(isString),
  tags: maybe(isTags),
  labels: maybe(isLabels),
  resumed: maybe(isNumber),
};
const TASK_SHAPE: Record<string, Check> = {
  backend: isString,
  remote_task_id: isString,
  session: isObject,
  remote: maybe(isObject),
  poll_interval_ms: maybe(isNumber),
  holder: maybe(isHolder),
  accepted_at: isTime,
};
const CANCEL_SHAPE: Record<string, Check> = { requested_at: isTime };
const END_SHAPE: Record<string, Check> = {
  status: isTerminalWord,
  error: maybe(isError),
  remote: maybe(isObject),
  progress: maybe(isObject),
  finished_at: maybe(isTime),
  // A plain name: nothing in a record leads out of its folder.
  result_file: maybe((value) => typeof value === 'string' && /^result\.[0-9a-z-]+\.json$/.test(value)),
};

/** Reads job.json; undefined when there is no such file. Errors: RecordError, IoError. */
export function readJobFile(folder: string, id: string, brief = false): StoredJob | undefined {
  const path = `${folder}/${FILES.job}`;
  const job = read(path, {}, brief);
  return job === undefined ? undefined : checkedJob(path, job, id);
}

function checkedJob(path: string, content: object, id: string): StoredJob {
  const job = inShape(path, content as Record<string, unknown>, JOB_SHAPE) as unknown as StoredJob;
  if (job.job_id !== id)
    throw new RecordError('damaged', path, `${path} is the record of another job (${job.job_id})`);
  return job;
}

export function readTaskFile(folder: string, brief = false): StoredTask | undefined {
  return read(`${folder}/${FILES.task}`, TASK_SHAPE, brief) as StoredTask | undefined;
}

function readCancelFile(folder: string): StoredCancel | undefined {
  return read(`${folder}/${FILES.cancel}`, CANCEL_SHAPE) as StoredCancel | undefined;
}

function readEndFile(folder: string, brief = false): StoredEnd | undefined {
  return read(`${folder}/${FILES.end}`, END_SHAPE, brief) as StoredEnd | undefined;
}

/** The result that an end names. Errors: RecordError when the file is not there: a result is never made up. */
export function readResultFile(folder: string, name: string): unknown {
  const path = `${folder}/${name}`;
  const content = read(path, {});
  if (content === undefined || !('result' in content))
    throw new RecordError('damaged', path, `${path}, the result of the job, is missing`);
  return content['result'];
}

/**
 * Everything in a job's folder, or undefined when it has no job.json. Read against the order in which the facts come about, so that
 * whoever sees an end sees what was true before it. `brief`: of a large file its long texts are cut, the result among them, for whoever looks at
 * many jobs. Errors: RecordError, IoError.
 */
export function readFacts(folder: string, id: string, brief = false): JobFacts | undefined {
  const end = readEndFile(folder, brief);
  const cancel = readCancelFile(folder);
  const task = readTaskFile(folder, brief);
  const job = readJobFile(folder, id, brief);
  if (job === undefined) return undefined;
  // The end is a whole record, and nothing that happens to the other files afterwards changes it (an observation that was under way).
  if (end !== undefined && 'job_id' in end) {
    const whole = checkedJob(`${folder}/${FILES.end}`, end, id);
    return { job: whole, task: undefined, cancel: undefined, end };
  }
  // A record that tells its own end needs no second file for it.
  const told = end ?? (isTerminalWord(job.status) ? (job as unknown as StoredEnd) : undefined);
  return { job, task, cancel, end: told };
}

/** Why there is no job.json: the whole job is not there, or the record is damaged. */
export function missingRecord(folder: string, id: string, instance: string): Error {
  if (!isThere(folder)) return unknownJob(id, instance);
  const path = `${folder}/${FILES.job}`;
  return new RecordError('damaged', path, `${path} is missing`);
}

/** Facts that come from another place than a folder, checked as files are. Error: RecordError. */
export function checkedFacts(path: string, id: string, facts: Record<keyof JobFacts, unknown>): JobFacts {
  const fact = <T>(value: unknown, shape: Record<string, Check>): T | undefined => {
    if (value === undefined) return undefined;
    if (!isObject(value)) throw damage(path, 'it is not an object');
    return inShape(path, value, shape) as T;
  };
  return {
    job: checkedJob(path, isObject(facts.job) ? facts.job : {}, id),
    task: fact<StoredTask>(facts.task, TASK_SHAPE),
    cancel: fact<StoredCancel>(facts.cancel, CANCEL_SHAPE),
    end: fact<StoredEnd>(facts.end, END_SHAPE),
  };
}

/** What is wrong with each of a job's files by itself, and with all of them together; nothing for one that is not there. */
export function recordProblems(folder: string, id: string): Error[] {
  const files = [
    () => readEndFile(folder),
    () => readCancelFile(folder),
    () => readTaskFile(folder),
    () => readJobFile(folder, id),
    () => readFacts(folder, id),
    () => readFact(`${folder}/${FILES.plan}`),
  ];
  return files.flatMap((readFile) => {
    try {
      readFile();
      return [];
    } catch (error) {
      return [error as Error];
    }
  });
}

export function fileText(content: object): string {
  return stringifyJson({ ...content, schema_version: SCHEMA_VERSION });
}

/** One of our files by its path; undefined when it is not there. Errors: RecordError, IoError. */
export function readFact(path: string): Record<string, unknown> | undefined {
  return read(path, {});
}

function read(
  path: string,
  shape: Record<string, Check>,
  brief = false,
): Record<string, unknown> | undefined {
  // job.json is nearly always there.
  if (!path.endsWith(FILES.job) && !isThere(path)) return undefined;
  let text: string | undefined;
  try {
    text = brief && isLarge(path) ? readBounded(path) : readPublished(path);
  } catch (error) {
    const errno = errnoOf((error as Error).cause);
    if (errno === 'ENOTDIR') return undefined;
    if (errno === 'EISDIR' || errno === 'ENOENT') throw damage(path, 'not a file', error);
    throw error;
  }
  return text === undefined ? undefined : checked(path, text, shape);
}

/** Cheaper than the error of a read that finds nothing, as most folders lack one of the files. No access is not "not there". */
export function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    throw ioFailure(error, 'read', path);
  }
}

/** Where a folder stands for a file (publishOnce) it is read as it is. */
function isLarge(path: string): boolean {
  try {
    const seen = statSync(path, { throwIfNoEntry: false });
    return seen?.isFile() === true && seen.size > RECORD_BYTES;
  } catch (error) {
    throw ioFailure(error, 'read', path);
  }
}

function checked(path: string, text: string, shape: Record<string, Check>): Record<string, unknown> {
  let content: unknown;
  try {
    content = parseJson(text);
  } catch (error) {
    throw damage(path, text.trim() === '' ? 'it is empty' : 'it is not valid JSON', error);
  }
  if (!isObject(content)) throw damage(path, 'it is not an object');
  const version = content['schema_version'];
  if (!Number.isInteger(version) || (version as number) < 1)
    throw damage(path, 'schema_version is missing or wrong');
  if ((version as number) > SCHEMA_VERSION)
    throw new RecordError(
      'newer',
      path,
      `${path} was written by a newer version (schema ${version}, known is ${SCHEMA_VERSION})`,
    );
  return inShape(path, content, shape);
}

function inShape(path: string, content: Record<string, unknown>, shape: Record<string, Check>) {
  for (const field in shape)
    if (!shape[field]?.(Object.hasOwn(content, field) ? content[field] : undefined))
      throw damage(path, `${field} is missing or wrong`);
  return content;
}

export function damage(path: string, why: string, cause?: unknown): RecordError {
  return new RecordError('damaged', path, `${path} is damaged: ${why}`, cause);
}
