import type { PreparedCall } from '../../calls/call.ts';
import { callInForeground } from '../../calls/direct.ts';
import { OFFER_KINDS, type Offer, type OfferKind } from '../../catalog/entry.ts';
import { EXIT, UsageError } from '../../errors.ts';
import { offerOfName, offerOfWords } from '../../instance/find-entry.ts';
import { stringifyJson } from '../../lib/exact-json.ts';
import { runArguments } from '../../mcp/dialects/frontmcp/backend.ts';
import { namesOfCall, namesOfOffer } from '../../permissions/known-names.ts';
import { permitAll } from '../../permissions/permit.ts';
import type { ToolFlag } from '../../tools/flags/flag.ts';
import { profiledFlags, shownFlags } from '../../tools/flags/overrides.ts';
import { toolFlags } from '../../tools/flags/tool-flags.ts';
import { redactSecrets } from '../../tools/schema/redact.ts';
import type { App } from '../app.ts';
import { gatherArguments, readLine, runtimeValues } from '../arguments/gather.ts';
import type { ToolForm } from '../arguments/tool-form.ts';
import { scanFlags } from '../global-flags/scan.ts';
import { runtimeHelp } from '../global-flags/table.ts';
import { applyDefaults } from '../global-flags/tool-defaults.ts';

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
    const { callHelp } = await import('../help/instance.ts');
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
  const { callInBackground } = await import('../../calls/submit.ts');
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
  const { toolHelp } = await import('../../tools/flags/tool-help.ts');
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

/**
 * The kind that `call` is told with `--job NAME`, `--workflow NAME`, `--tool NAME` or `--definition NAME`; runtime flags may stand before it.
 * Returns the words with the flag taken out, so that the name comes first.
 */
function kindFlag(words: readonly string[]): { kind?: OfferKind; words: string[] } {
  const at = words.findIndex((word) =>
    OFFER_KINDS.some((kind) => word === `--${kind}` || word.startsWith(`--${kind}=`)),
  );
  const word = words[at];
  // After a name the flags are the tool's own.
  if (word === undefined || !areFlags(words.slice(0, at))) return { words: [...words] };
  const kind = OFFER_KINDS.find((one) => word === `--${one}` || word.startsWith(`--${one}=`)) as OfferKind;
  const value = word.includes('=') ? [word.slice(word.indexOf('=') + 1)] : [];
  return { kind, words: [...words.slice(0, at), ...value, ...words.slice(at + 1)] };
}

/** Whether the words are runtime flags and their values, all of them. */
function areFlags(words: readonly string[]): boolean {
  try {
    return scanFlags(words, 0).next === words.length;
  } catch {
    return false;
  }
}
