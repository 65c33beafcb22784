import { isObject } from '../lib/json/json.ts';
import { kebabCase } from '../lib/text/kebab-case.ts';
import type { FlagOverrides } from '../tools/flags/overrides.ts';
import type { ToolDefinition } from '../tools/tool.ts';
import type { Catalogue, ListedJob } from './catalog.ts';
import { jobAsTool, jobServerOf } from './frontmcp.ts';
import { markOf } from './host-mark.ts';

export const ENTRY_KINDS = ['tool', 'definition', 'job', 'workflow'] as const;

/** A tool of the server, a definition of our own over one, a job or a workflow of the server's own (FrontMCP). */
export type EntryKind = (typeof ENTRY_KINDS)[number];

/** Something that can be run by its name. */
export interface CatalogEntry {
  kind: EntryKind;
  /** As it is typed and recorded. */
  name: string;
  /** What flags, help and the check of arguments are made from; the server's own definition where it is a tool. */
  tool: ToolDefinition;
  /** As it was listed or stored, verbatim. */
  raw: object;
  /** The tool of the server that runs a job or a workflow. */
  viaTool?: string;
  /** It is listed as a tool, too: our own host serves each of its jobs as one. */
  sameAsTool?: boolean;
  /** A workflow of our own: its document, as it is stored. */
  document?: StoredDocument;
  /** Of a definition: what it calls. */
  target?: DefinedCall;
  tags: readonly string[];
  labels: Readonly<Record<string, string>>;
  /** Where the person has given it names: those by which it is typed, the first one shown. */
  aliases?: readonly string[];
  /** What the person has made of its flags. */
  flagOverrides?: FlagOverrides;
}

export interface DefinedCall {
  /** The server's tool. */
  tool: ToolDefinition;
  /** Arguments that it always has. */
  fixed: Record<string, unknown>;
  /** How it is run (`retries`, `timeout`, ...). */
  settings: Omit<StoredDefinition, 'name' | 'tool'>;
}

/** What a workflow of our own has, as far as it matters here. */
export interface StoredDocument {
  name: string;
  steps: readonly unknown[];
  [field: string]: unknown;
}

/** What a definition of our own has, as far as it matters here. */
export interface StoredDefinition {
  name: string;
  tool: string;
  description?: string;
  args?: Record<string, unknown>;
  tags?: string[];
  labels?: Record<string, string>;
  [setting: string]: unknown;
}

type Listed = Pick<Catalogue, 'tools' | 'jobs' | 'workflows'>;

/** Everything that can be run, tools first; `definitions` are our own (definition-entries.ts). */
export function entriesOf(
  { tools, jobs, workflows }: Listed,
  definitions: readonly CatalogEntry[] = [],
): CatalogEntry[] {
  const server = jobs.length + workflows.length > 0 ? jobServerOf(tools) : undefined;
  return [
    ...tools.map(toolEntry),
    ...definitions,
    ...jobs.flatMap((one) => jobEntry(one, 'job', server?.jobs, tools)),
    ...workflows.flatMap((one) => jobEntry(one, 'workflow', server?.workflows, tools)),
  ];
}

function toolEntry(tool: ToolDefinition): CatalogEntry {
  const { tags, labels } = markOf(tool);
  return { kind: 'tool', name: tool.name, tool, raw: tool, tags: tagsOf(tags), labels: labelsOf(labels) };
}

function jobEntry(
  raw: ListedJob,
  kind: 'job' | 'workflow',
  viaTool: string | undefined,
  tools: readonly ToolDefinition[],
): CatalogEntry[] {
  if (viaTool === undefined) return [];
  const { name } = raw;
  const tool = jobAsTool(raw, kind);
  const sameAsTool = tools.some((one) => one.name === name && markOf(one)['kind'] === kind);
  return [
    {
      ...{ kind, name, tool, raw, viaTool, tags: tagsOf(raw.tags), labels: labelsOf(raw.labels) },
      ...(sameAsTool ? { sameAsTool } : {}),
    },
  ];
}

