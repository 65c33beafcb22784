/** Jobs whose instance was renamed while somebody works with them (`instances rename`). */
import { readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { isThere } from './job-files.ts';

/**
 * The folder of jobs that a job is in now, and the name of its instance; undefined where it is in none. `dir` is where it was:
 * `instances/NAME/jobs`. An id is nowhere twice: it is made of the time and of chance.
 */
export function movedJobs(dir: string, id: string): { dir: string; instance: string } | undefined {
  const instances = dirname(dirname(dir));
  if (basename(instances) !== 'instances') return undefined;
  return namesIn(instances)
    .map((instance) => ({ instance, dir: `${instances}/${instance}/jobs` }))
    .find((place) => isThere(`${place.dir}/${id}`));
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
