import type { Catalogue } from '../catalog/catalog.ts';
import type { JobServer } from '../catalog/frontmcp.ts';
import { CliError } from '../errors.ts';
import type { CallTool } from '../mcp/dialects/frontmcp/backend.ts';
import { listJobs } from '../mcp/dialects/frontmcp/registry.ts';

export type ServerJobs = Pick<Catalogue, 'jobs' | 'workflows'> & {
  /** False when the server did not tell, but might the next time. */
  complete: boolean;
};

/** What a FrontMCP server can run beside its tools. One that does not tell has its tools all the same; `warn` hears of it. */
export async function serverJobs(
  server: JobServer,
  callTool: CallTool,
  warn: (message: string) => void,
  signal: AbortSignal | undefined,
): Promise<ServerJobs> {
  let complete = true;
  const list = async (kind: 'jobs' | 'workflows') => {
    if (server[kind] === undefined) return [];
    try {
      return await listJobs(callTool, kind, {}, { signal });
    } catch (error) {
      if (!(error instanceof CliError) || signal?.aborted) throw error;
      complete &&= error.details?.['server_code'] === 'TOOL_NOT_FOUND';
      warn(`the ${kind} of the server are not known: ${error.message}`);
      return [];
    }
  };
  const jobs = await list('jobs');
  const workflows = await list('workflows');
  return { jobs, workflows, complete };
}
