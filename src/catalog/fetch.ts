import { type Listed, listAll, type Request } from '../lib/pages.ts';
import type { ToolDefinition } from '../tools/tool.ts';

/**
 * All pages of `tools/list`, definitions verbatim (MCP 2025-11-25, server/tools, "Listing Tools"). A server without tools has none. Errors: those of
 * `listAll`.
 */
export function fetchTools(
  request: Request,
  warn: (message: string) => void,
): Promise<Listed<ToolDefinition>> {
  return listAll<ToolDefinition>({ method: 'tools/list', member: 'tools', nameOf, request, warn });
}

function nameOf(value: unknown): string | undefined {
  const name = typeof value === 'object' && value !== null ? (value as { name?: unknown }).name : undefined;
  return typeof name === 'string' ? name : undefined;
}
