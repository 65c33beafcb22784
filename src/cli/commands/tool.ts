import type { PreparedCall } from '../../calls/call.ts';
import { callDirectly } from '../../calls/direct.ts';
import type { CallOptions } from '../../calls/options.ts';
import { whySynchronous } from '../../calls/plan.ts';
import type { BackgroundCall } from '../../calls/submit.ts';
import { type CatalogEntry, ENTRY_KINDS, type EntryKind, type StoredDocument } from '../../catalog/entry.ts';
import { EXIT, UsageError } from '../../errors.ts';
import { entryOfName, entryOfWords } from '../../instance/find-entry.ts';
import { isTerminal } from '../../jobs/record.ts';
import { stringifyJson } from '../../lib/json/exact-json.ts';
import { runArguments } from '../../mcp/dialects/frontmcp/backend.ts';
import { namesOfCall, namesOfEntry } from '../../permissions/known-names.ts';
import { permitAll } from '../../permissions/permit.ts';
import type { ToolFlag } from '../../tools/flags/flag.ts';
import { overriddenFlags, shownFlags } from '../../tools/flags/overrides.ts';
import { toolFlags } from '../../tools/flags/tool-flags.ts';
import { redactSecrets } from '../../tools/schema/redact.ts';
import type { ToolDefinition } from '../../tools/tool.ts';
import type { WorkflowDocument } from '../../workflows/documents/document.ts';
import type { DocumentPlan } from '../../workflows/documents/plan.ts';
import type { App } from '../app.ts';
import { argumentsForEach, gatherArguments, readLine } from '../arguments/gather.ts';
import type { ToolForm } from '../arguments/tool-form.ts';
import { isEach } from '../global-flags/each.ts';
import { localRunOptions } from '../global-flags/retry.ts';
import { scanFlags } from '../global-flags/scan.ts';
import { applyDefaults } from '../global-flags/tool-defaults.ts';
import { durationFlag, levelFlag, textFlag } from '../global-flags/values.ts';
import { liveProgress } from '../output/live.ts';
import { jobSummary, submittedLine } from '../output/views/job-view.ts';
import {
  failureLine,
  outcomeCode,
  printCallJob,
  printCallResult,
  printToolResult,
} from '../output/views/outcome-view.ts';

/** `<tool> [flags]`: finds what the words name, and runs it. */
export async function runToolWords(app: App, words: readonly string[]): Promise<number> {
  const { entry, consumed } = await inTime(app, (signal) => entryOfWords(app, words, signal));
  return runEntry(app, entry, words.slice(consumed), words.slice(0, consumed));
}

/** `call NAME [flags]`: what has exactly this name; `--tool`, `--definition`, `--job` or `--workflow` before it says of which kind. */
export async function callByName(app: App, typed: readonly string[]): Promise<number> {
  const { kind, words } = kindFlag(typed);
  const { flags, next } = scanFlags(words);
  app.adopt(flags);
  const [name, ...rest] = words.slice(words[next] === '--' ? next + 1 : next);
  if (name === undefined && app.flags.has('help')) {
    const { callHelp } = await import('../help/instance.ts');
    app.printer.help(callHelp(app.command()));
    return EXIT.ok;
  }
  if (name === undefined)
    throw new UsageError('which tool? call NAME [flags]', { hint: `see: ${app.command('ls')}` });
  const entry = await inTime(app, (signal) => entryOfName(app, name, kind, signal));
  return runEntry(app, entry, rest, ['call', ...(kind ? [`--${kind}`] : []), name]);
}

/** Looks a tool up within `--timeout`. */
async function inTime<T>(app: App, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  using stop = app.stop('the catalogue was not read in time');
  return await work(stop.signal);
}