/** A job or workflow that the server does not list: nothing is known about its input. */
export function unlistedEntry(name: string, kind: 'job' | 'workflow', viaTool: string): CatalogEntry {
  const tool = { name, inputSchema: { type: 'object' } };
  return { kind, name, tool, raw: { name }, viaTool, tags: [], labels: {} };
}

/**
 * The entries by the names that are typed: of two with one name the earlier kind, tools before all; what something is called by itself comes
 * before what somebody has called it.
 */
export function typedNames(entries: readonly CatalogEntry[]): Map<string, CatalogEntry> {
  const names = new Map<string, CatalogEntry>();
  const kebabs = new Set<string>();
  const plain = entries.every(({ kind, aliases }) => kind === 'tool' && !aliases);
  for (const kind of plain ? (['tool'] as const) : ENTRY_KINDS)
    for (const entry of entries) {
      if (entry.kind !== kind || entry.aliases) continue;
      const kebab = plain || kind === 'tool' ? undefined : kebabCase(entry.name);
      if (names.has(entry.name) || (kebab !== undefined && kebabs.has(kebab))) continue;
      names.set(entry.name, entry);
      if (!plain) kebabs.add(kebabCase(entry.name));
    }
  for (const entry of entries)
    for (const name of entry.aliases ?? []) {
      if (names.has(name) || kebabs.has(kebabCase(name))) continue;
      names.set(name, entry);
      kebabs.add(kebabCase(name));
    }
  // Its own name goes on to work, for whoever knows it by that.
  for (const entry of entries) if (entry.aliases && !names.has(entry.name)) names.set(entry.name, entry);
  return names;
}

/**
 * What is typed to run each: its first name, in the kebab form where that means it alone, otherwise the exact name; undefined for one that another
 * one's name is before.
 */
export function commandNames(entries: readonly CatalogEntry[]): (string | undefined)[] {
  const names = typedNames(entries);
  const count = new Map<string, number>();
  for (const name of names.keys()) count.set(kebabCase(name), (count.get(kebabCase(name)) ?? 0) + 1);
  return entries.map((entry) => {
    const own = (entry.aliases ?? [entry.name]).find((name) => names.get(name) === entry);
    const kebab = own === undefined ? '' : kebabCase(own);
    return kebab !== '' && count.get(kebab) === 1 ? kebab : own;
  });
}

/** Those that are reached by a bare name. */
export function reachable(entries: readonly CatalogEntry[]): CatalogEntry[] {
  return [...new Set(typedNames(entries).values())];
}

/** The names that a tool's settings give it; undefined where they give none. */
export function aliasesOf(
  own: string,
  { name, aliases = [], group }: { name?: string; aliases?: readonly string[]; group?: string },
): string[] | undefined {
  if (name === undefined && aliases.length === 0 && group === undefined) return undefined;
  const base = name ?? kebabCase(own);
  return [group === undefined ? base : `${group}.${base}`, ...aliases];
}

/** Any of the tags, all of the labels, and the words anywhere in name or description, in any case: as FrontMCP's `list_jobs` has it. */
export interface EntryFilter {
  tags: readonly string[];
  labels: Readonly<Record<string, string>>;
  query: string;
}

export function matches(entry: CatalogEntry, { tags, labels, query }: EntryFilter): boolean {
  const words = `${entry.name}\n${entry.tool.description ?? ''}`.toLowerCase();
  return (
    words.includes(query.toLowerCase()) &&
    (tags.length === 0 || tags.some((tag) => entry.tags.includes(tag))) &&
    Object.entries(labels).every(
      ([key, value]) => Object.hasOwn(entry.labels, key) && entry.labels[key] === value,
    )
  );
}

/** Tags as they were listed, as far as they are any. */
export function tagsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((tag) => typeof tag === 'string') : [];
}

/** Labels as they were listed, as far as they are any. */
export function labelsOf(value: unknown): Record<string, string> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
