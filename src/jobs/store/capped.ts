/** What is stored of a server's words: the last place that sees to it, whichever way they came. Arguments and results stay whole. */

import { cutState, cutText, cutValue, QUESTION_LENGTH } from '../../lib/caps.ts';
import type { JobEnd, JobError, Observation, PendingInput, Progress, TaskFact } from '../record.ts';

/** The fields of a record that a server has a say in. */
type Told = Partial<Pick<Observation, 'remote' | 'progress' | 'pending_input' | 'trouble'>> & {
  error?: JobError | null;
};

/** A fact, an observation or an end as it is stored. */
export function capped<T extends Told | TaskFact | JobEnd>(facts: T): T {
  const told: Told = facts;
  const cut: Told = {};
  if (told.remote) cut.remote = cutState(told.remote);
  if (told.progress) cut.progress = cutProgress(told.progress);
  if (told.error) cut.error = cutError(told.error);
  if (told.trouble) cut.trouble = { ...told.trouble, message: cutText(told.trouble.message) };
  if (told.pending_input) cut.pending_input = told.pending_input.map(cutQuestion);
  return { ...facts, ...cut };
}

function cutProgress(progress: Progress): Progress {
  return progress.message === undefined ? progress : { ...progress, message: cutText(progress.message) };
}

function cutError({ data, ...error }: JobError): JobError {
  const { code, message, ...more } = error;
  return {
    ...cutState(more),
    code,
    message: cutText(message),
    ...(data === undefined ? {} : { data: cutValue(data) }),
  };
}

function cutQuestion(question: PendingInput): PendingInput {
  return { ...question, params: cutState(question.params, QUESTION_LENGTH) };
}

const OBSERVED = [
  'status',
  'remote',
  'progress',
  'poll_interval_ms',
  'pending_input',
  'trouble',
  'attempt',
] as const;

/** What is stored of an observation: the fields that it has. */
export function observedFields(seen: Observation): Partial<Observation> {
  const told = capped(seen);
  return Object.fromEntries(OBSERVED.flatMap((key) => (told[key] === undefined ? [] : [[key, told[key]]])));
}
