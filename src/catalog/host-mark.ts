/** What our own host (`serve`, job files) says of what it lists as a tool, beside what MCP has words for. */
import { isObject, type JsonObject } from '../lib/json/json.ts';
import type { ToolDefinition } from '../tools/tool.ts';

/** On a tool: `{ kind, tags?, labels?, plan? }`. `plan`: what the run of a workflow goes by (jobs/workflow/listed-plan.ts). */
export const ENTRY_KEY = 'mcp2cli/entry';

/** What the mark of a tool says; nothing for a tool of any other server. Servers may list what they like: nothing is decided by it alone. */
export function markOf({ _meta }: ToolDefinition): JsonObject {
  const mark = isObject(_meta) ? _meta[ENTRY_KEY] : undefined;
  return isObject(mark) ? mark : {};
}
