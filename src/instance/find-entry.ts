import {
  type CatalogEntry,
  ENTRY_KINDS,
  type EntryKind,
  typedNames,
  unlistedEntry,
} from '../catalog/entry.ts';
import { resolveTool } from '../catalog/find-name.ts';
import { type JobServer, jobServerOf } from '../catalog/frontmcp.ts';
import { shownName } from '../config/configured-instance.ts';
import { INSTANCE_COMMANDS, OTHER_WORDS } from '../config/names.ts';
import { UnsupportedError, UsageError } from '../errors.ts';
import { kebabCase } from '../lib/text/kebab-case.ts';
import { namesOfEntry } from '../permissions/known-names.ts';
import { nameableItems } from '../permissions/permit.ts';
import { entriesOn, toolsLeftOut } from './entries.ts';
import { areShared, readOwn } from './own-definitions.ts';
import type { InstanceScope, StoreScope } from './scope.ts';
import type { Want } from './shared-definitions.ts';

export interface Found {
  entry: CatalogEntry;
  /** How many of the words name it. */
  consumed: number;
}

/**
 * What the words name: a tool first, then a definition, a job, a workflow. The server is asked once more before giving up. `kinds`: what it
 * may be. Error: UsageError.
 */
export async function entryOfWords(
  scope: StoreScope,
  words: readonly string[],
  signal: AbortSignal,
  kinds: readonly EntryKind[] = ENTRY_KINDS,
): Promise<Found> {
  let want: Want = 'known';
  let mayAsk = asksStore(scope, kinds);
  for (;;) {
    const entries = (await entriesOn(scope, signal, want)).filter(({ kind }) => kinds.includes(kind));
    const known = typedNames(entries);
    const match = resolveTool([...known.keys()], words);
    const entry = match.kind === 'tool' ? known.get(match.name) : undefined;
    if (match.kind === 'tool' && entry && !(mayAsk && isOwn(entry)))
      return { entry, consumed: match.consumed };
    if (mayAsk) {
      mayAsk = false;
      want = 'current';
      continue;
    }
    // Errors name only what may be listed.
    const nameable = (await nameableItems(scope, [...known], ([, one]) => namesOfEntry(one))).map(
      ([name]) => name,
    );
    const found = nameable.length === known.size ? match : resolveTool(nameable, words);
    if (match.kind === 'ambiguous')
      throw ambiguous(
        scope,
        words[0],
        match.candidates.filter((name) => nameable.includes(name)),
      );
    if (found.kind === 'group')
      throw new UsageError(`${JSON.stringify(words[0])} is a group of tools`, {
        code: 'unknown_tool',
        hint: `one of: ${found.members.slice(0, 10).join(', ')}`,
      });
    // The server may have learned a new tool, or register some only a moment after the handshake: look once more.
    if (!(await refreshOnce(scope, signal)))
      throw await unknown(
        scope,
        'tool',
        words[0] ?? '',
        found.kind === 'none' ? found.suggestions : [],
        signal,
      );
  }
}

/** What has exactly this name; of several kinds the first, unless `kind` says which. Error: UsageError. */
export async function entryOfName(
  scope: StoreScope,
  name: string,
  kind: EntryKind | undefined,
  signal: AbortSignal,
): Promise<CatalogEntry> {
  const kinds = kind ? [kind] : ENTRY_KINDS;
  let want: Want = 'known';
  let mayAsk = asksStore(scope, kinds);
  for (;;) {
    const entries = await entriesOn(scope, signal, want);
    const found = kinds
      .map((one) => entries.find((entry) => entry.kind === one && entry.name === name))
      .find((entry) => entry !== undefined);
    if (found && !(mayAsk && isOwn(found))) return found;
    if (!mayAsk && !(await refreshOnce(scope, signal))) break;
    if (mayAsk) want = 'current';
    mayAsk = false;
  }
  if (kind === 'job' || kind === 'workflow')
    return unlistedEntry(name, kind, await runner(scope, kind, signal));
  const listed = (await entriesOn(scope, signal, want)).filter((entry) => kinds.includes(entry.kind));
  const names = (await nameableItems(scope, listed, namesOfEntry)).map((entry) => entry.name);
  throw await unknown(scope, kind ?? 'tool', name, likely(names, name), signal);
}

/** Whether what is known here of definitions is to be looked up where machines share them. A tool's call does not wait for that. */
function asksStore(scope: StoreScope, kinds: readonly EntryKind[]): boolean {
  return (kinds.includes('definition') || kinds.includes('workflow')) && areShared(scope);
}

