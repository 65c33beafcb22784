import { isObject } from '../json.ts';
import type { Catalogue, ListedJob, ToolDefinition } from './catalogue.ts';
import { narrowedTool } from './fixed-arguments.ts';
import { jobAsTool, jobServerOf } from './job-server.ts';
import { kebabCase } from './tool-names.ts';

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

/** Everything that can be run, tools first. A definition whose tool the server does not have is left out. */
export function offersOf(
  { tools, jobs, workflows }: Listed,
  definitions: readonly StoredDefinition[] = [],
): Offer[] {
  const server = jobs.length + workflows.length > 0 ? jobServerOf(tools) : undefined;
  return [
    ...tools.map(
      (tool): Offer => ({ kind: 'tool', name: tool.name, tool, listed: tool, tags: [], labels: {} }),
    ),
    ...definitions.flatMap((one) => definitionOffer(one, tools)),
    ...jobs.flatMap((one) => jobOffer(one, 'job', server?.jobs)),
    ...workflows.flatMap((one) => jobOffer(one, 'workflow', server?.workflows)),
  ];
}

function definitionOffer(definition: StoredDefinition, tools: readonly ToolDefinition[]): Offer[] {
  const tool = tools.find((one) => one.name === definition.tool);
  if (!tool) return [];
  const { name, tool: _, description = tool.description, args = {}, ...settings } = definition;
  // The title is the tool's, which this is not.
  const { title: _title, ...open } = narrowedTool(tool, args);
  const shown = { ...open, name, ...(description === undefined ? {} : { description }) };
  return [
    {
      kind: 'definition',
      name,
      tool: shown,
      listed: { ...definition, inputSchema: open.inputSchema },
      calls: { tool, fixed: args, settings },
      tags: tagsOf(definition.tags),
      labels: labelsOf(definition.labels),
    },
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

/** Those that are reached by their bare names: of two with the same name the earlier kind, tools before all. */
export function reachable(offers: readonly Offer[]): Offer[] {
  if (offers.every(({ kind }) => kind === 'tool')) return [...offers];
  const tools = offers.filter(({ kind }) => kind === 'tool');
  const taken = new Set(tools.map(({ name }) => kebabCase(name)));
  const others = OFFER_KINDS.flatMap((kind) => offers.filter((one) => kind !== 'tool' && one.kind === kind));
  const free = others.filter(({ name }) => {
    const kebab = kebabCase(name);
    return !taken.has(kebab) && taken.add(kebab);
  });
  return [...tools, ...free];
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

function tagsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((tag) => typeof tag === 'string') : [];
}

function labelsOf(value: unknown): Record<string, string> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
