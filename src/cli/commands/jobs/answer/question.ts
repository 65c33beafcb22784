import type { InstanceScope } from '../../../../instance/scope.ts';
import { settingHint } from '../../../../jobs/questions/attend.ts';
import { formFields } from '../../../../jobs/questions/form.ts';
import { askedText } from '../../../../jobs/questions/pending-questions.ts';
import type { JobRecord, PendingInput } from '../../../../jobs/record.ts';
import { carryNumber, stringifyJson } from '../../../../lib/json/exact-json.ts';
import { type JsonObject, setOwn } from '../../../../lib/json/json.ts';
import { shellQuote } from '../../../../lib/text/shell-quote.ts';
import { visibleLine } from '../../../../lib/text/visible.ts';
import { exampleLine } from '../../../../tools/flags/example.ts';
import type { ToolFlag } from '../../../../tools/flags/flag.ts';
import { toolFlags } from '../../../../tools/flags/tool-flags.ts';
import { flagLines, toolHelp } from '../../../../tools/flags/tool-help.ts';
import { flag, RUNTIME_FLAGS, type RuntimeFlag, runtimeHelp } from '../../../global-flags/table.ts';
import type { Printer } from '../../../output/printer.ts';

/** Who is told: how they type commands, and where they read. */
type Person = Pick<InstanceScope, 'command'> & { readonly printer: Pick<Printer, 'width' | 'safeText'> };

/** What is needed of a record to say what the job asks. */
type AskingJob = Pick<JobRecord, 'job_id' | 'pending_input'>;

/** The flags of `jobs answer` itself, beside those of every command. */
const ANSWER_FLAGS: readonly RuntimeFlag[] = [
  flag('--latest', 'all', 'the newest job'),
  flag(
    '--request <KEY>',
    'all',
    'which question, where several are open; the beginning of its key is enough',
  ),
  flag('--accept', 'all', 'accept a page to open, a form without fields, or a form as it is proposed'),
  flag('--decline', 'all', 'say no'),
  flag('--cancel', 'all', 'give no answer'),
  flag('--args <JSON>', 'all', 'all fields as JSON, @file.json or - (stdin); flags win over it'),
];

/** Every flag that may stand in a line of `jobs answer` beside the fields. */
export const LINE_FLAGS: readonly RuntimeFlag[] = [
  ...ANSWER_FLAGS,
  ...RUNTIME_FLAGS.filter((flag) => flag.scope === 'all'),
];

/** A question for a page to be opened rather than a form to be filled in. */
export function isPage({ params }: PendingInput): boolean {
  return params['mode'] === 'url';
}

/** The fields of a question as flags; `hidden` are called like a flag of ours, and are answered through `--args`. */
export function answerFlags(question: PendingInput): { flags: ToolFlag[]; hidden: ToolFlag[] } {
  const schema = question.params['requestedSchema'];
  if (isPage(question) || typeof schema !== 'object' || schema === null) return { flags: [], hidden: [] };
  const titles = new Map(formFields(schema).map((field) => [field.flag.exact, field.titles]));
  const all = toolFlags(schema as Record<string, unknown>).map((flag): ToolFlag => {
    const titled = [...(titles.get(flag.exact) ?? [])];
    if (titled.length === 0) return flag;
    const list = titled.map(([text, title]) => `${text}: ${title}`).join('; ');
    return { ...flag, description: `${flag.description ?? flag.title ?? ''} (${list})`.trim() };
  });
  const ours = new Set(LINE_FLAGS.map((flag) => flag.name));
  const isOurs = ({ path, name, kebab, exact }: ToolFlag) =>
    path.length === 1 && [name, kebab, exact].some((one) => ours.has(one));
  return { flags: all.filter((flag) => !isOurs(flag)), hidden: all.filter(isOurs) };
}

/** A line that answers the question, as it could be typed. */
function answerLine(app: Person, job: AskingJob, question: PendingInput): string {
  const usage = answerUsage(app, job, question);
  const { flags, hidden } = answerFlags(question);
  if (flags.length + hidden.length === 0) return `${usage} --accept`;
  const must = hidden.filter((flag) => flag.mustBeGiven);
  const line = flags.length > 0 || must.length === 0 ? exampleLine(usage, flags) : usage;
  return must.length === 0 && flags.length > 0 ? line : `${line} ${argsExample(must)}`;
}

