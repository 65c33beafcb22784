/** Servers to test against: the demo server in this process or as a child, and the official "everything" server. */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DemoServer, DemoServerOptions } from '../../src/demo/server.ts';
import { startDemoServer } from '../../src/demo/server.ts';
import type { DemoStats } from '../../src/demo/service.ts';
import { bundled } from './bundle.js';
import { atTestEnd } from './cli.ts';
import { freePort } from './free-port.ts';

/** Starts a demo server in this process: `stats`, `intercept` and `dropSessions` are at hand. Closed when the test has finished. */
export async function demoServer(options: Partial<DemoServerOptions> = {}): Promise<DemoServer> {
  const server = await startDemoServer({ dialect: 'tasks-2025-11-25', ...options });
  atTestEnd(() => server.close());
  return server;
}

export interface ChildServer {
  url: string;
  pid: number;
  signal(signal: NodeJS.Signals): void;
  /** Ends it, and resolves when it has ended. */
  close(): Promise<void>;
}

export interface DemoChild extends ChildServer {
  /** What the server has seen so far, asked over HTTP. */
  stats(): Promise<DemoStats>;
}

/** Starts a demo server in a child process, to be killed or stopped (SIGSTOP) by a test. Ended when the test has finished. */
export async function demoChild(
  options: Partial<Omit<DemoServerOptions, 'intercept'>> = {},
): Promise<DemoChild> {
  const args = [await demoBundle(), JSON.stringify({ dialect: 'tasks-2025-11-25', ...options })];
  const { line, ...child } = await startServer(args, {}, 'stdout', /^\{.*\}$/m);
  const { url } = JSON.parse(line) as { url: string };
  return {
    ...child,
    url,
    async stats() {
      const health = (await (await fetch(new URL('/healthz', url))).json()) as { stats: DemoStats };
      return health.stats;
    },
  };
}

/** Path of a runnable demo server, for `demoChild` and as the entry of `startDetachedDemo`. */
export function demoBundle(): Promise<string> {
  return bundled('demo-child', new URL('demo-child.ts', import.meta.url));
}

const EVERYTHING = join(
  dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/package.json')),
  'dist/index.js',
);

/** A server that can misbehave, `test/support/stdio-server.js`; for `node` as the command. */
export const STDIO_SERVER = fileURLToPath(new URL('stdio-server.js', import.meta.url));

/** One with tasks of 2025-11-25. */
export const STDIO_TASKS = fileURLToPath(new URL('stdio-tasks.js', import.meta.url));

/** A stdio server with one of several faults. */
export const FAULTY_STDIO = fileURLToPath(new URL('faulty-stdio.js', import.meta.url));

/** The command line of `@modelcontextprotocol/server-everything` over stdio. */
export function everythingStdio(): { command: string; args: string[] } {
  return { command: process.execPath, args: [EVERYTHING, 'stdio'] };
}

/** Starts `@modelcontextprotocol/server-everything` over Streamable HTTP. Ended when the test has finished. */
export function everythingHttp(): Promise<ChildServer> {
  return everything('streamableHttp', '/mcp', /listening on port \d+/);
}

/** The same over HTTP+SSE, the transport of 2024-11-05. */
export function everythingSse(): Promise<ChildServer> {
  return everything('sse', '/sse', /running on port \d+/);
}

async function everything(transport: string, path: string, ready: RegExp): Promise<ChildServer> {
  for (let attempt = 1; ; attempt++) {
    // The server cannot choose a port itself, so somebody else may take this one first.
    const port = await freePort();
    try {
      const { line: _, ...child } = await startServer(
        [EVERYTHING, transport],
        { PORT: String(port) },
        'stderr',
        ready,
      );
      return { ...child, url: `http://127.0.0.1:${port}${path}` };
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}

/** Starts `node ARGS` and resolves when it says on `stream` that it listens. */
async function startServer(
  args: readonly string[],
  env: Record<string, string>,
  stream: 'stdout' | 'stderr',
  ready: RegExp,
): Promise<Omit<ChildServer, 'url'> & { line: string }> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let output = '';
  const line = await new Promise<string>((resolve, reject) => {
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        // Kept until it is ready only; afterwards reading on just keeps the pipe from filling up.
        if (output.length > 100_000) return;
        output += chunk;
        const match = name === stream ? ready.exec(output) : null;
        if (match) resolve(match[0]);
      });
    child.once('error', reject);
    void ended.then(() => reject(new Error(`the server ended: ${output}`)));
  });
  const close = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      // Continued, too: a stopped process would not even take note of being ended.
      child.kill('SIGKILL');
      child.kill('SIGCONT');
    }
    await ended;
  };
  atTestEnd(close);
  return { line, pid: child.pid ?? -1, signal: (signal) => void child.kill(signal), close };
}
