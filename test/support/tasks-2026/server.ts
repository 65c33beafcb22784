/** A server of protocol 2026-07-28 with the tasks extension, to test against: in this process over HTTP, or as a child over stdio. */
import { bundled } from '../bundle.js';
import { atTestEnd } from '../cli.ts';
import { startTasks2026, type Tasks2026Options, type Tasks2026Server } from './host.ts';

export type { Tasks2026Options, Tasks2026Server } from './host.ts';

/** Starts the server in this process: `stats`, `intercept` and `forgetTasks` are at hand. Closed when the test has finished. */
export async function tasks2026Server(options: Tasks2026Options = {}): Promise<Tasks2026Server> {
  const server = await startTasks2026(options);
  atTestEnd(() => server.close());
  return server;
}

/** The command line of the same server over stdio. */
export async function tasks2026Stdio(
  options: Omit<Tasks2026Options, 'intercept'> = {},
): Promise<{ command: string; args: string[] }> {
  const server = await bundled('tasks-2026', new URL('child.ts', import.meta.url));
  return { command: process.execPath, args: [server, 'stdio', JSON.stringify(options)] };
}
