import { CliError, TimeoutError, UnfinishedError } from '../errors.ts';
import type { JobDeps } from './deps.ts';
import type { ServerLink } from './ports.ts';
import type { PendingInput, Progress } from './record.ts';
import type { Stop } from './stop.ts';

export interface AttendOptions {
  stop: Stop;
  onProgress?: (progress: Progress) => void;
  /** What to do with a question when nobody can be asked; without it the work is stopped. */
  onUnanswered?: (question: PendingInput) => void;
}

/** Cancellation was asked for from elsewhere (`jobs cancel`), not by a signal to this process. */
export class CancelRequested extends Error {}

/**
 * Does `work` on a link while the person is asked what the server asks, and progress is passed on. With nobody to ask (and no
 * `onUnanswered`) the work is stopped with an UnfinishedError that says what was asked: nothing is answered unasked.
 */
export async function attended<T>(
  deps: Pick<JobDeps, 'ask'>,
  link: ServerLink,
  options: AttendOptions,
  work: () => Promise<T>,
): Promise<T> {
  const { stop, onProgress, onUnanswered } = options;
  link.observe({
    ...(onProgress ? { onProgress } : {}),
    onQuestion: (question) => {
      if (!deps.ask && onUnanswered) return onUnanswered(question);
      answer(deps, link, question, stop).catch((error: unknown) => stop.abort(error as Error));
    },
  });
  try {
    return await work();
  } finally {
    link.observe({});
  }
}

async function answer(
  deps: Pick<JobDeps, 'ask'>,
  link: ServerLink,
  question: PendingInput,
  stop: Stop,
): Promise<void> {
  if (!deps.ask) {
    const asked = question.params['message'];
    throw new UnfinishedError(
      'input_required',
      `the server asks for input and nobody can be asked here${typeof asked === 'string' ? `: ${asked}` : ''}`,
      { hint: 'run it on a terminal to answer; the call was cancelled' },
    );
  }
  const given = await deps.ask(question, stop.signal);
  await link.respond(question.request_id, { ...given });
}

/** Whether this side ended the work (signal, time limit, `jobs cancel`, an unanswerable question) rather than server or network. */
export function endedHere(error: unknown): boolean {
  return (
    error instanceof CancelRequested ||
    error instanceof TimeoutError ||
    error instanceof UnfinishedError ||
    !(error instanceof CliError)
  );
}
