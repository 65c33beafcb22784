/** A client that speaks to a fixture server, for tests of the server and for whoever wants to look at it from beside. */
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { z } from 'zod';
import { atTestEnd } from '../cli.ts';
import { type ConnectOptions, connect } from '../mcp-client.ts';

const Answer = z.looseObject({
  content: z.array(z.looseObject({ text: z.string() })).length(1),
  structuredContent: z.looseObject({}).optional(),
  isError: z.literal(true).optional(),
  _meta: z.looseObject({ code: z.string() }).optional(),
});
export type Answer = z.infer<typeof Answer>;

export interface FrontmcpClient {
  client: Client;
  /** The whole answer to a call, unchecked but for its being a result. */
  call(name: string, args?: object): Promise<Answer>;
  /** The structured content of an answer. Error: when it is none, or not what its text says. */
  ask(name: string, args?: object): Promise<Record<string, unknown>>;
  /** The id of a run in the background. */
  start(job: string, input?: object, tool?: 'execute_job' | 'execute_workflow'): Promise<string>;
  status(runId: string): Promise<Record<string, unknown>>;
  /** What `get_job_status` says as soon as the run has ended. */
  ended(runId: string): Promise<Record<string, unknown>>;
}

export async function frontmcpClient(url: string, options: ConnectOptions = {}): Promise<FrontmcpClient> {
  const { client } = await connect(url, options);
  atTestEnd(() => client.close());
  return speaking(client);
}

/** The same over a connection that is open already. */
export function speaking(client: Client): FrontmcpClient {
  const speaker: FrontmcpClient = {
    client,
    call: (name, args = {}) =>
      client.request({ method: 'tools/call', params: { name, arguments: { ...args } } }, Answer),
    async ask(name, args) {
      const { content, structuredContent, ...rest } = await speaker.call(name, args);
      const text = content[0]?.text;
      if (structuredContent === undefined || text !== JSON.stringify(structuredContent))
        throw new Error(`no plain success: ${JSON.stringify({ content, structuredContent, ...rest })}`);
      return structuredContent;
    },
    async start(name, input, tool = 'execute_job') {
      const { runId } = await speaker.ask(tool, { name, ...(input ? { input } : {}), background: true });
      return runId as string;
    },
    status: (runId) => speaker.ask('get_job_status', { runId }),
    async ended(runId) {
      for (;;) {
        const status = await speaker.status(runId);
        if (status['completedAt'] !== undefined) return status;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
  return speaker;
}
