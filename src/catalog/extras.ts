/** What a server offers beside its tools: resources, templates of resources, prompts. Definitions are kept verbatim. */
import { isObject } from '../lib/json/json.ts';
import type { JsonSchema, ToolDefinition } from '../tools/tool.ts';
import { templateVariables } from './uri-template.ts';

export const EXTRA_KINDS = ['resource', 'template', 'prompt'] as const;

export type ExtraKind = (typeof EXTRA_KINDS)[number];

/** A `Resource` (MCP 2025-11-25, server/resources, "Resource"). Unknown fields stay. */
export interface ListedResource {
  uri: string;
  [extra: string]: unknown;
}

/** A `ResourceTemplate`: `uriTemplate` is RFC 6570. */
export interface ListedTemplate {
  uriTemplate: string;
  [extra: string]: unknown;
}

/** A `Prompt` (MCP 2025-11-25, server/prompts). */
export interface ListedPrompt {
  name: string;
  [extra: string]: unknown;
}

/** What a server offered beside its tools when it was last asked. */
export interface Extras {
  /** ISO 8601 UTC. */
  fetchedAt: string;
  resources: ListedResource[];
  templates: ListedTemplate[];
  prompts: ListedPrompt[];
}

/** One of them, of whichever kind. */
export interface Extra {
  kind: ExtraKind;
  /** What it is known by: the URI, the template, the prompt's name. */
  id: string;
  /** As it was listed, verbatim. */
  raw: { [field: string]: unknown };
}

/** All of them: resources, then templates, then prompts. */
export function extrasIn({
  resources,
  templates,
  prompts,
}: Pick<Extras, 'resources' | 'templates' | 'prompts'>): Extra[] {
  return [
    ...resources.map((raw): Extra => ({ kind: 'resource', id: raw.uri, raw })),
    ...templates.map((raw): Extra => ({ kind: 'template', id: raw.uriTemplate, raw })),
    ...prompts.map((raw): Extra => ({ kind: 'prompt', id: raw.name, raw })),
  ];
}

/** A text of a definition; empty where there is none. */
export function textIn(raw: { [field: string]: unknown }, field: string): string {
  const value = raw[field];
  return typeof value === 'string' ? value : '';
}

/** The first thing that the server says of it: its title, else its description, else its name where it is known by another. */
export function firstText({ id, raw }: Extra): string {
  const name = textIn(raw, 'name');
  return textIn(raw, 'title') || textIn(raw, 'description') || (name === id ? '' : name);
}

/** Whether a text is in what it is known by or in what the server says of it, in any case. */
export function hasText({ id, raw }: Extra, text: string): boolean {
  const words = [id, ...['name', 'title', 'description'].map((field) => textIn(raw, field))].join('\n');
  return words.toLowerCase().includes(text.toLowerCase());
}

/** An argument of a prompt (`PromptArgument`). */
export interface PromptArgument {
  name: string;
  title?: string;
  description?: string;
  required: boolean;
}

/** The arguments that a prompt lists, as far as they have names, each once. */
export function argumentsOf({ arguments: listed }: ListedPrompt): PromptArgument[] {
  const args = new Map<string, PromptArgument>();
  for (const one of Array.isArray(listed) ? listed : []) {
    if (!isObject(one) || typeof one['name'] !== 'string' || args.has(one['name'])) continue;
    const { name, title, description, required } = one;
    args.set(one['name'], {
      name,
      ...(typeof title === 'string' ? { title } : {}),
      ...(typeof description === 'string' ? { description } : {}),
      required: required === true,
    } as PromptArgument);
  }
  return [...args.values()];
}

/** A prompt as its flags are made: a property for each argument. Values are text (`GetPromptRequest`, `arguments`). */
export function promptAsTool(prompt: ListedPrompt): ToolDefinition {
  const args = argumentsOf(prompt);
  return asTool(prompt.name, prompt, {
    type: 'object',
    properties: Object.fromEntries(
      args.map(({ name, title, description }) => [
        name,
        { type: 'string', ...(title ? { title } : {}), ...(description ? { description } : {}) },
      ]),
    ),
    required: args.filter(({ required }) => required).map(({ name }) => name),
    additionalProperties: false,
  });
}

/**
 * A template as its flags are made: a property for each variable. Of a variable that makes a part of a path a value is required; where its operator
 * leaves out what is not defined (RFC 6570, 3.2.1), it is not. A list is typed by repeating the flag. Error: UsageError for a template that is none.
 */
export function templateAsTool(template: string, raw: { [field: string]: unknown } = {}): ToolDefinition {
  const variables = templateVariables(template);
  return asTool(template, raw, {
    type: 'object',
    properties: Object.fromEntries(
      variables.map(({ name, isList, isOptional }) => [
        name,
        {
          ...(isList ? { type: 'array', items: { type: 'string' } } : { type: 'string' }),
          description: isOptional
            ? 'left out of the address where it is not given'
            : `{${name}} of the address`,
        },
      ]),
    ),
    required: variables.filter(({ isOptional }) => !isOptional).map(({ name }) => name),
    additionalProperties: false,
  });
}

function asTool(name: string, raw: { [field: string]: unknown }, inputSchema: JsonSchema): ToolDefinition {
  const title = textIn(raw, 'title');
  const description = textIn(raw, 'description');
  return { name, ...(title ? { title } : {}), ...(description ? { description } : {}), inputSchema };
}
