import { CliError, KeeperAbsentError, UnfinishedError, UnreachableError } from '../../errors.ts';
import type { Stop } from '../../lib/stop.ts';
import type { JobDeps, JobEvents } from '../deps.ts';
import type { ServerLink } from '../ports.ts';
import { leaveAnswer } from '../questions/elsewhere.ts';
import { askedText, Questions } from '../questions/pending-questions.ts';
import { isTerminal, type JobRecord, type PendingInput } from '../record.ts';
import { changesOf } from './changes.ts';

/** How often a job that another process holds is looked at, in milliseconds. */
export const LOCAL_LOOK_MS = 200;

/** Whether only the store tells about the job: another process holds it, or it is not accepted yet. */
export function isOwnedElsewhere(job: JobRecord): boolean {
  return job.holder != null || job.remote_task_id === null || job.backend === 'local';
}

/**
 * Stays with a job that another process holds until it is terminal, or not held any more, by looking at the store, which also tells when
 * the holder is gone. What a keeper's job asks, or any in a store that
 * machines share, is put to whoever can answer here. Errors: the stop's reason, UnfinishedError for a question
 * that nobody here answers.
 */
export async function waitForOwner(
  deps: JobDeps,
  job: JobRecord,
  stop: Stop,
  events: JobEvents,
): Promise<JobRecord> {
  let current = job;
  let link: ServerLink | undefined;
  const change = changesOf(deps, job.job_id, LOCAL_LOOK_MS);
  const questions = new Questions({
    ask: deps.ask,
    signal: stop.signal,
    onOpen: () => {},
    onReady: () => {},
  });
  try {
    while (!isTerminal(current.status) && isOwnedElsewhere(current)) {
      if (current.holder?.keeper || (current.holder && deps.store.answers)) {
        questions.sync(current.pending_input ?? []);
        if (questions.open.length > 0 && questions.unanswerable) throw inputRequired(current, questions.open);
        questions.askAll();
        for (const { question, answer } of questions.ready) {
          if (!link && current.holder.keeper) link = await keeperLink(deps, current, stop.signal);
          const bring = link
            ? link.keeper?.respond(current.job_id, question.request_id, { ...answer })
            : leaveAnswer(deps, current, question, answer, stop.signal);
          const taken = await isTaken(bring, events.onAnswered === undefined);
          questions.delivered(question);
          if (taken) events.onAnswered?.(question, answer);
        }
      }
      checkTrouble(deps, current);
      await change(stop.signal);
      const next = await deps.store.read(current.job_id);
      if (next.updated_at !== current.updated_at || next.status !== current.status) events.onChange?.(next);
      current = next;
    }
    return current;
  } finally {
    questions.dispose();
    await link?.close({ keepSession: true }).catch(() => {});
  }
}

/** A wait has the same patience with a server wherever the job is held. */
function checkTrouble({ clock, failureBudgetMs }: JobDeps, { trouble, job_id }: JobRecord): void {
  if (!trouble) return;
  const failing = clock.now().getTime() - Date.parse(trouble.since) - (trouble.asked_ms ?? 0);
  if (failing <= failureBudgetMs) return;
  throw new UnreachableError(`no usable answer about ${job_id}: ${trouble.message}`);
}

/** The way to the keeper of a job; undefined where it is another machine's, and what is for it goes by the store. */
async function keeperLink(
  deps: JobDeps,
  job: JobRecord,
  signal: AbortSignal,
): Promise<ServerLink | undefined> {
  try {
    return await deps.links.reopen(job, signal);
  } catch (error) {
    if (!(error instanceof KeeperAbsentError) || !deps.store.answers) throw error;
    return undefined;
  }
}

/** Whether the answer was taken. A question that somebody else has answered meanwhile is no failure of a wait. */
async function isTaken(bring: Promise<void> | undefined, mayBeLate: boolean): Promise<boolean> {
  try {
    await bring;
    return true;
  } catch (error) {
    if (mayBeLate && error instanceof CliError && error.code === 'nothing_to_answer') return false;
    throw error;
  }
}

/** What a wait ends with when the job asks something and nobody here answers. */
export function inputRequired(
  job: JobRecord,
  open: readonly PendingInput[],
  fallback?: string | undefined,
): UnfinishedError {
  const asked = askedText(open[0]) ?? fallback;
  const more = open.length > 1 ? ` (and ${open.length - 1} more)` : '';
  return new UnfinishedError(
    'input_required',
    `${job.job_id} waits for input${asked === undefined ? '' : `: ${asked}${more}`}`,
    { details: { job_id: job.job_id, pending_input: open } },
  );
}
