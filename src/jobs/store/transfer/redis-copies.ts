/** Whole jobs out of a store in Redis, and into one. */
import { CliError } from '../../../errors.ts';
import { parseJson } from '../../../lib/json/exact-json.ts';
import { type CallRecord, type JobEnd, SCHEMA_VERSION, type StepFact } from '../../record.ts';
import type { JobFacts, StoredJob } from '../job-files.ts';
import { checkedId, timeOf } from '../job-id.ts';
import type { Access } from '../redis/access.ts';
import { jsonText, readLogLine, seenFields } from '../redis/layout.ts';
import { resultOf, writeParts } from '../redis/results.ts';
import type { JobCopies, JobCopy } from './job-copy.ts';

export function redisCopies(access: Access): JobCopies {
  return { take: (id) => take(access, id), put: (copy, stepJobs) => putWhole(access, copy, stepJobs) };
}

async function take(access: Access, id: string): Promise<JobCopy> {
  const hash = await access.hash(id);
  const facts = access.facts(id, hash);
  const { keys } = access;
  const [found, steps, calls, log, stepJobs] = await Promise.all([
    facts.end && access.ask((redis) => resultOf(redis, (name) => keys.parts(id, name), hash)),
    access.ask((redis) => redis.lrange(keys.steps(id), 0, -1)),
    access.ask((redis) => redis.hvals(keys.calls(id))),
    access.ask((redis) => redis.lrange(keys.log(id), 0, -1)),
    access.ask((redis) => redis.lrange(keys.stepJobs(id), 0, -1)),
  ]);
  return {
    id,
    facts: { ...facts, end: facts.end && { ...facts.end, ...found } },
    plan: hash['plan'] === undefined ? undefined : (parseJson(hash['plan']) as JobCopy['plan']),
    steps: steps.map((step) => parseJson(step) as StepFact),
    calls: calls.map((call) => parseJson(call) as CallRecord).sort((a, b) => a.id - b.id),
    log: log.map(readLogLine),
    stepJobs,
    of: hash['of'] === undefined ? undefined : (parseJson(hash['of']) as string),
  };
}

/** First what belongs to it: a workflow that is there is whole. */
async function putWhole(access: Access, copy: JobCopy, stepJobs: readonly JobCopy[]): Promise<boolean> {
  for (const step of stepJobs) await put(access, step);
  return put(access, copy);
}

async function put(access: Access, copy: JobCopy): Promise<boolean> {
  const { id, facts, plan, steps, calls, log, stepJobs, of } = copy;
  const { keys, address } = access;
  const { end } = facts;
  const text = end?.result === undefined ? undefined : jsonText(end.result);
  const bytes = text === undefined ? 0 : Buffer.byteLength(text);
  if (bytes > address.resultBytes) throw tooLarge(id, bytes, address.resultBytes);
  if ((await access.ask((redis) => redis.exists(access.job(id)))) === 1) return false;
  const parts = await access.ask((redis) =>
    writeParts(redis, (name) => keys.parts(checkedId(id), name), text),
  );
  const named = parts ? jsonText(parts.name) : '';
  const stays = end ? Math.floor(address.ttlMs ?? 0) : 0;
  const fields = [
    ...hashOf(facts),
    ...(plan ? ['plan', jsonText(plan)] : []),
    ...(calls.length > 0 ? ['calls', '1'] : []),
    ...(of === undefined ? [] : ['of', jsonText(of)]),
    ...(parts ? ['parts', named] : text === undefined ? [] : ['result', text]),
  ];
  const lists = [
    fields,
    log.map(({ time, text: line }) => jsonText([time === null ? null : Date.parse(time), line])),
    steps.map(jsonText),
    calls.flatMap((call) => [String(call.id), jsonText(call)]),
    stepJobs,
  ];
  const said = await access.run('jobCopy', access.job(id), [
    id,
    `${keys.changes}${id}`,
    timeOf(id),
    stays,
    named,
    ...lists.flatMap((list) => [list.length, ...list]),
  ]);
  if (said === 'there' && parts) await access.redis.del(parts.key).catch(() => {});
  return said === 'copied';
}

/**
 * Fields and values of the hash. What somebody has seen of the job stands in fields of its own, as if it had been seen here: a workflow that is
 * resumed forgets those.
 */
function hashOf({ job, task, cancel, end }: JobFacts): string[] {
  const { created_at, updated_at, status_observed_at, resumed, holder, ...rest } = job;
  const { status, remote, progress, poll_interval_ms, pending_input, trouble, attempt, ...made } = rest;
  const { job_id: _, error: __, finished_at: ___, cancel_requested_at, ...kept } = made;
  const seen = { status, remote, progress, poll_interval_ms, pending_input, trouble, attempt };
  const cancelled = cancel?.requested_at ?? cancel_requested_at;
  return [
    ...['v', String(SCHEMA_VERSION), 'created', ms(created_at), 'updated', ms(updated_at)],
    ...['job', jsonText({ ...kept, ...(resumed === undefined ? { holder } : {}) })],
    ...(resumed === undefined ? [] : ['resumed', String(resumed), 'holder', jsonText(holder ?? null)]),
    ...seenFields(Object.fromEntries(Object.entries(seen).filter(([, value]) => value !== undefined))),
    ...(status_observed_at === undefined ? [] : ['seen_at', ms(status_observed_at)]),
    ...(task ? ['task', jsonText(task), 'task_id', jsonText(task.remote_task_id)] : []),
    ...(cancelled == null ? [] : ['cancel', ms(cancelled)]),
    ...(end ? ['end', jsonText(endOf(end))] : []),
  ];
}

function ms(time: StoredJob['created_at']): string {
  return String(Date.parse(time));
}

/** The end alone: on disk it stands in the whole record. */
function endOf({ status, error, remote, progress, attempt, finished_at }: JobEnd): JobEnd {
  return {
    status,
    error,
    finished_at,
    ...(remote === undefined ? {} : { remote }),
    ...(progress === undefined ? {} : { progress }),
    ...(attempt === undefined ? {} : { attempt }),
  };
}

function tooLarge(id: string, bytes: number, limit: number): CliError {
  return new CliError(
    'result_too_large',
    1,
    `the result of ${id} has ${bytes} bytes, and the store takes ${limit}`,
    { hint: 'let it take more: instances set INSTANCE store.resultLimit SIZE' },
  );
}
