import { RpcError, UnreachableError } from '../errors.ts';
import type { Connection } from './connection/open.ts';

/** How often a session is asked whether it is still there, in milliseconds: a stream that ended brings nothing, and says nothing. */
const LOOK_MS = 15_000;
const LOOK_TIMEOUT_MS = 10_000;

/** For those who listen to a session: resolves when the signal is aborted. Errors: why the connection, or the session, is gone. */
export function untilLost(connection: Connection, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = async () => {
      await connection.listen();
      await connection.request('ping', {}, { signal, timeoutMs: LOOK_TIMEOUT_MS });
    };
    const timer = setInterval(() => {
      look().catch((error: unknown) => {
        // A server that knows no ping has answered all the same.
        if (!(error instanceof RpcError)) end(() => reject(error));
      });
    }, LOOK_MS);
    const end = (settle: () => void) => {
      clearInterval(timer);
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = () => end(resolve);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    connection.channel.onClose((why) => end(() => reject(why)));
    const { closed } = connection.channel;
    if (closed) end(() => reject(closed));
  });
}

/** Whether what was listened to may be listened to again: the way there is lost, and nothing was refused. */
export function isLost(error: unknown): boolean {
  return error instanceof UnreachableError || (error as { code?: unknown } | null)?.code === 'session_gone';
}
