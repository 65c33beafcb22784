/** Lists of jobs in Redis, a page at a time, from the copies that have no results. */
import { CliError } from '../../../errors.ts';
import { isProvedGone } from '../../../lib/disk/holder.ts';
import type { HolderFacts } from '../../../lib/disk/holder-facts.ts';
import type { JobFilter, JobListing } from '../../ports.ts';
import type { JobRecord } from '../../record.ts';
import { assemble, needsHolder } from '../assemble.ts';
import type { JobFacts } from '../job-files.ts';
import { fitting, problemOf } from '../listing.ts';
import type { Access } from './access.ts';
import { factsOf, readHash } from './layout.ts';

/** Records that are read at a time. */
const PAGE = 1_000;

interface Found {
  id: string;
  facts: JobFacts;
}

/** The jobs that are wanted, newest first. Errors: those of the connection. */
export async function listJobs(access: Access, filter: JobFilter): Promise<JobListing> {
  const { limit = Number.POSITIVE_INFINITY } = filter;
  const fits = fitting(filter);
  const listing: JobListing = { jobs: [], problems: [] };
  const leases = new Map<string, boolean>();
  const page = Math.min(PAGE, fits ? PAGE : limit);
  await access.sweep();
  for (let before = '+inf'; listing.jobs.length < limit; ) {
    const scored = await access.ask((redis) =>
      redis.zrevrangebyscore(access.keys.ids, before, '-inf', 'WITHSCORES', 'LIMIT', 0, page),
    );
    const ids = scored.filter((_, i) => i % 2 === 0);
    if (ids.length === 0) break;
    before = `(${scored.at(-1)}`;
    const glances = await access.ask((redis) => redis.hmget(access.keys.glance, ...ids));
    const found = ids.flatMap((id, i) => glance(access, id, glances[i] ?? null, listing));
    await lookAtLeases(access, found, leases);
    for (const one of found) {
      if (listing.jobs.length >= limit) break;
      const record = await recordOf(access, one, leases);
      if (!record || (fits && !fits(record))) continue;
      record.instance = access.instance;
      listing.jobs.push(record);
    }
  }
  return listing;
}

function glance(access: Access, id: string, text: string | null, { problems }: JobListing): Found[] {
  // Its time is over, or it was removed meanwhile.
  if (text === null) return [];
  const path = access.keys.job(id);
  try {
    const hash = readHash(path, { glance: text })['glance'] as Record<string, unknown>;
    return [{ id, facts: factsOf(path, id, hash) }];
  } catch (error) {
    const problem = problemOf(id, error);
    if (!problem) throw error;
    problems.push(problem);
    return [];
  }
}

/** Asks for the leases of all holders that are not known yet, at once. */
async function lookAtLeases(
  access: Access,
  found: readonly Found[],
  known: Map<string, boolean>,
): Promise<void> {
  const wanted = new Set<string>();
  for (const { facts } of found) {
    const record = assemble(facts);
    const lease = needsHolder(record) ? access.keys.lease(record.holder as HolderFacts) : undefined;
    if (lease !== undefined && !known.has(lease)) wanted.add(lease);
  }
  if (wanted.size === 0) return;
  const values = await access.ask((redis) => redis.mget(...wanted));
  for (const [i, lease] of [...wanted].entries()) known.set(lease, values[i] != null);
}

async function recordOf(
  access: Access,
  { id, facts }: Found,
  leases: ReadonlyMap<string, boolean>,
): Promise<JobRecord | undefined> {
  const record = assemble(facts);
  const { holder } = record;
  if (!needsHolder(record) || !holder) return record;
  if (!isProvedGone(holder) && leases.get(access.keys.lease(holder))) return record;
  try {
    return (await access.settled(id, facts)).record;
  } catch (error) {
    // Removed meanwhile.
    if (error instanceof CliError && error.code === 'unknown_job') return undefined;
    throw error;
  }
}