function argsExample(flags: readonly ToolFlag[]): string {
  const sample = ({ kind, values }: ToolFlag) => {
    if (values?.[0] !== undefined) return values[0];
    if (kind === 'boolean') return true;
    return kind === 'integer' || kind === 'number' ? 1 : 'text';
  };
  const args: JsonObject = {};
  for (const flag of flags) {
    setOwn(args, flag.exact, sample(flag));
    if (flag.values?.[0] !== undefined) carryNumber(flag.values, 0, args, flag.exact);
  }
  return `--args ${shellQuote(stringifyJson(args))}`;
}

/** `work jobs answer ID`, with `--request KEY` where it takes that. */
function answerUsage(app: Person, job: AskingJob, question: PendingInput): string {
  const several = (job.pending_input ?? []).length > 1;
  const request = several ? ['--request', shellQuote(String(question.request_id))] : [];
  return app.command('jobs', 'answer', job.job_id, ...request);
}

/** How to go on with a job that waits for input, in one line; `resume` is the command that asks on a terminal. */
export function answerHint(app: Person, job: AskingJob, resume: string): string {
  const [question, ...others] = job.pending_input ?? [];
  const setting = question && settingHint(question.method);
  if (setting !== undefined) return `${setting}; then: ${resume}`;
  const first =
    question && others.length === 0
      ? `answer with: ${answerLine(app, job, question)}`
      : `see what is asked: ${app.command('jobs', 'answer', job.job_id, '--help')}`;
  return `${first}; on a terminal: ${resume}`;
}

/** What a job asks, for `jobs show`: message, fields, and how to answer. */
export function askedLines(app: Person, job: AskingJob): string[] {
  const questions = job.pending_input ?? [];
  // Some servers tell it only to whoever waits for the result.
  if (questions.length === 0)
    return [`asks: see with: ${app.command('jobs', 'answer', job.job_id, '--help')}`];
  return questions.flatMap((question) => {
    const key = questions.length > 1 ? ` (${visibleLine(String(question.request_id))})` : '';
    const lines = [`asks${key}: ${visibleLine(askedText(question) ?? question.method)}`];
    const setting = settingHint(question.method);
    if (setting !== undefined) return [...lines, `  ${setting}`];
    if (question.method !== 'elicitation/create') return lines;
    const { flags, hidden } = answerFlags(question);
    const fields = [...flags, ...hidden];
    if (fields.length > 0) lines.push(flagLines(fields, { width: pageWidth(app), safe: visibleLine }));
    return [...lines, `  answer with: ${visibleLine(answerLine(app, job, question))}`];
  });
}

/** The help of one question: what is asked, the fields as flags, the other ways to answer. */
export function questionHelp(app: Person, job: AskingJob, question: PendingInput): string {
  const { flags, hidden } = answerFlags(question);
  const about = [askedText(question) ?? question.method];
  if (isPage(question)) about.push('Open the page yourself if you trust it; it is never opened for you.');
  if (hidden.length > 0) {
    const names = hidden.map((flag) => flag.exact).join(', ');
    about.push(`${names}: called like a flag of mcp2cli; answer with ${argsExample(hidden)}`);
  }
  // With flags of its own the help has an example already.
  const example = flags.length > 0 ? '' : `Example:\n  ${answerLine(app, job, question)}\n\n`;
  return toolHelp({ name: 'answer', description: about.map(visibleLine).join('\n\n') }, flags, {
    usage: answerUsage(app, job, question),
    width: pageWidth(app),
    runtimeHelp: `${example}${answerHelp()}`,
    safe: (text) => app.printer.safeText(text),
  });
}

/** The flags of `jobs answer` itself. */
export function answerHelp(): string {
  return `Answering:\n${runtimeHelp(['all'], ANSWER_FLAGS)}\n\nFlags of mcp2cli:\n${runtimeHelp(['all'])}`;
}

function pageWidth(app: Person): number {
  return Math.min(app.printer.width, 110);
}
