import { INSTANCE_COMMANDS } from '../config/names.ts';
import { buildArguments, parseArgsText } from '../discovery/build-arguments.ts';
import type { ToolDefinition } from '../discovery/catalogue.ts';
import { type ToolFlag, toolFlags } from '../discovery/flags.ts';
import { parseToolLine } from '../discovery/parse-line.ts';
import { redactSecrets } from '../discovery/redact.ts';
import { resolveTool } from '../discovery/tool-names.ts';
import { EXIT, UsageError } from '../errors.ts';
import type { App } from './app.ts';
import { readArgsText } from './args-text.ts';
import { RUNTIME_FLAGS, runtimeHelp } from './flag-table.ts';
import { textFlag } from './flag-values.ts';
import { callInForeground } from './foreground.ts';
import { type FlagValues, scanFlags, setFlag } from './runtime-flags.ts';

/** `<tool> [flags]`: finds the tool that the words name, asking the server once more before giving up, and runs it. */
export async function runToolWords(app: App, words: readonly string[]): Promise<number> {
  const found = await inTime(app, (signal) => findTool(app, words, signal));
  return runTool(app, found.tool, words.slice(found.consumed), words.slice(0, found.consumed));
}

/** `call NAME [flags]`: the tool of exactly this name. */
export async function callByName(app: App, words: readonly string[]): Promise<number> {
  const { flags, next } = scanFlags(words, 0);
  app.adopt(flags);
  const [name, ...rest] = words.slice(words[next] === '--' ? next + 1 : next);
  if (name === undefined)
    throw new UsageError('which tool? call NAME [flags]', { hint: `see: ${app.command('ls')}` });
  const tool = await inTime(app, (signal) => exactTool(app, name, signal));
  return runTool(app, tool, rest, ['call', name]);
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

async function exactTool(app: App, name: string, signal: AbortSignal): Promise<ToolDefinition> {
  const look = async () =>
    (await (await app.session()).catalogue(signal)).tools.find((tool) => tool.name === name);
  let tool = await look();
  if (!tool && !(await app.session()).refreshed) {
    await (await app.session()).refresh(signal);
    tool = await look();
  }
  if (tool) return tool;
  const { tools } = await (await app.session()).catalogue(signal);
  throw unknownTool(app, name, resolveSuggestions(tools, name));
}

function resolveSuggestions(tools: readonly ToolDefinition[], name: string): readonly string[] {
  const found = resolveTool(
    tools.map((tool) => tool.name),
    [name],
  );
  if (found.kind === 'tool') return [found.name];
  if (found.kind === 'none') return found.suggestions;
  return found.kind === 'ambiguous' ? found.candidates : found.members;
}

async function findTool(
  app: App,
  words: readonly string[],
  signal: AbortSignal,
): Promise<{ tool: ToolDefinition; consumed: number }> {
  for (;;) {
    const { tools } = await (await app.session()).catalogue(signal);
    const found = resolveTool(
      tools.map((tool) => tool.name),
      words,
    );
    if (found.kind === 'tool') {
      const tool = tools.find((one) => one.name === found.name);
      if (tool) return { tool, consumed: found.consumed };
    }
    if (found.kind === 'ambiguous')
      throw new UsageError(`${JSON.stringify(words[0])} could be ${found.candidates.join(' or ')}`, {
        code: 'ambiguous_tool',
        hint: `use the exact name: ${app.command(found.candidates[0] ?? '')}`,
      });
    if (found.kind === 'group')
      throw new UsageError(`${JSON.stringify(words[0])} is a group of tools`, {
        code: 'unknown_tool',
        hint: `one of: ${found.members.slice(0, 10).join(', ')}`,
      });
    // The server may have learned a new tool, or register some only a moment after the handshake: look once more.
    if (!(await app.session()).refreshed) await (await app.session()).refresh(signal);
    else throw unknownTool(app, words[0] ?? '', found.kind === 'none' ? found.suggestions : []);
  }
}

function unknownTool(app: App, typed: string, suggestions: readonly string[]): UsageError {
  const near = [
    ...suggestions,
    ...INSTANCE_COMMANDS.filter((command) => command.startsWith(typed.slice(0, 3)) && typed.length > 2),
  ];
  return new UsageError(
    `${app.instance.adHoc ? 'the server' : app.instance.name} has no tool ${JSON.stringify(typed)}`,
    {
      code: 'unknown_tool',
      hint: near.length > 0 ? `did you mean ${near.slice(0, 3).join(', ')}?` : `see: ${app.command('ls')}`,
    },
  );
}

async function runTool(
  app: App,
  tool: ToolDefinition,
  argv: readonly string[],
  typed: readonly string[],
): Promise<number> {
  const flags = toolFlags(tool.inputSchema ?? {});
  if (app.flags.has('help')) return printToolHelp(app, tool, flags, typed);
  const line = readLine(app, argv, flags, typed);
  const runtime = runtimeValues(line.runtime);
  app.adopt(runtime);
  if (runtime.has('help')) return printToolHelp(app, tool, flags, typed);
  const given = line.args ?? textFlag(app.flags, 'args');
  const args = buildArguments(
    given === undefined ? {} : parseArgsText(...(await readArgsText(app, given))),
    line.assignments,
  );
  await checkArguments(app, tool, args, typed);
  const call = {
    tool,
    arguments: args,
    storedArguments: redactSecrets(args, tool.inputSchema ?? {}) as Record<string, unknown>,
  };
  // Who wants to be off wants it in the background.
  const background = app.flags.has('background') || app.flags.has('detach');
  if (!background) return callInForeground(app, call);
  const { callInBackground } = await import('./background.ts');
  return callInBackground(app, call);
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
  tool: ToolDefinition,
  flags: ToolFlag[],
  typed: readonly string[],
): Promise<number> {
  const { printer } = app;
  if (printer.json) {
    printer.envelope('help', tool.description ?? tool.name, { id: tool.name, kind: 'tool', ...tool });
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
