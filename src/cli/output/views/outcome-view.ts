import { CliError, EXIT } from '../../../errors.ts';
import type { JobRecord } from '../../../jobs/record.ts';
import { isObject } from '../../../lib/json/json.ts';
import { shellQuote } from '../../../lib/text/shell-quote.ts';
import { visibleName } from '../../../lib/text/visible.ts';
import { isErrorResult } from '../../../tools/tool.ts';
import type { App } from '../../app.ts';
import { textFlag } from '../../global-flags/values.ts';
import { saveBinaries } from '../save.ts';
import { printResult } from './result-view.ts';
import { workflowTree } from './run-view.ts';

/** Exit code of a finished job. */
export function outcomeCode(job: JobRecord): number {
  return job.status === 'completed' ? EXIT.ok : EXIT.failed;
}

/**
 * Prints how a job ended: the tool's answer on stdout, byte for byte what the foreground call prints; on stderr what it came to, when
 * that is not plain success. `named` puts the job's id before it, for several.
 */
export function printOutcome(app: App, job: JobRecord, named = false): void {
  const { printer } = app;
  if (named) printer.note(`${job.job_id}: ${job.status}`);
  if (job.result !== undefined && job.result !== null) printJobResult(app, job);
  if (job.status === 'completed') return;
  const hasText =
    job.result !== undefined && job.result !== null && workflowTree(job, job.result) === undefined;
  const isSaid = hasText && (job.error?.code === 'tool_error' || says(job.result, job.error?.message));
  const why = job.error && !isSaid ? `: ${job.error.message}` : '';
  printer.complain(failureLine(job.capability, job.status, why));
}

/** A job of one's own that has failed has its error as its text. */
function says(result: unknown, message: string | undefined): boolean {
  const content = isObject(result) && Array.isArray(result['content']) ? result['content'] : [];
  return content.some((block) => isObject(block) && block['text'] === message);
}

/** Prints how a job of the foreground ended: with `--json` as the call's own answer, or as its error. Error: CliError. */
export function printCallJob(app: App, job: JobRecord): number {
  const { capability, error, job_id, result, status } = job;
  if (app.printer.json && result !== undefined && result !== null)
    return printCallResult(app, capability, result);
  if (app.printer.json)
    throw new CliError(error?.code ?? status, EXIT.failed, error?.message ?? `the task is ${status}`, {
      details: { job_id },
    });
  printOutcome(app, job);
  return outcomeCode(job);
}

/** A job's result as `printToolResult` has it; of a workflow its steps. */
export function printJobResult(app: App, job: JobRecord): void {
  const tree = workflowTree(job, job.result);
  if (tree === undefined) printToolResult(app, job.result);
  else app.printer.out(tree);
}

/** What stderr says of a tool that did not succeed. */
export function failureLine(tool: string, status: string, why: string): string {
  return `error: ${tool} ${status === 'canceled' ? 'was canceled' : status === 'lost' ? 'is lost' : 'failed'}${why}`;
}

/** A tool's result in human form, its binary content saved where `--save` says. */
export function printToolResult(app: App, result: unknown): void {
  const dir = textFlag(app.flags, 'save');
  const saved = dir === undefined ? undefined : saveBinaries(result, dir, 'result');
  printResult(app.printer, result, saved, app.printer.quiet ? undefined : readCommandOf(app));
}

/** The command that reads a resource. A line that is copied from a terminal has no characters that act or are not seen. */
function readCommandOf(app: App): (uri: string) => string | undefined {
  return (uri) =>
    uri === '' || uri !== visibleName(uri) || uri.includes('{')
      ? undefined
      : app.command('resources', 'read', ...(uri.startsWith('-') ? ['--'] : []), shellQuote(uri));
}

/** Prints what a tool has answered; the exit code says whether it succeeded. */
export function printCallResult(app: App, tool: string, result: unknown): number {
  const failed = isErrorResult(result);
  if (app.printer.json) app.printer.envelope(tool, failed ? 'the tool reported an error' : 'done', result);
  else printToolResult(app, result);
  if (failed) app.printer.complain(failureLine(tool, 'failed', ''));
  return failed ? EXIT.failed : EXIT.ok;
}
