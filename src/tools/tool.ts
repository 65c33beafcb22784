import { isObject } from '../lib/json/json.ts';

/** A JSON Schema as servers send it: anything may be in there. */
export type JsonSchema = { [keyword: string]: unknown } | boolean;

/** MCP `Tool` (2025-11-25, server/tools). Unknown fields stay. */
export interface ToolDefinition {
  name: string;
  title?: string;
  description?: string;
  inputSchema?: JsonSchema;
  outputSchema?: JsonSchema;
  annotations?: {
    title?: string;
    readOnlyHint?: boolean;
    destructiveHint?: boolean;
    idempotentHint?: boolean;
    openWorldHint?: boolean;
    [extra: string]: unknown;
  };
  execution?: { taskSupport?: 'required' | 'optional' | 'forbidden' | string; [extra: string]: unknown };
  [extra: string]: unknown;
}

/** A tool's own verdict: `isError: true` in a CallToolResult (MCP 2025-11-25, server/tools, "Error Handling"). */
export function isErrorResult(result: unknown): boolean {
  return isObject(result) && result['isError'] === true;
}
