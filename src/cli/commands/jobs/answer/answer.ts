import { SignalReason } from '../../../../context.ts';
import { EXIT, InterruptedError, UsageError } from '../../../../errors.ts';
import { bringAnswers, openQuestions } from '../../../../jobs/answer.ts';
import type { Answer, Answerer } from '../../../../jobs/ports.ts';
import { askedText } from '../../../../jobs/questions/pending-questions.ts';
import type { JobRecord, PendingInput } from '../../../../jobs/record.ts';
import { counted } from '../../../../lib/text/counted.ts';
import { visibleLine } from '../../../../lib/text/visible.ts';
import { permitJobs } from '../../../../permissions/permit.ts';
import type { App } from '../../../app.ts';
import type { FlagValues } from '../../../global-flags/scan.ts';
import { RUNTIME_FLAGS } from '../../../global-flags/table.ts';
import { jobSummary } from '../../../output/views/job-view.ts';
import { terminalAnswerer } from '../../../prompts/answerer.ts';
import { oneJob } from '../ids.ts';
import { type LineHead, readAnswer, readHead } from './answer-line.ts';
import { answerHelp, askedLines, isPage, questionHelp } from './question.ts';

/**
 * `jobs answer`: brings the answer to what a job asks. Its flags are the fields of the question's form, so it reads its line itself. Without an
 * answer in the line the person is asked, on a terminal; elsewhere it says what is asked, and fails.
 */
export async function answerJob(app: App, words: readonly string[]): Promise<number> {
  const head = readHead(words);
  app.adopt(runtimeFlags(head));
  const latest = head.own.has('latest');
  const help = app.flags.has('help');
  if (help && head.id === undefined && !latest) return printHelp(app);
  using stop = app.stop('the answer was not brought in time; see: jobs show');
  const deps = await app.jobDeps();
  try {
    const id = await oneJob(deps.store, head.id, latest);
    // Help only shows what is asked.
    await permitJobs(app, help ? 'read' : 'update', deps.store, [id]);
    const found = await openQuestions(deps, id, stop).catch((error: unknown) => {
      if (!help || !(error instanceof UsageError)) throw error;
      app.printer.note(error.message);
    });
    if (!found) return printHelp(app);
    const { questions } = found;
    const job = { ...found.job, pending_input: questions };
    if (help) return printHelp(app, job, chosen(job, questions, head, true));
    const wanted = chosen(job, questions, head, !head.answers && app.terminal !== undefined);
    const answers = new Map<PendingInput, Answer>();
    const ask = head.answers ? await typed(app, job, wanted, head) : onTerminal(app, job, wanted);
    const after = await bringAnswers(
      deps,
      id,
      wanted,
      async (question, signal) => {
        const answer = await ask(question, signal);
        if (answer) answers.set(question, answer);
        return answer;
      },
      { stop, events: { onNote: (text) => app.printer.note(text) } },
    );
    print(app, after, [...answers]);
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof SignalReason)) throw error;
    throw new InterruptedError('interrupted; what is open stays open', error.exitCode);
  }
}

/** The flags of every command in the line; they are known before the question is. */
function runtimeFlags({ own }: LineHead): FlagValues {
  const isRuntime = (name: string) =>
    RUNTIME_FLAGS.some((flag) => flag.name === name && flag.scope === 'all');
  return new Map([...own].filter(([name]) => isRuntime(name)));
}

/** The questions that the line is about: the only one, the one that `--request` names, or with `all` every one. Errors: UsageError. */
function chosen(
  job: JobRecord,
  questions: readonly PendingInput[],
  { own }: LineHead,
  all: boolean,
): PendingInput[] {
  const key = own.get('request');
  const list = questions
    .map((one) => `\n  ${visibleLine(String(one.request_id))}: ${visibleLine(askedText(one) ?? one.method)}`)
    .join('');
  const details = { job_id: job.job_id, pending_input: questions };
  if (typeof key === 'string') {
    const exact = questions.filter((one) => String(one.request_id) === key);
    const named =
      exact.length > 0 ? exact : questions.filter((one) => String(one.request_id).startsWith(key));
    if (named.length === 1) return named;
    const what = named.length === 0 ? 'no open question' : 'several open questions';
    throw new UsageError(`--request: ${what} ${JSON.stringify(key)}; open:${list}`, {
      code: 'unknown_request',
      details,
    });
  }
  if (questions.length === 1 || all) return [...questions];
  throw new UsageError(`${job.job_id} asks ${questions.length} things:${list}`, {
    code: 'which_request',
    hint: 'say which one with --request KEY',
    details,
  });
}

/** The answer of the line, checked before anything is sent. */
async function typed(
  app: App,
  job: JobRecord,
  [question]: PendingInput[],
  head: LineHead,
): Promise<Answerer> {
  const answer = question && (await readAnswer(app, question, head.rest, job.job_id));
  if (question && answer?.action === 'accept' && isPage(question))
    app.printer.note(`open it yourself: ${visibleLine(String(question.params['url'] ?? ''))}`);
  return async () => answer;
}

/** The person. Error: UsageError without a terminal, which says what is asked. */
function onTerminal(app: App, job: JobRecord, wanted: readonly PendingInput[]): Answerer {
  const { terminal, printer } = app;
  if (terminal) return terminalAnswerer(printer, terminal);
  if (!printer.json) printer.stderr.write(`${askedLines(app, job).join('\n')}\n`);
  throw new UsageError(`no answer was given to ${job.job_id}`, {
    code: 'no_answer',
    hint: `give the fields as flags, or --accept, --decline, --cancel; see: ${app.command('jobs', 'answer', job.job_id, '--help')}`,
    details: { job_id: job.job_id, pending_input: wanted },
  });
}

function printHelp(app: App, job?: JobRecord, questions: readonly PendingInput[] = []): number {
  const { printer } = app;
  const text = job
    ? questions.map((one) => questionHelp(app, job, one)).join('\n')
    : `Usage: ${app.command('jobs', 'answer')} [ID] [flags] [--FIELD value]...

Answer what a job asks. The fields of its form are flags; with the job's id this help names them. Without an answer in the line you
are asked on the terminal.

${answerHelp()}
`;
  if (printer.json && job)
    printer.envelope('help', askedText(questions[0]) ?? 'jobs answer', { text, pending_input: questions });
  else printer.help(text);
  return EXIT.ok;
}

function print(app: App, job: JobRecord, answers: readonly [PendingInput, Answer][]): void {
  const { printer } = app;
  const actions = [...new Set(answers.map(([, { action }]) => action))].join(', ');
  if (printer.json) printer.envelope('jobs answer', jobSummary(job), job);
  else if (printer.quiet) printer.out(job.status);
  else {
    const open = job.pending_input?.length ?? 0;
    const more = open === 0 ? '' : `, ${counted(open, 'question')} open`;
    printer.out(`answered ${job.job_id} (${actions}); the job is ${job.status}${more}`);
  }
}
