/** What a server offers, as it said it: definitions are kept verbatim, nothing dropped or reordered. */

import type { JsonSchema, ToolDefinition } from '../tools/tool.ts';
import type { LeftOut } from './left-out.ts';

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
  /** What the server lists, and may not be used. */
  leftOut: LeftOut[];
}
