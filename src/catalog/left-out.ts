/** Tools that a server lists and that a client may not use. */
import { headerMarks } from '../tools/schema/header-marks.ts';
import type { ToolDefinition } from '../tools/tool.ts';

export interface LeftOut {
  name: string;
  /** A sentence without its end, for people. */
  reason: string;
}

/**
 * Parts the tools that can be used from those whose `x-mcp-header` breaks the rules: "clients using the Streamable HTTP transport MUST reject" them,
 * each for itself (MCP 2026-07-28, basic/transports/streamable-http, "Schema Extension").
 */
export function usableTools(listed: readonly ToolDefinition[]): {
  tools: ToolDefinition[];
  leftOut: LeftOut[];
} {
  const leftOut: LeftOut[] = [];
  const tools = listed.filter(({ name, inputSchema }) => {
    const { problem } = headerMarks(inputSchema);
    if (problem !== undefined) leftOut.push({ name, reason: problem });
    return problem === undefined;
  });
  return { tools, leftOut };
}
