/** Answers that come from another machine, by a store that both have: how they are given, and how whoever holds the job hears of them. */
import { UnfinishedError, UnreachableError, UsageError } from '../../errors.ts';
import { randomId } from '../../lib/random-id.ts';
import type { JobDeps, JobEvents } from '../deps.ts';
import { changesOf } from '../follow/changes.ts';
import type { Answer, InputResponse } from '../ports.ts';
import { isTerminal, type JobRecord, type PendingInput } from '../record.ts';

/** How often the store is looked at where it tells of no change, and the pause before one that is away is asked again, in milliseconds. */
const LOOK_MS = 1_000;

/** How long whoever holds the job may take to take an answer, in milliseconds. */
const TAKE_MS = 30_000;

/**
 * The same, but what is asked for this job is answered by whoever was going to be asked, or by another machine: the first answer counts. Where
 * nobody is asked, or machines share nothing, nothing is changed.
 */
export function answeredAnywhere<T extends JobDeps>(deps: T, id: string): T {
  const { ask, store } = deps;
  if (!ask || !store.answers) return deps;
  return {
    ...deps,
    ask: async (question, signal) => {
      const [here, there] = [new AbortController(), new AbortController()];
      const until = (one: AbortController) =>
        signal ? AbortSignal.any([one.signal, signal as AbortSignal]) : one.signal;
      const asked = ask(question, until(here));
      const left = answerLeft(deps, id, question, until(there)).then((answer) => {
        // Whoever is asked here is asked no longer.
        here.abort(new Error('answered from another machine'));
        return answer;
      });
      try {
        return await Promise.race([left, asked]);
      } finally {
        for (const one of [left, asked]) one.catch(() => {});
        there.abort(new Error('answered'));
      }
    },
  };
}

/** Tells whoever left an answer that the server refuses it. */
export function tellsRefusal({ store }: JobDeps, id: string, events: JobEvents): JobEvents {
  const { onRefused } = events;
  if (!onRefused || !store.answers) return events;
  return {
    ...events,
    onRefused: (question, error) => {
      store.answers?.settle(id, question, 'refused', error.message).catch(() => {});
      onRefused(question, error);
    },
  };
}

/** Waits for an answer that somebody leaves, and takes it. Error: the signal's reason. */
async function answerLeft(
  deps: JobDeps,
  id: string,
  question: PendingInput,
  signal: AbortSignal,
): Promise<Answer> {
  const { store, clock } = deps;
  const change = changesOf(deps, id, LOOK_MS);
  for (;;) {
    try {
      await change(signal);
      const left = await store.answers?.left(id, question);
      if (left?.unreadable) await store.answers?.settle(id, question, 'refused', left.unreadable);
      if (!left?.answer) continue;
      // Before the server has it: what comes of the answer comes after this.
      await store.answers?.settle(id, question, 'taken');
      return left.answer as unknown as Answer;
    } catch (error) {
      if (signal.aborted || !(error instanceof UnreachableError)) throw error;
      // A store that is away comes back.
      await clock.sleep(LOOK_MS, signal);
    }
  }
}

/**
 * Leaves an answer to what a job asks, and stays until the server has it. Errors: UsageError `nothing_to_answer` when it is answered already, or not
 * asked any more, UnfinishedError for an answer that the server refuses, UnreachableError when whoever holds the job does not take it.
 */
export async function leaveAnswer(
  deps: JobDeps,
  { job_id: id, holder }: JobRecord,
  question: PendingInput,
  answer: InputResponse,
  signal: AbortSignal,
): Promise<void> {
  const { store, clock } = deps;
  const token = randomId();
  const late = (why: string) =>
    new UsageError(`${id} does not ask this any more: ${why}`, { code: 'nothing_to_answer' });
  const said = await store.answers?.give(id, question, { token, answer: { ...answer } });
  if (said !== 'given') throw late(said === 'ended' ? 'it has ended' : 'somebody else has answered');
  const until = clock.monotonic() + TAKE_MS;
  const change = changesOf(deps, id, LOOK_MS);
  for (;;) {
    await change(signal);
    const job = await store.read(id);
    const left = await store.answers?.left(id, question);
    if (!left) throw late('it has ended');
    if (left.token !== token) throw late('somebody else has answered');
    if (left.state === 'refused') throw new UnfinishedError('input_required', left.message ?? 'refused');
    const isOver = isTerminal(job.status);
    if (left.state === 'taken' && (isOver || !asks(job, question))) return;
    if (isOver) throw late('it has ended');
    if (left.state === undefined && clock.monotonic() > until)
      throw new UnreachableError(
        `the answer waits in the store: process ${holder?.pid} on ${holder?.host}, which has ${id}, has not taken it`,
        {
          hint: 'it may be of an older version, or cut off from the store; the answer counts once it takes it',
        },
      );
  }
}

function asks({ pending_input: open = [] }: JobRecord, { request_id, received_at }: PendingInput): boolean {
  return open.some((one) => one.request_id === request_id && one.received_at === received_at);
}
