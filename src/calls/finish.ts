import { SignalReason } from '../context.ts';
import { InterruptedError, TimeoutError } from '../errors.ts';
import type { JobDeps, JobEvents } from '../jobs/deps.ts';
import { dialectOf } from '../jobs/dialects.ts';
import { followTask } from '../jobs/follow/follow-task.ts';
import type { ServerLink } from '../jobs/ports.ts';
import { isTerminal, type JobRecord } from '../jobs/record.ts';
import { type UnrecordedEndError, unrecordedJob } from '../jobs/recorder.ts';
import { cancelSoon, waitForJob } from '../jobs/wait.ts';
import type { Stop } from '../lib/stop.ts';
import type { CallScope, Live } from './call.ts';
import { detached } from './detached.ts';

/** While somebody waits. */
export interface Waiting {
  stop: Stop;
  live: Live;
}

export function eventsOf(scope: CallScope, live: Live): JobEvents {
  return {
    onChange: (job) => live.update('', job.progress),
    onNote: (text) => scope.printer.note(text),
  };
}

/** Follows a job of this command to its end. ^C and `--timeout` cancel it. Errors: as `detached` has them, where it goes on. */
export async function untilEnd(
  scope: CallScope,
  deps: JobDeps,
  link: ServerLink,
  job: JobRecord,
  { stop, live }: Waiting,
): Promise<JobRecord> {
  const events = eventsOf(scope, live);
  await link.close({ keepSession: true });
  const here = job.holder != null && !link.keeper;
  const near = here ? { ...deps, links: only(link) } : deps;
  // The session that started a run hears of its progress, and has the one stream for that already.
  const stays = here || (!link.keeper && dialectOf(job.backend).outlivesSession);
  const wait = () =>
    stays ? followTask(near, job, { stop, events, link }) : waitForJob(deps, job.job_id, stop, events);
  const inHand: UnrecordedEndError[] = [];
  const ended = isTerminal(job.status)
    ? job
    : await waitOrCancel(scope, near, job, wait).catch(unrecordedJob(inHand));
  // In the foreground the answer is what counts.
  for (const { code, message } of inHand) scope.printer.warn(code, message);
  // Its end is known: nobody needs the task or its session any more.
  await link.close({ keepSession: false });
  return ended;
}

/** Links that all lead to the one server which has the task: a child of this process. */
function only(link: ServerLink): JobDeps['links'] {
  const kept = { ...link, close: async () => {} };
  return { open: async () => kept, reopen: async () => kept };
}

async function waitOrCancel(
  scope: CallScope,
  deps: JobDeps,
  job: JobRecord,
  wait: () => Promise<JobRecord>,
): Promise<JobRecord> {
  try {
    return await wait();
  } catch (error) {
    if (!(error instanceof SignalReason || error instanceof TimeoutError))
      throw await detached(error, scope.command('jobs', 'wait', job.job_id), scope);
    if (!dialectOf(job.backend).cancels) throw await leftAlone(error, job, scope);
    // In the foreground an interruption is a cancellation; the record says what came of it.
    const ended = await cancelSoon(deps, job.job_id).catch(() => undefined);
    const sure = ended && isTerminal(ended.status);
    const message = sure
      ? `${error instanceof TimeoutError ? 'the time ran out' : 'interrupted'}; the task is ${ended.status}`
      : 'interrupted; whether the task was cancelled is not known';
    const hint = sure ? undefined : `see: ${scope.command('jobs', 'show', job.job_id)}`;
    if (error instanceof TimeoutError) throw new TimeoutError(message, { hint });
    throw new InterruptedError(message, error.exitCode, { hint });
  }
}

/** A run that nobody can cancel goes on, whoever leaves. */
function leftAlone(error: SignalReason | TimeoutError, job: JobRecord, scope: CallScope): Promise<unknown> {
  const late = 'the time ran out; the run cannot be cancelled, and goes on at the server';
  const reason = error instanceof TimeoutError ? new TimeoutError(late, { cause: error }) : error;
  return detached(reason, scope.command('jobs', 'wait', job.job_id), scope);
}
