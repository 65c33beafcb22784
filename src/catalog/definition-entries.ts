import { isObject } from '../lib/json/json.ts';
import type { ToolDefinition } from '../tools/tool.ts';
import { type CatalogEntry, labelsOf, type StoredDefinition, type StoredDocument, tagsOf } from './entry.ts';
import { narrowedTool } from './fixed-arguments.ts';

/** Definitions of our own as what they can be run as; one whose tool the server does not have is left out. */
export function definitionEntries(
  definitions: readonly StoredDefinition[],
  tools: readonly ToolDefinition[],
): CatalogEntry[] {
  return definitions.flatMap((definition) => offerOf(definition, tools));
}

/** Workflows of our own as what they can be run as. */
export function workflowEntries(workflows: readonly StoredDocument[]): CatalogEntry[] {
  return workflows.map((document) => {
    const { name, description, inputSchema } = document;
    return {
      kind: 'workflow',
      name,
      tool: {
        name,
        ...(typeof description === 'string' ? { description } : {}),
        inputSchema: isObject(inputSchema) ? inputSchema : { type: 'object' },
      },
      raw: document,
      document,
      tags: tagsOf(document['tags']),
      labels: labelsOf(document['labels']),
    };
  });
}

function offerOf(definition: StoredDefinition, tools: readonly ToolDefinition[]): CatalogEntry[] {
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
      raw: { ...definition, inputSchema: open.inputSchema },
      target: { tool, fixed: args, settings },
      tags: tagsOf(definition.tags),
      labels: labelsOf(definition.labels),
    },
  ];
}
