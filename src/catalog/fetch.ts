import { type Listed, listAll, type Request } from '../lib/pages.ts';
import type { ToolDefinition } from '../tools/tool.ts';
import type { ListedPrompt, ListedResource, ListedTemplate } from './extras.ts';

type Warn = (message: string) => void;

/**
 * All pages of `tools/list`, definitions verbatim (MCP 2025-11-25, server/tools, "Listing Tools"). A server without tools has none. Errors: those of
 * `listAll`.
 */
export function fetchTools(request: Request, warn: Warn): Promise<Listed<ToolDefinition>> {
  return listAll<ToolDefinition>({
    method: 'tools/list',
    member: 'tools',
    nameOf: by('name'),
    request,
    warn,
  });
}

/** The same of `resources/list`. */
export function fetchResources(request: Request, warn: Warn): Promise<Listed<ListedResource>> {
  return listAll({ method: 'resources/list', member: 'resources', nameOf: by('uri'), request, warn });
}

/** The same of `resources/templates/list`. */
export function fetchTemplates(request: Request, warn: Warn): Promise<Listed<ListedTemplate>> {
  const method = 'resources/templates/list';
  return listAll({ method, member: 'resourceTemplates', nameOf: by('uriTemplate'), request, warn });
}

/** The same of `prompts/list`. */
export function fetchPrompts(request: Request, warn: Warn): Promise<Listed<ListedPrompt>> {
  return listAll({ method: 'prompts/list', member: 'prompts', nameOf: by('name'), request, warn });
}

function by(field: string): (value: unknown) => string | undefined {
  return (value) => {
    const id =
      typeof value === 'object' && value !== null ? (value as { [name: string]: unknown })[field] : undefined;
    return typeof id === 'string' ? id : undefined;
  };
}
