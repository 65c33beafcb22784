/** Where things are in Redis, and what a job's hash says. */
import type { StoreAddress } from '../../../config/settings/store-address.ts';
import { cutText } from '../../../lib/caps.ts';
import type { HolderFacts } from '../../../lib/disk/holder-facts.ts';
import { parseJson, stringifyJson } from '../../../lib/json/exact-json.ts';
import { type JobStatus, type LogEntry, type NewJob, SCHEMA_VERSION } from '../../record.ts';
import { createdRecord, type Unheld } from '../assemble.ts';
import { checkedFacts, type JobFacts, RecordError, type StoredEnd } from '../job-files.ts';

/** The keys of one instance. All have its name in braces, so that a cluster keeps them together. */
export interface Keys {
  ids: string;
  glance: string;
  ends: string;
  /** A hash: the text of the definitions, and its revision. */
  definitions: string;
  /** What the keys of jobs begin with. */
  jobs: string;
  job(id: string): string;
  log(id: string): string;
  /** The facts about a workflow's steps. */
  steps(id: string): string;
  /** The jobs of a workflow's steps. */
  stepJobs(id: string): string;
  /** The calls that a run has made, by their numbers. */
  calls(id: string): string;
  /** The answers that were left to what a job asks. */
  answers(id: string): string;
  /** The parts of a large result, under a name of its own. */
  parts(id: string, name: string): string;
  /** What channels begin with. */
  changes: string;
  /** A part of what belongs to the calls for the workers of a target: waiting, running, inbox, workers, about. */
  queue(target: string, part: string): string;
  /** The targets that there are such calls for. */
  targets: string;
  /** The channel of what is asked of a worker's jobs. */
  mail(worker: string): string;
  /** The lease of a holder. */
  lease(holder: HolderFacts): string;
}

export function keysOf({ prefix, name }: Pick<StoreAddress, 'prefix' | 'name'>): Keys {
  const all = `${prefix}{${name}}:`;
  const jobs = `${all}job:`;
  return {
    ids: `${all}ids`,
    glance: `${all}glance`,
    ends: `${all}ends`,
    definitions: `${all}definitions`,
    jobs,
    job: (id) => `${jobs}${id}`,
    log: (id) => `${jobs}${id}:log`,
    steps: (id) => `${jobs}${id}:steps`,
    stepJobs: (id) => `${jobs}${id}:jobs`,
    calls: (id) => `${jobs}${id}:calls`,
    answers: (id) => `${jobs}${id}:answers`,
    parts: (id, part) => `${jobs}${id}:result:${part}`,
    changes: `${all}changes:`,
    queue: (target, part) => `${all}queue:${target}:${part}`,
    targets: `${all}queues`,
    mail: (worker) => `${all}mail:${worker}`,
    lease: ({ host, pid, started, boot_id, pid_ns }) =>
      `${all}holder:${[host, boot_id, pid_ns, pid, started].map((one) => encodeURIComponent(String(one ?? ''))).join(':')}`,
  };
}

/** Fields of a job's hash that an observation has; behind `seen_` stands the field of the record. */
const SEEN = 'seen_';

/** A value as it is stored: JSON, with numbers as they came. */
export function jsonText(value: unknown): string {
  return (stringifyJson(value) as string | undefined) ?? 'null';
}

/** The record of a new job as it is stored: what Redis itself decides, the id and the times, is not in it. */
export function newJobText(job: Unheld<NewJob>): string {
  const {
    job_id: _,
    created_at: _created,
    updated_at: _updated,
    ...rest
  } = createdRecord('', job, new Date(0));
  return jsonText(rest);
}

/** Fields and values of an observation. */
export function seenFields(seen: object): string[] {
  return Object.entries(seen).flatMap(([key, value]) => [`${SEEN}${key}`, jsonText(value)]);
}

/** The most lines of a log. */
const LOG_LINES = 1_000;

/** A line of a log as scripts take it: what is stored of it, but for its time, the most lines, and what the last of so many says. */
export function logLine(text: string): [line: string, most: number, last: string] {
  return [jsonText(cutText(text).replace(/\s*\n\s*/g, ' ')), LOG_LINES, jsonText('(the log is full)')];
}

/** A line of a log. One that says no time came from a file. */
export function readLogLine(line: string): LogEntry {
  const [ms, text] = parseJson(line) as [number | null, string];
  return { time: ms === null ? null : new Date(ms).toISOString(), text };
}

/** What a job's hash has, its values read. */
export type JobHash = Readonly<Record<string, unknown>>;

/** Reads the values of a hash. Error: RecordError. */
export function readHash(path: string, hash: Readonly<Record<string, string>>): JobHash {
  try {
    return Object.fromEntries(Object.entries(hash).map(([key, text]) => [key, parseJson(text)]));
  } catch (error) {
    throw new RecordError('damaged', path, `${path} is damaged: not valid JSON`, error);
  }
}

/** What a hash, or a glance at one, says. Errors: RecordError for what is damaged, or of a newer version. */
export function factsOf(path: string, id: string, hash: JobHash): JobFacts {
  const version = hash['v'];
  if (typeof version === 'number' && version > SCHEMA_VERSION)
    throw new RecordError(
      'newer',
      path,
      `${path} was written by a newer version (schema ${version}, known is ${SCHEMA_VERSION})`,
    );
  const seen = Object.fromEntries(
    Object.entries(hash).flatMap(([key, value]) =>
      key.startsWith(SEEN) && key !== 'seen_at' ? [[key.slice(SEEN.length), value]] : [],
    ),
  );
  const created = timeOf(path, hash['created']);
  const seenAt = hash['seen_at'];
  const { resumed, holder } = hash;
  return checkedFacts(path, id, {
    job: {
      status: 'queued' satisfies JobStatus,
      ...(hash['job'] as object),
      // Who goes on with a workflow, and the worker that has a call.
      ...(holder === undefined ? {} : { holder }),
      ...(resumed === undefined ? {} : { resumed, backend: 'local' }),
      ...seen,
      job_id: id,
      created_at: created,
      updated_at: hash['updated'] === undefined ? created : timeOf(path, hash['updated']),
      ...(seenAt === undefined ? {} : { status_observed_at: timeOf(path, seenAt) }),
    },
    task: withTime(path, 'accepted_at', hash['task'], hash['accepted']),
    cancel: hash['cancel'] === undefined ? undefined : { requested_at: timeOf(path, hash['cancel']) },
    end: withTime(path, 'finished_at', hash['end'], hash['ended']) as StoredEnd | undefined,
  });
}

/** A fact that was written at a time by Redis' clock: its writer's may be any. One that came from files has its own alone. */
function withTime(path: string, field: 'accepted_at' | 'finished_at', fact: unknown, ms: unknown): unknown {
  return fact === undefined || ms === undefined ? fact : { ...(fact as object), [field]: timeOf(path, ms) };
}

function timeOf(path: string, ms: unknown): string {
  if (typeof ms === 'number' && Number.isFinite(ms)) return new Date(ms).toISOString();
  throw new RecordError('damaged', path, `${path} is damaged: a time is missing or wrong`);
}
