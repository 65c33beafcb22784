import { buildArguments, parseArgsText } from '../discovery/build-arguments.ts';
import type { ToolDefinition } from '../discovery/catalogue.ts';
import { withFixed } from '../discovery/fixed-arguments.ts';
import { type ToolFlag, toolFlags } from '../discovery/flags.ts';
import { runsJobs } from '../discovery/job-server.ts';
import type { DefinedCall, Offer } from '../discovery/offers.ts';
import { parseToolLine } from '../discovery/parse-line.ts';
import { redactSecrets } from '../discovery/redact.ts';
import { EXIT, UsageError } from '../errors.ts';
import type { App } from './app.ts';
import { readArgsText } from './args-text.ts';
import { kindFlag, offerOfName, offerOfWords } from './find-offer.ts';
import { RUNTIME_FLAGS, runtimeHelp } from './flag-table.ts';
import { textFlag } from './flag-values.ts';
import { callInForeground } from './foreground.ts';
import { permit } from './permission.ts';
import { type FlagValues, scanFlags, setFlag } from './runtime-flags.ts';
import { applyDefaults } from './tool-defaults.ts';

/** `<tool> [flags]`: finds what the words name, and runs it. */
export async function runToolWords(app: App, words: readonly string[]): Promise<number> {
  const { offer, consumed } = await inTime(app, (signal) => offerOfWords(app, words, signal));
  return runOffer(app, offer, words.slice(consumed), words.slice(0, consumed));
}

/** `call NAME [flags]`: what has exactly this name; `--tool`, `--definition`, `--job` or `--workflow` before it says of which kind. */
export async function callByName(app: App, typed: readonly string[]): Promise<number> {
  const { kind, words } = kindFlag(typed);
  const { flags, next } = scanFlags(words, 0);
  app.adopt(flags);
  const [name, ...rest] = words.slice(words[next] === '--' ? next + 1 : next);
  if (name === undefined)
    throw new UsageError('which tool? call NAME [flags]', { hint: `see: ${app.command('ls')}` });
  const offer = await inTime(app, (signal) => offerOfName(app, name, kind, signal));
  return runOffer(app, offer, rest, ['call', ...(kind ? [`--${kind}`] : []), name]);
}

/** Looks a tool up within `--timeout`. */
async function inTime<T>(app: App, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = app.stop('the catalogue was not read in time');
  try {
    return await work(stop.signal);
  } finally {
    stop.dispose();
  }
}

async function runOffer(
  app: App,
  offer: Offer,
  argv: readonly string[],
  typed: readonly string[],
): Promise<number> {
  const { tool } = offer;
  const flags = toolFlags(tool.inputSchema ?? {});
  if (app.flags.has('help')) return printToolHelp(app, offer, flags, typed);
  const line = readLine(app, argv, flags, typed);
  const runtime = runtimeValues(line.runtime);
  app.adopt(runtime);
  if (runtime.has('help')) return printToolHelp(app, offer, flags, typed);
  const marks = await applyDefaults(app, offer);
  const given = line.args ?? textFlag(app.flags, 'args');
  const open = buildArguments(
    given === undefined ? {} : parseArgsText(...(await readArgsText(app, given))),
    line.assignments,
  );
  const called = offer.calls?.tool ?? tool;
  const args = offer.calls ? complete(app, open, offer.calls, typed) : open;
  await checkArguments(app, called, args, typed);
  const call = {
    name: offer.name,
    tool: called,
    arguments: args,
    storedArguments: redactSecrets(args, called.inputSchema ?? {}) as Record<string, unknown>,
    through: offer.through,
    marks,
  };
  for (const name of namesOf(offer, args)) await permit(app, 'execute', name, call.storedArguments);
  // Who wants to be off wants it in the background.
  const background = app.flags.has('background') || app.flags.has('detach');
  if (!background) return callInForeground(app, call);
  const { callInBackground } = await import('./background.ts');
  return callInBackground(app, call);
}

/**
 * All names that a rule may know the call by: a rule for a tool is not got round by a definition over it, nor one for a server's job by the
 * tool that runs it.
 */
function namesOf({ name, calls, through, tool }: Offer, args: Record<string, unknown>): Set<string> {
  const names = new Set([
    name,
    ...(calls ? [calls.tool.name] : []),
    ...(through === undefined ? [] : [through]),
  ]);
  if (runsJobs(calls?.tool ?? tool) && typeof args['name'] === 'string') names.add(args['name']);
  return names;
}

/** What was typed, with what the definition fixes. Error: UsageError for arguments that contradict it. */
function complete(app: App, open: Record<string, unknown>, { fixed }: DefinedCall, typed: readonly string[]) {
  try {
    return withFixed(open, fixed);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw wrongLine(app, error.message.split('\n'), typed, 'invalid_arguments', error.details);
  }
}

/** Reads the tool's line; what is wrong with it is told like what is wrong with its arguments. */
function readLine(app: App, argv: readonly string[], flags: ToolFlag[], typed: readonly string[]) {
  try {
    return parseToolLine(argv, flags, toolRuntimeFlags());
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw wrongLine(app, error.message.split('\n'), typed, error.code, error.details);
  }
}

/** One error for all problems of a line. */
function wrongLine(
  app: App,
  problems: readonly string[],
  typed: readonly string[],
  code: string,
  details: Record<string, unknown> | undefined,
): UsageError {
  const message =
    problems.length === 1 ? `${problems[0]}` : `${problems.length} problems:\n  ${problems.join('\n  ')}`;
  return new UsageError(message, { code, hint: `see: ${app.command(...typed, '--help')}`, details });
}

/** The flags of the program's own that a tool's line may have, in the shape that the parser wants. */
function toolRuntimeFlags() {
  return RUNTIME_FLAGS.filter((flag) => flag.scope !== 'target');
}

function runtimeValues(values: ReadonlyMap<string, string | true | readonly string[]>): FlagValues {
  const flags: FlagValues = new Map();
  for (const [name, value] of values) {
    const flag = RUNTIME_FLAGS.find((known) => known.name === name);
    if (!flag) continue;
    if (flag.takes === 'none') flags.set(name, true);
    else for (const one of Array.isArray(value) ? value : [value]) setFlag(flags, flag, String(one));
  }
  return flags;
}

async function printToolHelp(
  app: App,
  { kind, name, tool, listed }: Offer,
  flags: ToolFlag[],
  typed: readonly string[],
): Promise<number> {
  const { printer } = app;
  if (printer.json) {
    printer.envelope('help', tool.description ?? name, { id: name, kind, ...listed });
    return EXIT.ok;
  }
  const { toolHelp } = await import('../discovery/tool-help.ts');
  printer.out(
    toolHelp(tool, flags, {
      usage: app.command(...typed),
      width: Math.min(printer.width, 110),
      runtimeHelp: `Flags of mcp2cli:\n${runtimeHelp(['tool', 'input', 'result', 'all'])}`,
      safe: (text) => printer.safeText(text),
    }),
  );
  return EXIT.ok;
}

/** One error for all that is wrong with the arguments, before anything is sent. */
async function checkArguments(
  app: App,
  tool: ToolDefinition,
  args: Record<string, unknown>,
  typed: readonly string[],
): Promise<void> {
  if (tool.inputSchema === undefined) return;
  const { validateArguments } = await import('../discovery/validate.ts');
  const { problems, warning } = await validateArguments(tool, args);
  if (warning) app.printer.warn('schema', warning);
  if (problems.length === 0) return;
  throw wrongLine(
    app,
    problems.map((problem) => problem.message),
    typed,
    'invalid_arguments',
    { problems },
  );
}
