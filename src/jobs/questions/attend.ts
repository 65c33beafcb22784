import { CliError, TimeoutError, UnfinishedError, UnsupportedError } from '../../errors.ts';
import type { Stop } from '../../lib/stop.ts';
import { CancelRequested } from '../cancel-requests.ts';
import type { JobDeps, JobEvents } from '../deps.ts';
import type { ServerLink } from '../ports.ts';
import type { PendingInput, Progress } from '../record.ts';
import { askedText, Questions } from './pending-questions.ts';

export interface WithAnswersOptions {
  stop: Stop;
  onProgress?: (progress: Progress) => void;
  /** An answer has reached the server. */
  onAnswered?: JobEvents['onAnswered'];
  /** The open questions, whenever there are others than before; for whoever keeps them: nobody is asked until this has resolved. */
  onOpen?: (open: PendingInput[]) => void | Promise<void>;
  /** What to do with a question that nobody here answers (`asResult`: see LinkEvents); without it the work is stopped. */
  onUnanswered?: (question: PendingInput, asResult: boolean) => void;
}

/**
 * Does `work` on a link while whoever can answer is asked what the server asks, and progress is passed on. With nobody to answer (and no
 * `onUnanswered`) the work is stopped with an UnfinishedError that says what was asked: nothing is answered unasked.
 */
export async function withAnswers<T>(
  deps: Pick<JobDeps, 'ask' | 'automatic' | 'onLog'>,
  link: ServerLink,
  options: WithAnswersOptions,
  work: () => Promise<T>,
): Promise<T> {
  const { stop, onProgress, onOpen, onUnanswered } = options;
  const unanswered = onUnanswered ?? ((question) => stop.abort(nobodyAnswers(question)));
  const told = new Set<PendingInput>();
  const asResult = new Set<PendingInput>();
  let kept: void | Promise<void>;
  const questions = new Questions({
    ask: deps.ask,
    automatic: deps.automatic,
    signal: stop.signal,
    onOpen: (open) => {
      kept = onOpen?.(open);
      // Told where the next one is asked; after the last there is nothing to tell.
      kept?.catch(() => {});
    },
    onReady: () => void deliver().catch((error: unknown) => stop.abort(error as Error)),
  });
  const deliver = async () => {
    await kept;
    questions.askAll();
    for (const { question, answer } of questions.ready) {
      await link.respond(question.request_id, { ...answer });
      questions.delivered(question);
      options.onAnswered?.(question, answer);
    }
    if (!questions.unanswerable) return;
    // A question that may be for other work, which keeps it, ends nothing here.
    for (const question of questions.open.filter((one) => !told.has(one) && !one.shared)) {
      told.add(question);
      unanswered(question, asResult.has(question));
    }
  };
  link.observe({
    ...(onProgress ? { onProgress } : {}),
    onLog: deps.onLog,
    onQuestion: (question, isParked) => {
      if (isParked) asResult.add(question);
      questions.put(question);
      void deliver().catch((error: unknown) => stop.abort(error as Error));
    },
    onWithdrawn: (requestId) => questions.withdraw(requestId),
  });
  try {
    return await work();
  } finally {
    questions.dispose();
    link.observe({});
  }
}

/** Nobody here answers what was asked. */
export function nobodyAnswers(question: PendingInput): CliError {
  const asked = askedText(question);
  // Not for a person: it takes a setting, and a person to make it.
  if (question.method !== 'elicitation/create')
    return new UnsupportedError(`the server asks for ${asked ?? question.method}, which is not set up`, {
      hint: settingHint(question.method),
      details: { pending_input: [question] },
    });
  return new UnfinishedError(
    'input_required',
    `the server asks for input and nobody answers here${asked === undefined ? '' : `: ${asked}`}`,
    {
      hint: 'the call was cancelled; run it on a terminal to answer, or say how to: --elicit decline|defaults',
      details: { pending_input: [question] },
    },
  );
}

/** The setting that lets this client answer requests of a method that are not for a person. */
export function settingHint(method: string): string | undefined {
  if (method === 'sampling/createMessage')
    return 'set a command that answers: mcp2cli instances set NAME sampling -- COMMAND [ARG]...';
  return method === 'roots/list' ? 'name them: mcp2cli instances set NAME roots FOLDER...' : undefined;
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
