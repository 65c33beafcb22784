/** A look at some jobs that costs little however many there are: nothing is written, no result is read, no index loaded. */

import { existsSync } from 'node:fs';
import { isHolderAlive } from '../../lib/disk/holder.ts';
import { isTerminal, type JobRecord } from '../record.ts';
import { settled } from './assemble.ts';
import { FILES, readFacts } from './job-files.ts';
import { jobNames } from './job-folder.ts';

export interface RecentJobsOptions {
  /** Only ids that begin so. */
  prefix: string;
  /** Those that have not ended come first. */
  liveFirst: boolean;
  /** How many records are read at most; 60 us each. */
  most: number;
}

/** How many of the newest jobs are looked at for live ones; 3 us each. A stat takes twice as long on Node 20. */
const LOOKED_AT = 1_000;

/** Records of jobs, newest first, without their results. A job that cannot be read is passed over. Errors: IoError for the folder of jobs. */
export function recentJobs(dir: string, { prefix, liveFirst, most }: RecentJobsOptions): JobRecord[] {
  const names = jobNames(dir)
    .filter((name) => name.startsWith(prefix))
    .reverse();
  const open = liveFirst
    ? names.slice(0, LOOKED_AT).filter((name) => !existsSync(`${dir}/${name}/${FILES.end}`))
    : [];
  const wanted = [...new Set([...open, ...names.slice(0, most)])].slice(0, most);
  const jobs = wanted.flatMap((name) => glance(dir, name));
  return liveFirst ? withLiveFirst(jobs) : jobs;
}

/** Those that have not ended, then the others. */
export function withLiveFirst(jobs: readonly JobRecord[]): JobRecord[] {
  return [
    ...jobs.filter(({ status }) => !isTerminal(status)),
    ...jobs.filter(({ status }) => isTerminal(status)),
  ];
}

function glance(dir: string, name: string): JobRecord[] {
  try {
    const facts = readFacts(`${dir}/${name}`, name, true);
    if (!facts) return [];
    // A look is enough: what its holder may just have written shows with the next one.
    return [
      settled(
        facts,
        (holder) => isHolderAlive(holder),
        () => facts,
      ).record,
    ];
  } catch {
    return [];
  }
}
