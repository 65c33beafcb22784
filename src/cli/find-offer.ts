import { INSTANCE_COMMANDS } from '../config/names.ts';
import { type JobServer, jobServerOf } from '../discovery/job-server.ts';
import { OFFER_KINDS, type Offer, type OfferKind, typedNames, unlistedOffer } from '../discovery/offers.ts';
import { resolveTool } from '../discovery/tool-names.ts';
import { UnsupportedError, UsageError } from '../errors.ts';
import type { App } from './app.ts';
import { namesOfOffer } from './known-names.ts';
import { definitionsOf, offersOn } from './offers.ts';
import { nameableItems } from './permission.ts';
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
    const match = resolveTool([...known.keys()], words);
    const offer = match.kind === 'tool' ? known.get(match.name) : undefined;
    if (match.kind === 'tool' && offer) return { offer, consumed: match.consumed };
    // Errors name only what may be listed.
    const nameable = (await nameableItems(app, [...known], ([, one]) => namesOfOffer(one))).map(
      ([name]) => name,
    );
    const found = nameable.length === known.size ? match : resolveTool(nameable, words);
    if (match.kind === 'ambiguous')
      throw ambiguous(
        app,
        words[0],
        match.candidates.filter((name) => nameable.includes(name)),
      );
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
  const offers = (await offersOn(app, signal)).filter((offer) => kinds.includes(offer.kind));
  const names = (await nameableItems(app, offers, namesOfOffer)).map((offer) => offer.name);
  throw await unknown(app, kind ?? 'tool', name, likely(names, name));
}

/** Several tools share the form that was typed; `candidates` are those of them that may be named. */
function ambiguous(app: App, typed = '', candidates: readonly string[]): UsageError {
  const [first = 'a tool', ...more] = candidates;
  const others = more.length > 0 ? more : ['another tool'];
  return new UsageError(`${JSON.stringify(typed)} could be ${[first, ...others].join(' or ')}`, {
    code: 'ambiguous_tool',
    hint: `use the exact name: ${app.command(candidates[0] ?? 'call NAME')}`,
  });
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
