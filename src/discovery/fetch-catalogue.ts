import { ProtocolError, RpcError } from '../errors.ts';
import type { ToolDefinition } from './catalogue.ts';

/** More pages than any real server has; a server whose pages never end is stopped here. */
const MAX_PAGES = 1_000;

/** Milliseconds for one page. */
const PAGE_TIMEOUT_MS = 60_000;

type Request = (
  method: string,
  params: Record<string, unknown>,
  options: { timeoutMs: number },
) => Promise<unknown>;

/**
 * All pages of `tools/list`, definitions verbatim (MCP server/tools, "Listing Tools", with pagination). A server without tools has none.
 * Errors: ProtocolError for an answer that is no list or never ends, and the request's own.
 */
export async function fetchTools(request: Request): Promise<ToolDefinition[]> {
  const tools: ToolDefinition[] = [];
  const seen = new Set<string>();
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const answer = await listPage(request, cursor);
    if (answer === undefined) return tools;
    for (const tool of answer.tools) if (isTool(tool)) tools.push(tool);
    const next = answer.nextCursor;
    if (typeof next !== 'string' || next === '') return tools;
    if (seen.has(next))
      throw new ProtocolError('the tool list does not end: a page refers back to an earlier one');
    seen.add(next);
    cursor = next;
  }
  throw new ProtocolError(`the tool list does not end: more than ${MAX_PAGES} pages`);
}

async function listPage(
  request: Request,
  cursor: string | undefined,
): Promise<{ tools: unknown[]; nextCursor?: unknown } | undefined> {
  try {
    const answer = await request('tools/list', cursor === undefined ? {} : { cursor }, {
      timeoutMs: PAGE_TIMEOUT_MS,
    });
    const tools = (answer as { tools?: unknown } | null)?.tools;
    if (!Array.isArray(tools)) throw new ProtocolError('unexpected answer to tools/list: no tools in it');
    return answer as { tools: unknown[]; nextCursor?: unknown };
  } catch (error) {
    // A server that offers only resources or prompts does not know the method.
    if (error instanceof RpcError && error.rpcCode === -32601) return undefined;
    throw error;
  }
}

function isTool(value: unknown): value is ToolDefinition {
  return (
    typeof value === 'object' && value !== null && typeof (value as { name?: unknown }).name === 'string'
  );
}
