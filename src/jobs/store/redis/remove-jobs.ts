/** Removing jobs from Redis, each as a whole. */
import { CliError } from '../../../errors.ts';
import { parseJson } from '../../../lib/json/exact-json.ts';
import type { Removal, RemoveOptions } from '../../ports.ts';
import { isTerminal, type JobRecord } from '../../record.ts';
import { RecordError } from '../job-files.ts';
import type { Access } from './access.ts';

/** Jobs that are removed between two looks at the signal. */
const BATCH = 128;

/** `JobStore.remove` */
export async function removeJobs(
  access: Access,
  ids: readonly string[],
  { onRemoved, signal }: RemoveOptions,
): Promise<void> {
  for (let at = 0; at < ids.length; at += BATCH) {
    if (signal.aborted) throw signal.reason;
    const part: Removal = { removed: [], bytes: 0 };
    try {
      for (const id of ids.slice(at, at + BATCH)) {
        const bytes = await removed(access, id);
        if (bytes === undefined) continue;
        part.removed.push(id);
        part.bytes += bytes;
      }
    } finally {
      if (part.removed.length > 0) onRemoved(part);
    }
  }
}

/** Bytes that were freed; undefined when it is not there, or has not ended. */
async function removed(access: Access, id: string): Promise<number | undefined> {
  let record: JobRecord;
  let holder: JobRecord['holder'];
  try {
    const facts = access.facts(id, await access.hash(id));
    ({ record } = await access.settled(id, facts));
    ({ holder } = record);
  } catch (error) {
    const gone = error instanceof CliError && error.code === 'unknown_job';
    if (gone || error instanceof RecordError) return undefined;
    throw error;
  }
  if (!isTerminal(record.status)) return undefined;
  const bytes = await bytesOf(access, id);
  const lease = holder ? access.keys.lease(holder) : '';
  const said = await access.run('jobRemove', access.job(id), [id, `${access.keys.changes}${id}`, lease]);
  return said === 1 ? bytes : undefined;
}

/** Bytes of memory that a job takes, its result, its log and the jobs of its steps included. */
export async function bytesOf(access: Access, id: string): Promise<number> {
  const { keys } = access;
  const [named, stepJobs] = await Promise.all([
    access.ask((redis) => redis.hget(access.job(id), 'parts')),
    access.ask((redis) => redis.lrange(keys.stepJobs(id), 0, -1)),
  ]);
  const all = [access.job(id), keys.log(id), keys.steps(id), keys.calls(id), keys.answers(id)];
  if (named !== null) all.push(keys.parts(id, parseJson(named) as string));
  const sizes = await Promise.all(all.map((key) => access.ask((redis) => redis.memory('USAGE', key))));
  let sum = sizes.reduce<number>((total, size) => total + (size ?? 0), 0);
  for (const step of stepJobs) sum += await bytesOf(access, step);
  return sum;
}
