/** What a server lists and a client may not use. */
import { isObject } from '../lib/json/json.ts';
import { headerMarks } from '../tools/schema/header-marks.ts';
import type { ToolDefinition } from '../tools/tool.ts';

export interface LeftOut {
  name: string;
  /** A sentence without its end, for people. */
  reason: string;
  /** A job file that could not be loaded, or a part of it; `name` is the place in it. */
  file?: string;
  /** The jobs and workflows that are missing for it, by name. */
  about?: string[];
}

/** On what our own host lists for a job file that it could not load: `{ file, message, about }`. */
export const PROBLEM_KEY = 'mcp2cli/problem';

/** Parts the tools of our own host from the problems that it lists among them. */
export function loadedTools(listed: readonly ToolDefinition[]): {
  tools: ToolDefinition[];
  leftOut: LeftOut[];
} {
  const leftOut: LeftOut[] = [];
  const tools = listed.filter(({ name, _meta }) => {
    const problem = isObject(_meta) ? _meta[PROBLEM_KEY] : undefined;
    if (!isObject(problem)) return true;
    const about = Array.isArray(problem['about']) ? problem['about'].map(String) : [];
    leftOut.push({
      name,
      reason: String(problem['message']),
      file: String(problem['file']),
      ...(about.length > 0 ? { about } : {}),
    });
    return false;
  });
  return { tools, leftOut };
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
