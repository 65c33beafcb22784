import { isObject } from '../lib/json.ts';
import { kebabCase } from '../lib/kebab-case.ts';
import type { FlagProfiles } from '../tools/flags/overrides.ts';
import type { ToolDefinition } from '../tools/tool.ts';
import type { Catalogue, ListedJob } from './catalog.ts';
import { jobAsTool, jobServerOf } from './frontmcp.ts';

export const OFFER_KINDS = ['tool', 'definition', 'job', 'workflow'] as const;

/** A tool of the server, a definition of our own over one, a job or a workflow of the server's own (FrontMCP). */
export type OfferKind = (typeof OFFER_KINDS)[number];

/** Something that can be run by its name. */
export interface Offer {
  kind: OfferKind;
  /** As it is typed and recorded. */
  name: string;
  /** What flags, help and the check of arguments are made from; the server's own definition where it is a tool. */
  tool: ToolDefinition;
  /** As it was listed or stored, verbatim. */
  listed: object;
  /** The tool of the server that runs a job or a workflow. */
  through?: string;
  /** Of a definition: what it calls. */
  calls?: DefinedCall;
  tags: readonly string[];
  labels: Readonly<Record<string, string>>;
  /** Where the person has given it names: those by which it is typed, the first one shown. */
  typed?: readonly string[];
  /** What the person has made of its flags. */
  profiles?: FlagProfiles;
}

export interface DefinedCall {
  /** The server's tool. */
  tool: ToolDefinition;
  /** Arguments that it always has. */
  fixed: Record<string, unknown>;
  /** How it is run (`retries`, `timeout`, ...). */
  settings: Omit<StoredDefinition, 'name' | 'tool'>;
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
export function offersOf({ tools, jobs, workflows }: Listed, definitions: readonly Offer[] = []): Offer[] {
  const server = jobs.length + workflows.length > 0 ? jobServerOf(tools) : undefined;
  return [
    ...tools.map(
      (tool): Offer => ({ kind: 'tool', name: tool.name, tool, listed: tool, tags: [], labels: {} }),
    ),
    ...definitions,
    ...jobs.flatMap((one) => jobOffer(one, 'job', server?.jobs)),
    ...workflows.flatMap((one) => jobOffer(one, 'workflow', server?.workflows)),
  ];
}

function jobOffer(listed: ListedJob, kind: 'job' | 'workflow', through: string | undefined): Offer[] {
  if (through === undefined) return [];
  const { name } = listed;
  const tool = jobAsTool(listed, kind);
  return [{ kind, name, tool, listed, through, tags: tagsOf(listed.tags), labels: labelsOf(listed.labels) }];
}

/** A job or workflow that the server does not list: nothing is known about its input. */
export function unlistedOffer(name: string, kind: 'job' | 'workflow', through: string): Offer {
  const tool = { name, inputSchema: { type: 'object' } };
  return { kind, name, tool, listed: { name }, through, tags: [], labels: {} };
}

/**
 * The offers by the names that are typed: of two with one name the earlier kind, tools before all; what something is called by itself comes
 * before what somebody has called it.
 */
export function typedNames(offers: readonly Offer[]): Map<string, Offer> {
  const names = new Map<string, Offer>();
  const kebabs = new Set<string>();
  const plain = offers.every(({ kind, typed }) => kind === 'tool' && !typed);
  for (const kind of plain ? (['tool'] as const) : OFFER_KINDS)
    for (const offer of offers) {
      if (offer.kind !== kind || offer.typed) continue;
      const kebab = plain || kind === 'tool' ? undefined : kebabCase(offer.name);
      if (names.has(offer.name) || (kebab !== undefined && kebabs.has(kebab))) continue;
      names.set(offer.name, offer);
      if (!plain) kebabs.add(kebabCase(offer.name));
    }
  for (const offer of offers)
    for (const name of offer.typed ?? []) {
      if (names.has(name) || kebabs.has(kebabCase(name))) continue;
      names.set(name, offer);
      kebabs.add(kebabCase(name));
    }
  // Its own name goes on to work, for whoever knows it by that.
  for (const offer of offers) if (offer.typed && !names.has(offer.name)) names.set(offer.name, offer);
  return names;
}

/**
 * What is typed to run each: its first name, in the kebab form where that means it alone, otherwise the exact name; undefined for one that another
 * one's name is before.
 */
export function commandNames(offers: readonly Offer[]): (string | undefined)[] {
  const names = typedNames(offers);
  const count = new Map<string, number>();
  for (const name of names.keys()) count.set(kebabCase(name), (count.get(kebabCase(name)) ?? 0) + 1);
  return offers.map((offer) => {
    const own = (offer.typed ?? [offer.name]).find((name) => names.get(name) === offer);
    const kebab = own === undefined ? '' : kebabCase(own);
    return kebab !== '' && count.get(kebab) === 1 ? kebab : own;
  });
}

/** Those that are reached by a bare name. */
export function reachable(offers: readonly Offer[]): Offer[] {
  return [...new Set(typedNames(offers).values())];
}

/** The names that a tool's settings give it; undefined where they give none. */
export function givenNames(
  own: string,
  { name, aliases = [], group }: { name?: string; aliases?: readonly string[]; group?: string },
): string[] | undefined {
  if (name === undefined && aliases.length === 0 && group === undefined) return undefined;
  const base = name ?? kebabCase(own);
  return [group === undefined ? base : `${group}.${base}`, ...aliases];
}

/** Any of the tags, all of the labels, and the words anywhere in name or description, in any case: as FrontMCP's `list_jobs` has it. */
export interface OfferFilter {
  tags: readonly string[];
  labels: Readonly<Record<string, string>>;
  query: string;
}

export function matches(offer: Offer, { tags, labels, query }: OfferFilter): boolean {
  const words = `${offer.name}\n${offer.tool.description ?? ''}`.toLowerCase();
  return (
    words.includes(query.toLowerCase()) &&
    (tags.length === 0 || tags.some((tag) => offer.tags.includes(tag))) &&
    Object.entries(labels).every(
      ([key, value]) => Object.hasOwn(offer.labels, key) && offer.labels[key] === value,
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
