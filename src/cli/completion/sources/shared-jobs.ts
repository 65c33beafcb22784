/** Jobs of a store in Redis behind TAB. */
import type { StoreAddress } from '../../../config/settings/store-address.ts';
import type { JobRecord } from '../../../jobs/record.ts';
import { openShared } from '../../../jobs/store/open-store.ts';
import { type RecentJobsOptions, withLiveFirst } from '../../../jobs/store/recent-jobs.ts';
import { orAborted } from '../../../lib/stop.ts';

/**
 * How long the store is waited for, in milliseconds: somebody has a finger on TAB. TCP, TLS, the login and the list take a round trip each, which is
 * half a second to another continent.
 */
const PATIENCE_MS = 1_000;

/** How many of the newest jobs are looked at. */
const LOOKED_AT = 1_000;

/** Some of the newest jobs, as `recentJobs` has them. Rejects where the store does not tell them at once. */
export async function sharedJobs(
  address: StoreAddress,
  instance: string,
  { prefix, liveFirst, most }: RecentJobsOptions,
): Promise<JobRecord[]> {
  const store = openShared(address, instance, 0, PATIENCE_MS);
  try {
    const listed = Promise.resolve(store.list({ limit: LOOKED_AT }));
    const { jobs } = await orAborted(listed, AbortSignal.timeout(PATIENCE_MS));
    const named = jobs.filter(({ job_id }) => job_id.startsWith(prefix));
    return (liveFirst ? withLiveFirst(named) : named).slice(0, most);
  } finally {
    // Nobody waits for its farewell.
    void store.close();
  }
}