async function runEntry(
  app: App,
  entry: CatalogEntry,
  argv: readonly string[],
  typed: readonly string[],
): Promise<number> {
  const { tool } = entry;
  const called = entry.target?.tool ?? tool;
  const settings = (await app.instance.toolSettings())(called.name);
  const profiles = settings.flags ?? {};
  const flags = overriddenFlags(toolFlags(tool.inputSchema ?? {}), profiles);
  const help = helpAlone(argv, flags);
  if (app.flags.has('help') || help)
    return printToolHelp(app, entry, shownFlags(flags, profiles), typed, help === 'all');
  const line = readLine(argv, flags);
  app.adopt(line.runtime);
  if (line.runtime.has('help')) return printToolHelp(app, entry, shownFlags(flags, profiles), typed);
  const metadata = applyDefaults(app, entry, settings);
  const form: ToolForm = { entry, called, flags, profiles, typed };
  const logLevel = levelFlag(textFlag(app.flags, 'log-level'));
  if (logLevel !== undefined && (app.flags.has('background') || app.flags.has('detach')))
    throw new UsageError('--log-level is for calls that are waited for: a job has its own log', {
      hint: 'leave out --background, or see: jobs logs',
    });
  const prepare = (args: Record<string, unknown>) => preparedCall(app, entry, args, { metadata, logLevel });
  if (isEach(app.flags, line.args ?? textFlag(app.flags, 'args'))) {
    const { runEach } = await import('./each.ts');
    const argumentsOf = await argumentsForEach(app, form, line);
    return runEach(app, callOptions(app, called), async (own, stop) => prepare(await argumentsOf(own, stop)));
  }
  const call = await prepare(await gatherArguments(app, form, line));
  if (app.flags.has('dry-run')) return printDryRun(app, call);
  return makeCall(app, call);
}

/** What a run of a workflow goes by, with the rules asked about each of its steps. */
async function planned(app: App, document: StoredDocument): Promise<DocumentPlan> {
  const { planOf } = await import('./workflows/plan.ts');
  return inTime(app, (signal) => planOf(app, document as unknown as WorkflowDocument, signal));
}

/**
 * A call of an entry, checked by the instance's rules: these are its whole arguments, which fit. Errors: PermissionError, ConfigError.
 */
export async function preparedCall(
  app: App,
  entry: CatalogEntry,
  args: Record<string, unknown>,
  more: Pick<PreparedCall, 'metadata' | 'logLevel'>,
): Promise<PreparedCall> {
  const called = entry.target?.tool ?? entry.tool;
  const storedArguments = redactSecrets(args, called.inputSchema ?? {}) as Record<string, unknown>;
  await permitAll(app, 'execute', namesOfCall(entry, args), storedArguments);
  const plan = entry.document && (await planned(app, entry.document));
  return {
    name: entry.name,
    tool: called,
    arguments: args,
    storedArguments,
    viaTool: entry.viaTool,
    ...(plan ? { plan } : {}),
    ...more,
  };
}

/**
 * `--help` or `--help --all`, and nothing else, unless that is a whole flag of the tool's own: a `--help` that takes a value is none without it.
 */
function helpAlone(argv: readonly string[], flags: readonly ToolFlag[]): 'short' | 'all' | undefined {
  if (argv[0] !== '--help' || argv.length > 2) return undefined;
  if (flags.some(({ name, kind }) => name === 'help' && kind === 'boolean')) return undefined;
  if (argv.length === 1) return 'short';
  return argv[1] === '--all' && !flags.some(({ name }) => name === 'all') ? 'all' : undefined;
}

/** Makes the call, and prints what came of it. */
async function makeCall(app: App, call: PreparedCall): Promise<number> {
  const options = callOptions(app, call.tool);
  const live = await liveProgress(app.printer, app.color, false);
  try {
    if (options.background) {
      const { callInBackground } = await import('../../calls/submit.ts');
      // A script reads it at the end; a person who waits wants to know at once.
      const onSynchronous = () => {
        if (app.printer.errTTY && !app.printer.json)
          app.printer.note(
            'runs synchronously: this command ends with the call; to return at once, add --detach',
          );
      };
      const submitted = await callInBackground(app, call, options, live, onSynchronous);
      live.stop();
      return await printSubmitted(app, call.name, submitted);
    }
    const end = await callDirectly(app, call, options, live);
    live.stop();
    return end.kind === 'job' ? printCallJob(app, end.job) : printCallResult(app, call.name, end.result);
  } finally {
    live.stop();
  }
}

