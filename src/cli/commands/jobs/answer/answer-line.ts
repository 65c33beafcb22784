import { UsageError } from '../../../../errors.ts';
import type { Answer } from '../../../../jobs/ports.ts';
import { type FormField, formDefaults, formFields, formProblems } from '../../../../jobs/questions/form.ts';
import { isWebPage } from '../../../../jobs/questions/web-page.ts';
import type { PendingInput } from '../../../../jobs/record.ts';
import { merged } from '../../../../lib/json/exact-json.ts';
import { piecesOf, typedFlag } from '../../../../lib/text/command-line.ts';
import { buildArguments, parseArgsText } from '../../../../tools/flags/build-arguments.ts';
import { parseToolLine, type ToolLine } from '../../../../tools/flags/parse-line.ts';
import { validateArguments } from '../../../../tools/flags/validate.ts';
import type { App } from '../../../app.ts';
import { readArgsText } from '../../../arguments/input-file.ts';
import { wrongLine } from '../../../arguments/problems.ts';
import { answerFlags, isPage, LINE_FLAGS } from './question.ts';

/** A line of `jobs answer` without its fields: which job, and what else is known before the question is. */
export interface LineHead {
  id: string | undefined;
  /** The line without the id. */
  rest: string[];
  /** Our own flags in it. */
  own: Map<string, string | true>;
  /** It gives an answer, or tries to. */
  answers: boolean;
}

/**
 * Splits a line of `jobs answer` before its fields are known: the id is the first word, with nothing but our own flags before it. A word behind
 * a field that looks like a flag of ours is taken for one here.
 */
export function readHead(words: readonly string[]): LineHead {
  const own = new Map<string, string | true>();
  let idAt = -1;
  let fields = false;
  for (const piece of piecesOf(words, (typed) => typedFlag(LINE_FLAGS, typed))) {
    if (piece.kind === 'flag') {
      const value = piece.flag.takes === 'none' ? true : piece.value;
      if (value !== undefined) own.set(piece.flag.name, value);
      continue;
    }
    // `-1` is the newest job.
    const isWord = piece.kind === 'word' || (piece.kind === 'unknown' && /^-\d+$/.test(piece.word));
    if (isWord && !fields && idAt < 0) idAt = piece.at;
    else if (piece.kind !== 'word') fields = true;
  }
  const answers = fields || ['accept', 'decline', 'cancel', 'args'].some((name) => own.has(name));
  return { id: words[idAt], rest: words.filter((_, at) => at !== idAt), own, answers };
}

/**
 * The answer that a line gives to a question, or undefined for a line that gives none. Fields that are left out take the defaults of the form,
 * as in a form that is sent as it is proposed. Errors: UsageError with all problems at once; nothing of it was sent.
 */
export async function readAnswer(
  app: App,
  question: PendingInput,
  rest: readonly string[],
  jobId: string,
): Promise<Answer | undefined> {
  const wrong: Wrong = (problems, code, details) =>
    wrongLine(app, problems, ['jobs', 'answer', jobId], code, details);
  const line = parse(question, rest, wrong);
  const said = (['accept', 'decline', 'cancel'] as const).filter((action) => line.runtime.has(action));
  const filled = line.assignments.length > 0 || line.args !== undefined;
  if (said.length > 1)
    throw wrong([`--${said[0]} and --${said[1]} cannot be used together: give one of them`], 'usage');
  const [action = filled ? 'accept' : undefined] = said;
  if (action === undefined) return undefined;
  if (action !== 'accept') {
    if (filled) throw wrong([`--${action} takes no fields`], 'usage');
    return { action };
  }
  if (question.method !== 'elicitation/create') throw wrong(['this is not for a person to answer'], 'usage');
  if (isPage(question)) return acceptPage(question, filled, wrong);
  const base = line.args === undefined ? {} : parseArgsText(...(await readArgsText(app, line.args)));
  const fields = formFields(question.params['requestedSchema']);
  const content = merged(formDefaults(fields), buildArguments(base, line.assignments));
  await check(app, question, fields, content, wrong);
  return { action, content };
}

type Wrong = (problems: readonly string[], code: string, details?: Record<string, unknown>) => UsageError;

function parse(question: PendingInput, rest: readonly string[], wrong: Wrong): ToolLine {
  try {
    return parseToolLine(rest, answerFlags(question).flags, LINE_FLAGS);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw wrong(error.message.split('\n'), error.code, error.details);
  }
}

function acceptPage(question: PendingInput, filled: boolean, wrong: Wrong): Answer {
  if (filled) throw wrong(['a page is accepted with --accept alone: there are no fields'], 'usage');
  const url = String(question.params['url'] ?? '');
  if (!isWebPage(url)) throw wrong([`not a page of the web, so it cannot be accepted: ${url}`], 'usage');
  return { action: 'accept' };
}

async function check(
  app: App,
  question: PendingInput,
  fields: readonly FormField[],
  content: Record<string, unknown>,
  wrong: Wrong,
): Promise<void> {
  const inputSchema = question.params['requestedSchema'] as Record<string, unknown> | undefined;
  using stop = app.stop('the answer was not checked in time; nothing was sent');
  const { problems, warning } = await validateArguments(
    { name: 'the form', ...(inputSchema === undefined ? {} : { inputSchema }) },
    content,
    stop,
  );
  if (warning) app.printer.warn('schema', warning);
  const all = [...problems, ...formProblems(fields, content)];
  if (all.length > 0)
    throw wrong(
      all.map((problem) => problem.message),
      'invalid_arguments',
      { problems: all },
    );
}
