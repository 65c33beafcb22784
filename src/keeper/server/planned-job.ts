/** A workflow that the keeper runs: a job of its own, new or resumed, whose steps have a connection each. */

import type { JobDeps, JobEvents } from '../../jobs/deps.ts';
import { isTerminal, type JobRecord } from '../../jobs/record.ts';
import type { Submitted } from '../../jobs/submission.ts';
import type { Stop } from '../../lib/stop.ts';
import type { DocumentPlan } from '../../workflows/documents/plan.ts';
import type { SubmitParams } from '../protocol.ts';
import type { ConnectionPool, Lease } from './connection-pool.ts';

export interface PlannedJobHost {
  instance: string;
  deps: JobDeps;
  connections: ConnectionPool;
  stop: Stop;
  events: JobEvents;
  /** The record is on disk. */
  onJob(job: JobRecord): void;
}

/** Runs it to its end. Errors: UsageError for a job that cannot be resumed, IoError, UnrecordedEndError. */
export async function runPlannedJob(
  { instance, deps, connections, stop, events, onJob }: PlannedJobHost,
  { name, arguments: input, stored_arguments, metadata, resumes }: SubmitParams,
  plan: DocumentPlan,
  lease: Lease,
): Promise<Submitted> {
  const { runPlan } = await import('../../workflows/documents/run-plan.ts');
  const job = resumes
    ? await deps.store.resume(resumes, deps.holder)
    : await deps.store.create({
        instance,
        capability: metadata?.capability ?? name,
        arguments: stored_arguments,
        backend: 'local',
        session: lease.link.session,
        holder: deps.holder,
        metadata: metadata ?? undefined,
        plan,
      });
  onJob(job);
  const openLink = async (signal: AbortSignal) => {
    const { link, release } = await connections.lease(signal);
    link.keepQuestions();
    return { link, release: (keepSession: boolean) => release({ keepSession }) };
  };
  const ended = await runPlan({ deps, job, plan, input, steps: { openLink }, stop, events });
  // Another process goes on with it, and writes its end.
  return { job: isTerminal(ended.status) ? ended : { ...ended, status: 'lost' }, synchronous: true };
}
