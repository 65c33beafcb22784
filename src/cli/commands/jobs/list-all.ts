import type { App } from '../../app.ts';
import { closeAll, everyInstance, withEach } from '../../every-instance.ts';
import { type JobPart, knownIds, type ListOptions, partOf, printListing } from './list.ts';

/** `jobs list --all-instances`: the jobs of all instances in one list, newest first. */
export async function listEverywhere(app: App, options: ListOptions): Promise<number> {
  const apps = everyInstance(app);
  try {
    const listed: App[] = [];
    const parts = await withEach(app, apps, async (own) => {
      const part = await partOf(own, options);
      listed.push(own);
      return part;
    });
    return await printListing(app, united(parts), options, {
      instances: true,
      // One whose store is away was told, and is not asked again.
      known: () => knownIds(listed),
    });
  } finally {
    await closeAll(apps);
  }
}

function united(parts: readonly JobPart[]): JobPart {
  return {
    // Ids sort by time.
    jobs: parts.flatMap(({ jobs }) => jobs).sort((a, b) => (a.job_id < b.job_id ? 1 : -1)),
    problems: parts.flatMap(({ problems }) => problems),
    stale: new Set(parts.flatMap(({ stale }) => [...(stale ?? [])])),
  };
}
