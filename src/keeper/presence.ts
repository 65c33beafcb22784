/** Whether a keeper is there, where its process cannot be proved to be one: a socket that nobody listens on is nobody's. */
import { connect } from 'node:net';
import { isSurely } from '../lib/disk/holder.ts';
import { type KeeperState, liveKeepers, removeState } from './state.ts';

/** What connecting to a socket, or a pipe, is refused with when no process listens there (connect(2); Windows: no such pipe). */
const NOBODY = new Set(['ECONNREFUSED', 'ENOENT']);

/** How long the system may take to say whether somebody listens, in milliseconds. */
const KNOCK_TIMEOUT_MS = 5_000;

/** Whether a failed connection proves that nobody listens. */
export function provesNobody(error: unknown): boolean {
  return NOBODY.has((error as NodeJS.ErrnoException | undefined)?.code ?? '');
}

/**
 * The keepers that are there, the newest first. A process that only has the pid of one is told from it by the socket, and the file that
 * names it is removed. A keeper that hangs has its socket all the same.
 */
export async function presentKeepers(dir: string): Promise<KeeperState[]> {
  const there = await Promise.all(
    liveKeepers(dir).map(async (state) => {
      if (isSurely(state.holder) || (await someoneListens(state.socket))) return [state];
      removeState(dir, state);
      return [];
    }),
  );
  return there.flat();
}

/** False only when nobody does. */
function someoneListens(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (there: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(there);
    };
    const timer = setTimeout(() => settle(true), KNOCK_TIMEOUT_MS);
    socket.once('connect', () => settle(true));
    socket.once('error', (error) => settle(!provesNobody(error)));
  });
}
