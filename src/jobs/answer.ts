import { UnfinishedError, UnsupportedError, UsageError } from '../errors.ts';
import { type Stop, stopAfter } from '../lib/stop.ts';
import type { JobDeps, JobEvents } from './deps.ts';
import { isOwnedElsewhere } from './follow/follow-record.ts';
import { QUESTION_WAIT_MS } from './follow/polling.ts';
import type { Answerer } from './ports.ts';
import { sameQuestion } from './questions/pending-questions.ts';
import { isTerminal, type JobRecord, type PendingInput } from './record.ts';
import { showJob, waitForJob } from './wait.ts';

/** How often the state is asked for after an answer, which servers may take in with a delay, and the pause between, in milliseconds. */
const LOOKS_AFTER = 4;
const LOOK_AFTER_MS = 250;

/**
 * What a job asks now, and its record. A server that tells its questions only to whoever waits for the result is waited for; what it asks is on
 * record from then on. Errors: UsageError `nothing_to_answer`, UnsupportedError where another command holds the job, and those of `showJob`.
 */
export async function openQuestions(
  deps: JobDeps,
  id: string,
  stop: Stop,
): Promise<{ job: JobRecord; questions: PendingInput[] }> {
  const job = await showJob(deps, id, stop);
  const known = isTerminal(job.status) ? [] : (job.pending_input ?? []);
  if (known.length > 0 && isOwnedElsewhere(job) && !job.holder?.keeper && !deps.store.answers)
    throw new UnsupportedError(`${id} is run by another command (process ${job.holder?.pid ?? 'unknown'})`, {
      hint: 'answer where that command asks',
    });
  if (known.length > 0) return { job, questions: known };
  if (job.status !== 'input_required') throw nothingToAnswer(job);
  const seen: PendingInput[] = [];
  const look: Answerer = async (question) => {
    seen.push(question);
    return undefined;
  };
  try {
    await waitForJob({ ...deps, ask: look, questionWaitMs: QUESTION_WAIT_MS }, id, stop, {});
  } catch (error) {
    if (!(error instanceof UnfinishedError)) throw error;
    if (seen.length === 0)
      throw new UnfinishedError('input_required', `${error.message} (the server does not say what it asks)`, {
        cause: error,
        details: error.details,
      });
  }
  if (seen.length === 0) throw nothingToAnswer(await deps.store.read(id));
  return { job: await deps.store.read(id), questions: seen };
}

function nothingToAnswer(job: JobRecord, why = ''): UsageError {
  return new UsageError(`${job.job_id} asks nothing: it is ${job.status}${why}`, {
    code: 'nothing_to_answer',
    details: { job_id: job.job_id, status: job.status },
  });
}

/** Ends the wait that brought the answers: there is nothing more to bring. */
class Delivered extends Error {}

/**
 * Brings answers to the server, and returns the job as it is afterwards; other questions stay open. `ask` is put the questions that are
 * meant, and no others. Errors: UsageError `nothing_to_answer` when all of them were answered elsewhere or withdrawn meanwhile,
 * UnfinishedError for an answer that the server refuses, and those of `waitForJob`.
 */
export async function bringAnswers(
  deps: JobDeps,
  id: string,
  wanted: readonly PendingInput[],
  ask: Answerer,
  { stop, events }: { stop: Stop; events: Pick<JobEvents, 'onNote'> },
): Promise<JobRecord> {
  const open = new Set(wanted);
  const given = new Set<PendingInput>();
  let brought = 0;
  using own = stopAfter(deps.clock, stop.signal, undefined, '');
  const which = (question: PendingInput, among: Iterable<PendingInput> = open) => {
    const list = [...among];
    return list.find((one) => sameId(one, question)) ?? list.find((one) => sameQuestion(one, question));
  };
  const delivered = (question: PendingInput | undefined) => {
    if (question) open.delete(question);
    if (open.size === 0) own.abort(new Delivered('answered'));
  };
  try {
    await waitForJob(
      {
        ...deps,
        questionWaitMs: QUESTION_WAIT_MS,
        ask: async (question, signal) => {
          const meant = which(question);
          if (!meant) return undefined;
          const answer = await ask(question, signal);
          if (answer) given.add(meant);
          return answer;
        },
      },
      id,
      own,
      {
        ...events,
        onAnswered: (question) => {
          brought += 1;
          delivered(which(question));
        },
        onChange: ({ pending_input: listed }) => {
          if (!listed) return;
          for (const one of open) if (!given.has(one) && !which(one, listed)) delivered(one);
        },
      },
    );
  } catch (error) {
    if (stop.signal.aborted) throw error;
    // With the answers brought, nothing that comes behind them is this command's failure.
    if (!(error instanceof Delivered) && open.size > 0) throw error;
  }
  if (brought === 0) throw nothingToAnswer(await deps.store.read(id), ' (answered elsewhere, or withdrawn)');
  return stateAfter(deps, id, wanted, stop);
}

/** The job once the server has taken the answers in, as far as that shows within a moment. */
async function stateAfter(
  deps: JobDeps,
  id: string,
  answered: readonly PendingInput[],
  stop: Stop,
): Promise<JobRecord> {
  const lags = ({ status, pending_input: listed = [] }: JobRecord) =>
    listed.length > 0
      ? listed.some((one) => answered.some((a) => sameId(a, one)))
      : status === 'input_required';
  let job = await deps.store.read(id);
  try {
    for (let looks = 0; looks < LOOKS_AFTER; looks++) {
      if (looks > 0) await deps.clock.sleep(LOOK_AFTER_MS, stop.signal);
      job = await showJob(deps, id, stop);
      if (!lags(job)) break;
    }
  } catch {
    // The answer was brought; what became of it shows later.
  }
  // Whoever else waits for the job may still have the question on record.
  return job.status === 'input_required' ? job : { ...job, pending_input: [] };
}

function sameId(a: PendingInput, b: PendingInput): boolean {
  return a.request_id === b.request_id;
}
