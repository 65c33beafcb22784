import type { ElicitPolicy } from '../../config/settings/settings.ts';
import { SignalReason } from '../../context.ts';
import { TimeoutError } from '../../errors.ts';
import type { Answer, Answerer } from '../../jobs/ports.ts';
import { askedText } from '../../jobs/questions/pending-questions.ts';
import { policyAnswerer } from '../../jobs/questions/policy.ts';
import type { PendingInput } from '../../jobs/record.ts';
import type { Printer } from '../output/printer.ts';
import type { Terminal } from './session.ts';

/**
 * Who answers what a server asks: by the policy, or the person on the terminal; undefined for nobody. A policy other than `ask` never asks,
 * so that a command does the same with a terminal and without.
 */
export function answererOf(
  policy: ElicitPolicy,
  printer: Printer,
  terminal: Terminal | undefined,
): Answerer | undefined {
  const byPolicy = policyAnswerer(policy, (question, answer) =>
    printer.note(`${toldAction(answer)} by policy (--elicit ${policy}): ${askedText(question) ?? ''}`),
  );
  if (byPolicy) return byPolicy;
  return terminal && terminalAnswerer(printer, terminal);
}

function toldAction({ action }: Answer): string {
  return action === 'accept' ? 'answered with the defaults' : 'declined';
}

/** The person: one question after the other, whatever number of them is put at once. */
export function terminalAnswerer(printer: Printer, terminal: Terminal): Answerer {
  let before: Promise<unknown> = Promise.resolve();
  return (question, aborted) => {
    if (question.method !== 'elicitation/create') return Promise.resolve(undefined);
    const signal = aborted as AbortSignal | undefined;
    const turn = before.then(() => ask(printer, terminal, question, signal));
    before = turn.catch(() => {});
    return turn;
  };
}

async function ask(
  printer: Printer,
  terminal: Terminal,
  question: PendingInput,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  // Answered elsewhere while others were asked: nobody hears of it.
  signal?.throwIfAborted();
  const { askOnTerminal } = await import('./elicitation.ts');
  signal?.throwIfAborted();
  const onAbort = () => {
    const { reason } = signal ?? {};
    if (reason instanceof SignalReason || reason instanceof TimeoutError) return;
    // The cursor stands behind a prompt.
    terminal.output.write('\n');
    printer.note(`(${(reason as Error).message})`);
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await askOnTerminal(terminal, question, signal);
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}
