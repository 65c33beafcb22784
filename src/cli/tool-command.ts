import { runArguments } from '../backends/frontmcp.ts';
import { type ToolFlag, toolFlags } from '../discovery/flags.ts';
import type { Offer } from '../discovery/offers.ts';
import { profiledFlags, shownFlags } from '../discovery/profile.ts';
import { redactSecrets } from '../discovery/redact.ts';
import { EXIT, UsageError } from '../errors.ts';
import { stringifyJson } from '../lib/exact-json.ts';
import type { App } from './app.ts';
import type { PreparedCall } from './call.ts';
import { kindFlag, offerOfName, offerOfWords } from './find-offer.ts';
import { runtimeHelp } from './flag-table.ts';
import { callInForeground } from './foreground.ts';
import { namesOfCall, namesOfOffer } from './known-names.ts';
import { permitAll } from './permission.ts';
import { scanFlags } from './runtime-flags.ts';
import { applyDefaults } from './tool-defaults.ts';
import { gatherArguments, readLine, runtimeValues, type ToolForm } from './tool-line.ts';

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
  if (name === undefined && app.flags.has('help')) {
    const { callHelp } = await import('./help.ts');
    app.printer.help(callHelp(app.command()));
    return EXIT.ok;
  }
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
  const called = offer.calls?.tool ?? tool;
  const settings = (await app.instance.toolSettings())(called.name);
  const profiles = settings.flags ?? {};
  const flags = profiledFlags(toolFlags(tool.inputSchema ?? {}), profiles);
  if (app.flags.has('help')) return printToolHelp(app, offer, shownFlags(flags, profiles), typed);
  const line = readLine(argv, flags);
  const runtime = runtimeValues(line.runtime);
  app.adopt(runtime);
  if (runtime.has('help')) return printToolHelp(app, offer, shownFlags(flags, profiles), typed);
  const marks = applyDefaults(app, offer, settings);
  const form: ToolForm = { offer, called, flags, profiles, typed };
  const args = await gatherArguments(app, form, line);
  const call = {
    name: offer.name,
    tool: called,
    arguments: args,
    storedArguments: redactSecrets(args, called.inputSchema ?? {}) as Record<string, unknown>,
    through: offer.through,
    marks,
  };
  await permitAll(app, 'execute', namesOfCall(offer, args), call.storedArguments);
  if (app.flags.has('dry-run')) return printDryRun(app, call);
  // Who wants to be off wants it in the background.
  const background = app.flags.has('background') || app.flags.has('detach');
  if (!background) return callInForeground(app, call);
  const { callInBackground } = await import('./background.ts');
  return callInBackground(app, call);
}

/** `--dry-run`: what would be sent, and nothing is. */
function printDryRun({ printer }: App, { name, tool, through, arguments: args }: PreparedCall): number {
  const sent =
    through === undefined
      ? { tool: tool.name, arguments: args }
      : { tool: through, arguments: runArguments({ name: tool.name, arguments: args }) };
  if (printer.json) printer.envelope(name, 'not sent (--dry-run)', sent);
  else printer.serverText(stringifyJson(sent.arguments, 2));
  return EXIT.ok;
}

/** Help is a list of one: it shows what the server says of the tool, flags or schema. */
async function printToolHelp(
  app: App,
  offer: Offer,
  flags: ToolFlag[],
  typed: readonly string[],
): Promise<number> {
  const { kind, name, tool, listed } = offer;
  const { printer } = app;
  await permitAll(app, 'list', namesOfOffer(offer));
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
