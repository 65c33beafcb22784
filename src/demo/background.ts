/** The background process's side of the detached demo: what the entry runs in the child that `startDetachedDemo` started. */

import type { DemoConfig } from './background-config.ts';
import { DEMO_CONFIG } from './background-config.ts';
import { startDemoServer } from './server.ts';
import { ownState, readState, removeState, writeState } from './state-file.ts';

const CHECK_MS = 2000;

/**
 * Serves until SIGTERM or SIGINT, or until demo.json is about another server (or is gone together with its home: nobody could stop this one
 * any more). Resolves when the server has been closed; the process then ends by itself.
 */
export async function runDetachedDemo(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<void> {
  const { home, token, dialect, port, speed } = JSON.parse(env[DEMO_CONFIG] ?? '') as DemoConfig;
  // A closing terminal must not take the server with it.
  process.on('SIGHUP', () => {});
  const server = await startDemoServer({ dialect, port, speed, token });
  writeState(home, ownState(server.url, token, dialect));
  let watch: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
    watch = setInterval(() => {
      if (!isOurs(home, token)) resolve();
    }, CHECK_MS);
  });
  clearInterval(watch);
  removeState(home, token);
  await server.close();
}

function isOurs(home: string, token: string): boolean {
  try {
    return readState(home)?.token === token;
  } catch {
    // Damaged, or the disk refuses for now: no reason to give up.
    return true;
  }
}