/** How a call is made by the app's flags. Error: UsageError. */
export function callOptions({ flags, instance, elicit }: App, tool: ToolDefinition): CallOptions {
  const background = flags.has('background') || flags.has('detach');
  return {
    background,
    ttlMs: durationFlag(flags, 'ttl'),
    detach: flags.has('detach') || instance.settings.detach,
    elicit,
    runOptions: localRunOptions(flags, tool, background),
  };
}

/** The job's id, and what is known of its end already. */
async function printSubmitted(
  app: App,
  name: string,
  { job, mode, synchronous, unrecorded }: BackgroundCall,
): Promise<number> {
  const { printer } = app;
  if (printer.json) printer.envelope(name, `job submitted: ${jobSummary(job)}`, job);
  else printer.out(printer.quiet ? job.job_id : submittedLine(job, printer));
  if (synchronous) printer.note(`ran synchronously (${whySynchronous(mode)}): the job is ${job.status}`);
  if (unrecorded) {
    // The record will not have it: here is the last place to see it.
    if (!printer.json && job.result != null) printToolResult(app, job.result);
    throw unrecorded;
  }
  if (job.pending_input?.length) {
    const { askedLines } = await import('./jobs/answer/question.ts');
    printer.note(askedLines(app, job).join('\n'));
  }
  if (!isTerminal(job.status)) return EXIT.ok;
  if (job.status !== 'completed')
    printer.complain(failureLine(name, job.status, job.error ? `: ${job.error.message}` : ''));
  return outcomeCode(job);
}

/** `--dry-run`: what would be sent, and nothing is. */
function printDryRun({ printer }: App, { name, tool, viaTool, arguments: args }: PreparedCall): number {
  const sent =
    viaTool === undefined
      ? { tool: tool.name, arguments: args }
      : { tool: viaTool, arguments: runArguments({ name: tool.name, arguments: args }) };
  if (printer.json) printer.envelope(name, 'not sent (--dry-run)', sent);
  else printer.serverText(stringifyJson(sent.arguments, 2));
  return EXIT.ok;
}

/** Help is a list of one: it shows what the server says of the tool, flags or schema. */
async function printToolHelp(
  app: App,
  entry: CatalogEntry,
  flags: ToolFlag[],
  typed: readonly string[],
  isWhole = false,
): Promise<number> {
  const { kind, name, tool, raw } = entry;
  const { printer } = app;
  await permitAll(app, 'list', namesOfEntry(entry));
  if (printer.json) {
    printer.envelope('help', tool.description ?? name, { id: name, kind, ...raw });
    return EXIT.ok;
  }
  const [{ toolHelp }, { commonFlags, toolFlagGroups }] = await Promise.all([
    import('../../tools/flags/tool-help.ts'),
    import('../help/flags.ts'),
  ]);
  const usage = app.command(...typed);
  printer.help(
    toolHelp(tool, flags, {
      usage,
      width: Math.min(printer.width, 110),
      runtimeHelp: isWhole ? toolFlagGroups() : commonFlags(usage),
      safe: (text) => printer.safeText(text),
    }),
  );
  return EXIT.ok;
}

/**
 * The kind that `call` is told with `--job NAME`, `--workflow NAME`, `--tool NAME` or `--definition NAME`; runtime flags may stand before it.
 * Returns the words with the flag taken out, so that the name comes first.
 */
function kindFlag(words: readonly string[]): { kind?: EntryKind; words: string[] } {
  const at = words.findIndex((word) =>
    ENTRY_KINDS.some((kind) => word === `--${kind}` || word.startsWith(`--${kind}=`)),
  );
  const word = words[at];
  // After a name the flags are the tool's own.
  if (word === undefined || !areFlags(words.slice(0, at))) return { words: [...words] };
  const kind = ENTRY_KINDS.find((one) => word === `--${one}` || word.startsWith(`--${one}=`)) as EntryKind;
  const value = word.includes('=') ? [word.slice(word.indexOf('=') + 1)] : [];
  return { kind, words: [...words.slice(0, at), ...value, ...words.slice(at + 1)] };
}

/** Whether the words are runtime flags and their values, all of them. */
function areFlags(words: readonly string[]): boolean {
  try {
    return scanFlags(words).next === words.length;
  } catch {
    return false;
  }
}
