import { INSTANCE_COMMANDS } from '../config/names.ts';
import { type JobServer, jobServerOf } from '../discovery/job-server.ts';
import { OFFER_KINDS, type Offer, type OfferKind, typedNames, unlistedOffer } from '../discovery/offers.ts';
import { resolveTool } from '../discovery/tool-names.ts';
import { UnsupportedError, UsageError } from '../errors.ts';
import type { App } from './app.ts';
import { definitionsOf, offersOn } from './offers.ts';
import { scanFlags } from './runtime-flags.ts';

export interface Found {
  offer: Offer;
  /** How many of the words name it. */
  consumed: number;
}

/**
 * What the words name: a tool first, then a definition, a job, a workflow. The server is asked once more before giving up. `kinds`: what it
 * may be. Error: UsageError.
 */
export async function offerOfWords(
  app: App,
  words: readonly string[],
  signal: AbortSignal,
  kinds: readonly OfferKind[] = OFFER_KINDS,
): Promise<Found> {
  for (;;) {
    const offers = (await offersOn(app, signal)).filter(({ kind }) => kinds.includes(kind));
    const known = typedNames(offers);
    const found = resolveTool([...known.keys()], words);
    const offer = found.kind === 'tool' ? known.get(found.name) : undefined;
    if (found.kind === 'tool' && offer) return { offer, consumed: found.consumed };
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
    if (!(await refreshOnce(app, signal)))
      throw await unknown(
        app,
        'tool',
        words[0] ?? '',
        found.kind === 'none' ? found.suggestions : [],
        await hidden(app, signal),
      );
  }
}

/** What has exactly this name; of several kinds the first, unless `kind` says which. Error: UsageError. */
export async function offerOfName(
  app: App,
  name: string,
  kind: OfferKind | undefined,
  signal: AbortSignal,
): Promise<Offer> {
  const kinds = kind ? [kind] : OFFER_KINDS;
  do {
    const offers = await offersOn(app, signal);
    for (const one of kinds) {
      const found = offers.find((offer) => offer.kind === one && offer.name === name);
      if (found) return found;
    }
  } while (await refreshOnce(app, signal));
  if (kind === 'job' || kind === 'workflow')
    return unlistedOffer(name, kind, await runner(app, kind, signal));
  const names = (await offersOn(app, signal))
    .filter((offer) => kinds.includes(offer.kind))
    .map((offer) => offer.name);
  throw await unknown(app, kind ?? 'tool', name, likely(names, name));
}

async function refreshOnce(app: App, signal: AbortSignal): Promise<boolean> {
  const session = await app.session();
  if (session.refreshed) return false;
  await session.refresh(signal);
  return true;
}

/** The server's tool that runs such a thing; it may well know one that it does not list. Error: UnsupportedError. */
async function runner(app: App, kind: 'job' | 'workflow', signal: AbortSignal): Promise<string> {
  const { tools } = await (await app.session()).catalogue(signal);
  const server: JobServer = jobServerOf(tools) ?? {};
  const through = server[`${kind}s`];
  if (through !== undefined) return through;
  throw new UnsupportedError(`the server has no ${kind}s: it lists no tool that would run one`, {
    hint: `see: ${app.command('ls')}`,
  });
}

function likely(names: readonly string[], name: string): readonly string[] {
  const found = resolveTool(names, [name]);
  if (found.kind === 'tool') return [found.name];
  if (found.kind === 'none') return found.suggestions;
  return found.kind === 'ambiguous' ? found.candidates : found.members;
}

/** A server with jobs may know some that it does not list. */
async function hidden(app: App, signal: AbortSignal): Promise<boolean> {
  const { tools } = await (await app.session()).catalogue(signal);
  return jobServerOf(tools)?.jobs !== undefined;
}

async function unknown(
  app: App,
  kind: OfferKind,
  typed: string,
  suggestions: readonly string[],
  mayHide = false,
): Promise<UsageError> {
  const definition = (await definitionsOf(app)).find(({ name }) => name === typed);
  if (definition)
    return new UsageError(`${typed} calls ${definition.tool}, which the server does not have (any more)`, {
      code: 'unknown_tool',
      hint: `see: ${app.command('ls')}; define it anew, or remove it: ${app.command('jobs', 'undefine', typed)}`,
    });
  const commands = INSTANCE_COMMANDS.filter(
    (command) => command.startsWith(typed.slice(0, 3)) && typed.length > 2,
  );
  const near = [...suggestions, ...(kind === 'tool' ? commands : [])];
  const whose = app.instance.adHoc ? 'the server' : app.instance.name;
  return new UsageError(`${whose} has no ${kind} ${JSON.stringify(typed)}`, {
    code: 'unknown_tool',
    hint:
      near.length > 0
        ? `did you mean ${near.slice(0, 3).join(', ')}?`
        : `see: ${app.command('ls')}${mayHide ? `; a job that is not listed: ${app.command('call --job NAME')}` : ''}`,
  });
}

/**
 * The kind that `call` is told with `--job NAME`, `--workflow NAME`, `--tool NAME` or `--definition NAME`; runtime flags may stand before it.
 * Returns the words with the flag taken out, so that the name comes first.
 */
export function kindFlag(words: readonly string[]): { kind?: OfferKind; words: string[] } {
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
