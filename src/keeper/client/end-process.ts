import { isHolderAlive, isSurely } from '../../lib/disk/holder.ts';
import { monotonic } from '../../lib/monotonic.ts';
import type { KeeperState } from '../state.ts';

/** How long a keeper that was told to stop may take, in milliseconds: its server gets 2 s, SIGTERM, 2 s, SIGKILL. */
const POLITE_MS = 10_000;
const STEP_MS = 3_000;

/**
 * Waits until a keeper that was told to stop has ended. False when it is still there.
 */
export function ended({ holder }: KeeperState): Promise<boolean> {
  return gone(holder, POLITE_MS);
}

/**
 * Kills a keeper that does not end; what it leaves behind its reaper ends. `unproved`: whether the process is the keeper cannot be told, and it
 * is left alone; it is looked at before each signal, since its pid may have gone to somebody else. `alive`: not even a kill ends it.
 */
export async function kill({ holder }: KeeperState): Promise<'ended' | 'unproved' | 'alive'> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!isSurely(holder)) return isHolderAlive(holder) ? 'unproved' : 'ended';
    try {
      process.kill(holder.pid, signal);
    } catch {
      // Gone in this moment.
    }
    if (await gone(holder, STEP_MS)) return 'ended';
  }
  return 'alive';
}

async function gone(holder: KeeperState['holder'], withinMs: number): Promise<boolean> {
  const deadline = monotonic() + withinMs;
  while (isHolderAlive(holder)) {
    if (monotonic() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}
