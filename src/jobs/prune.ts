/** Which jobs `prune` removes. No I/O. */
import { isTerminal, type JobRecord, type TerminalStatus } from './record.ts';

export interface PruneRule {
  /** Milliseconds since the job ended; 0: whenever that was. */
  olderThanMs?: number | undefined;
  /** So many of those that the statuses leave stay, the newest ones. */
  keep?: number | undefined;
  /** One of them; none: any end. */
  statuses?: readonly TerminalStatus[];
}

/** The jobs that a rule removes, in the order given, which is newest first. Only those that have ended; all that is said must hold. */
export function prunable(
  jobs: readonly JobRecord[],
  now: Date,
  { olderThanMs = 0, keep = 0, statuses = [] }: PruneRule,
): JobRecord[] {
  return jobs
    .filter(({ status }) => isTerminal(status) && (statuses.length === 0 || statuses.includes(status)))
    .slice(keep)
    .filter((job) => olderThanMs === 0 || now.getTime() - endOf(job) >= olderThanMs);
}

/** Milliseconds since 1970. Nobody knows when a job ended whose process is gone: when it was last heard of. */
function endOf({ finished_at, updated_at }: JobRecord): number {
  return Date.parse(finished_at ?? updated_at);
}
