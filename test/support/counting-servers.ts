/** Two MCP servers that count each call by what it asks for: one without tasks, one that makes a task of every call. */
import type { ServerResponse } from 'node:http';
import type { DemoServerOptions } from '../../src/demo/server.ts';
import { demoServer } from './servers.ts';

type Intercepted = Parameters<NonNullable<DemoServerOptions['intercept']>>[0];

export interface CountingServers {
  /** The URLs by the names of the instances. */
  urls: { plain: string; tasks: string };
  /** How often `deploy` was called, by its version. */
  sent: ReadonlyMap<string, number>;
}

/**
 * Their tool is `deploy --version V --duration SECONDS`. The first call of each version that `failsOnce` names is answered with a failure, as a tool
 * does whose caller may try again.
 */
export async function countingServers(failsOnce: (version: string) => boolean): Promise<CountingServers> {
  const sent = new Map<string, number>();
  const intercept = ({ rpcMethod, body }: Intercepted, response: ServerResponse): boolean => {
    if (rpcMethod !== 'tools/call') return false;
    const { id, params } = body as { id: unknown; params: { arguments: { version: string } } };
    const { version } = params.arguments;
    const times = (sent.get(version) ?? 0) + 1;
    sent.set(version, times);
    if (times > 1 || !failsOnce(version)) return false;
    const result = { isError: true, content: [{ type: 'text', text: 'not this time' }] };
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ jsonrpc: '2.0', id, result }));
    return true;
  };
  const [plain, tasks] = await Promise.all([
    demoServer({ dialect: 'plain', intercept }),
    demoServer({ dialect: 'tasks-2025-11-25', pollIntervalMs: 100, intercept }),
  ]);
  return { urls: { plain: plain.url, tasks: tasks.url }, sent };
}
