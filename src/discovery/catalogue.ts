/** What a server offers, as it said it: definitions are kept verbatim, nothing dropped or reordered. */

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

/** A job or a workflow in the list of a FrontMCP server (`list_jobs`, `list_workflows`). Unknown fields stay. */
export interface ListedJob {
  name: string;
  description?: unknown;
  tags?: unknown;
  labels?: unknown;
  inputSchema?: JsonSchema;
  [extra: string]: unknown;
}

/** What a server offered when it was last asked. */
export interface Catalogue {
  /** Hash of the target that it is about, and what the client had declared, where that is more than usual. */
  target: string;
  /** ISO 8601 UTC. */
  fetchedAt: string;
  tools: ToolDefinition[];
  /** Jobs and workflows of a FrontMCP server; none of others. */
  jobs: ListedJob[];
  workflows: ListedJob[];
}
