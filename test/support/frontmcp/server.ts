/**
 * A FrontMCP job server (SDK 1.5.2) to test against: in this process over Streamable HTTP, or as a child over stdio. It follows what was
 * measured there, and for the rest the SDK's public source around that version; its answers are no recordings.
 */
import type { HostOptions } from '../../../src/demo/http-host.ts';
import { startHost } from '../../../src/demo/http-host.ts';
import { bundled } from '../bundle.js';
import { atTestEnd } from '../cli.ts';
import { createServer, type FrontmcpOptions, FrontmcpService, type FrontmcpStats } from './instance.ts';

export type { FrontmcpOptions, FrontmcpStats } from './instance.ts';

export interface FrontmcpServer {
  url: string;
  /** What the server has seen so far; live. */
  stats: Readonly<FrontmcpStats>;
  /** Answers a request in the server's place; may be set and taken away at any time. */
  intercept: HostOptions['intercept'];
  /**
   * As if the process were ended and started anew at the same address: sessions and registered definitions are gone, and runs with their
   * store. A store that is kept has the runs as they were, so that one under way stays `running` for ever.
   */
  restart(options: { keepStore: boolean }): Promise<void>;
  /** Forgets the sessions alone, as a server does after a while: the runs go on. */
  dropSessions(): Promise<void>;
  close(): Promise<void>;
}

/** Starts the server in this process. Closed when the test has finished. */
export async function frontmcpServer(
  options: FrontmcpOptions & { intercept?: HostOptions['intercept'] } = {},
): Promise<FrontmcpServer> {
  const service = new FrontmcpService(options);
  const host = await startHost({
    host: '127.0.0.1',
    port: 0,
    stats: service.stats,
    factory: { create: () => createServer(service), close: () => service.restart(false) },
    health: {},
    intercept: async (request, response) => (await server.intercept?.(request, response)) ?? false,
  });
  const server: FrontmcpServer = {
    url: host.url,
    stats: service.stats,
    intercept: options.intercept,
    async restart({ keepStore }) {
      service.restart(keepStore);
      await host.dropSessions();
    },
    async dropSessions() {
      await host.dropSessions();
    },
    close: host.close,
  };
  atTestEnd(() => server.close());
  return server;
}

/** The command line of the same server over stdio. */
export async function frontmcpStdio(
  options: FrontmcpOptions = {},
): Promise<{ command: string; args: string[] }> {
  const server = await bundled('frontmcp', new URL('child.ts', import.meta.url));
  return { command: process.execPath, args: [server, JSON.stringify(options)] };
}