/** It is a definition, or a workflow of our own. */
function isOwn({ target, document }: CatalogEntry): boolean {
  return target !== undefined || document !== undefined;
}

/** Several tools share the form that was typed; `candidates` are those of them that may be named. */
function ambiguous(scope: InstanceScope, typed = '', candidates: readonly string[]): UsageError {
  const [first = 'a tool', ...more] = candidates;
  const others = more.length > 0 ? more : ['another tool'];
  return new UsageError(`${JSON.stringify(typed)} could be ${[first, ...others].join(' or ')}`, {
    code: 'ambiguous_tool',
    hint: `use the exact name: ${scope.command(candidates[0] ?? 'call NAME')}`,
  });
}

async function refreshOnce(scope: InstanceScope, signal: AbortSignal): Promise<boolean> {
  const session = await scope.session();
  if (session.refreshed) return false;
  await session.refresh(signal);
  return true;
}

/** The server's tool that runs such a thing; it may well know one that it does not list. Error: UnsupportedError. */
async function runner(scope: InstanceScope, kind: 'job' | 'workflow', signal: AbortSignal): Promise<string> {
  const { tools } = await (await scope.session()).catalogue(signal);
  const server: JobServer = jobServerOf(tools) ?? {};
  const viaTool = server[`${kind}s`];
  if (viaTool !== undefined) return viaTool;
  throw new UnsupportedError(`the server has no ${kind}s: it lists no tool that would run one`, {
    hint: `see: ${scope.command('ls')}`,
  });
}

function likely(names: readonly string[], name: string): readonly string[] {
  const found = resolveTool(names, [name]);
  if (found.kind === 'tool') return [found.name];
  if (found.kind === 'none') return found.suggestions;
  return found.kind === 'ambiguous' ? found.candidates : found.members;
}

/** A server with jobs may know some that it does not list. */
async function hidden(scope: InstanceScope, signal: AbortSignal): Promise<boolean> {
  const { tools } = await (await scope.session()).catalogue(signal);
  return jobServerOf(tools)?.jobs !== undefined;
}

async function unknown(
  scope: StoreScope,
  kind: EntryKind,
  typed: string,
  suggestions: readonly string[],
  signal: AbortSignal,
): Promise<UsageError> {
  const whose = shownName(scope.instance);
  const all = await toolsLeftOut(scope, signal);
  const inFile = all.find(({ about }) => about?.some((name) => [name, kebabCase(name)].includes(typed)));
  if (inFile)
    return new UsageError(`${typed} was left out: ${inFile.name}: ${inFile.reason}`, {
      code: 'tool_left_out',
      hint: 'mend the file: the next command reads it again',
    });
  const leftOut = all.find(({ name, file }) => file === undefined && [name, kebabCase(name)].includes(typed));
  if (leftOut)
    return new UsageError(
      `${whose} lists ${leftOut.name} with a definition that may not be used: ${leftOut.reason}`,
      {
        code: 'tool_left_out',
        hint: 'whoever runs the server has to mend it (MCP 2026-07-28, x-mcp-header)',
      },
    );
  const definition = (await readOwn(scope, 'known')).definitions.find(({ name }) => name === typed);
  if (definition)
    return new UsageError(`${typed} calls ${definition.tool}, which the server does not have (any more)`, {
      code: 'unknown_tool',
      hint: `see: ${scope.command('ls')}; define it anew, or remove it: ${scope.command('jobs', 'undefine', typed)}`,
    });
  const commands = INSTANCE_COMMANDS.filter(
    (command) => command.startsWith(typed.slice(0, 3)) && typed.length > 2,
  );
  const others = (Object.hasOwn(OTHER_WORDS, typed) ? OTHER_WORDS[typed] : undefined) ?? [];
  const own = others.flatMap((words) =>
    words.startsWith('INSTANCE ') ? [scope.command(words.slice(9))] : [],
  );
  const near = [...suggestions, ...(kind === 'tool' ? [...own, ...commands] : [])];
  const mayHide = kind === 'tool' && (await hidden(scope, signal));
  return new UsageError(`${whose} has no ${kind} ${JSON.stringify(typed)}`, {
    code: 'unknown_tool',
    hint:
      near.length > 0
        ? `did you mean ${near.slice(0, 3).join(', ')}?`
        : `see: ${scope.command('ls')}${mayHide ? `; a job that is not listed: ${scope.command('call --job NAME')}` : ''}`,
  });
}
