/** The embedded demo server: a real MCP server over Streamable HTTP, with tools that are worth running in the background. */
import { setMaxListeners } from 'node:events';
import type { HostOptions } from './http-host.ts';
import { startHost } from './http-host.ts';
import { metaTask } from './meta-task.ts';
import type { DemoStats } from './service.ts';
import { DemoService } from './service.ts';
import { tasks2025 } from './tasks-2025.ts';

/** `plain` is a server without tasks. */
const DEMO_DIALECTS = ['tasks-2025-11-25', 'meta-task', 'plain'] as const;
export type DemoDialect = (typeof DEMO_DIALECTS)[number];

export interface DemoServerOptions {
  /** 0, the default, takes any free port. */
  port?: number;
  host?: string;
  dialect: DemoDialect;
  /** 2 is twice as fast: every duration, arguments included, is divided by it. */
  speed?: number;
  /** Milliseconds between polls that 2025-11-25 tasks hint at; also how fast the SDK's `tasks/result` notices an end. */
  pollIntervalMs?: number;
  /** Sent back by GET /healthz, so that whoever started this server knows it again. */
  token?: string;
  /** For tests: answer a request in the server's place (an error status, a cut connection). */
  intercept?: HostOptions['intercept'];
}

export interface DemoServer {
  url: string;
  /** What the server has seen so far; live. */
  stats: Readonly<DemoStats>;
  /** Forgets all sessions, as a server does that was restarted. Returns how many there were. */
  dropSessions(): Promise<number>;
  close(): Promise<void>;
}

/** Starts a demo server and resolves when it answers. Rejects when the port cannot be had. */
export async function startDemoServer(options: DemoServerOptions): Promise<DemoServer> {
  const { port = 0, host = '127.0.0.1', dialect, speed = 1, token } = options;
  // The SDK's tasks/result listens to its request's end once more with every look at the task: Node would warn of a leak.
  setMaxListeners(0);
  if (!(speed > 0)) throw new RangeError(`speed must be above 0, not ${speed}`);
  const { pollIntervalMs = Math.max(20, Math.round(500 / speed)) } = options;
  const service = new DemoService({ speed, pollIntervalMs });
  const started = await startHost({
    host,
    port,
    stats: service.stats,
    factory: dialect === 'meta-task' ? metaTask(service) : tasks2025(service, { tasks: dialect !== 'plain' }),
    health: { name: 'mcp2cli-demo', dialect, pid: process.pid, ...(token === undefined ? {} : { token }) },
    intercept: options.intercept,
  });
  return {
    url: started.url,
    stats: service.stats,
    dropSessions: started.dropSessions,
    close: started.close,
  };
}
