import { SessionGoneError, UnreachableError } from '../../errors.ts';
import { monotonic } from '../../lib/monotonic.ts';
import { pause } from '../http/pause.ts';
import type { JsonObject, RequestOptions } from './channel.ts';

/** How long a busy server is waited for in all, where nobody set a limit. In milliseconds. */
const PATIENCE_MS = 60_000;

/** Requests that change nothing at the server. Those about tasks are repeated by whoever waits for the task. */
const READS: readonly string[] = [
  'tools/list',
  'prompts/list',
  'prompts/get',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'completion/complete',
];

/**
 * Tries again as often as a busy server (HTTP 429, 503) says when to with `Retry-After`, as long as that is within the limit; then its error stands.
 * For what may be repeated only.
 */
export async function patiently<T>(
  attempt: () => Promise<T>,
  { limitMs = PATIENCE_MS, signal, log }: Patience,
): Promise<T> {
  const began = monotonic();
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const wait = askedToWait(error);
      if (wait === undefined || monotonic() - began + wait >= limitMs) throw error;
      log?.(`the server is busy; trying again in ${wait / 1000} s`);
      await pause(wait, signal);
      signal?.throwIfAborted();
    }
  }
}

interface Patience {
  limitMs?: number | undefined;
  signal?: AbortSignal | undefined;
  log?: ((line: string) => void) | undefined;
}

/** No shorter than this, whatever the server says, in milliseconds. */
const SHORTEST_WAIT = 250;

function askedToWait(error: unknown): number | undefined {
  if (!(error instanceof UnreachableError) || error.retryAfterMs === undefined) return undefined;
  if (error.status !== 429 && error.status !== 503) return undefined;
  return Math.max(error.retryAfterMs, SHORTEST_WAIT);
}

type Request = (method: string, params: JsonObject, options?: RequestOptions) => Promise<unknown>;

/**
 * A connection's requests, with what a read may have tried again. A session that is gone (HTTP 404) has surely not taken the request: it is opened
 * anew with `reopen`, and the request sent once more; whatever belonged to the old session stays lost.
 */
export function withSecondTry(
  request: Request,
  { reopen, log }: { reopen?: (() => Promise<void>) | undefined; log?: ((line: string) => void) | undefined },
): Request {
  const inSession: Request = async (method, params, options) => {
    try {
      return await request(method, params, options);
    } catch (error) {
      if (reopen === undefined || !(error instanceof SessionGoneError) || !mayReopen(method, error))
        throw error;
      log?.(`${error.message}; opening a new one`);
      await reopen().catch((failure: Error) => {
        log?.(`no new session: ${failure.message}`);
        throw error;
      });
      return request(method, params, options);
    }
  };
  return (method, params, options) =>
    READS.includes(method)
      ? patiently(() => inSession(method, params, options), {
          limitMs: options?.timeoutMs,
          signal: options?.signal,
          log,
        })
      : inSession(method, params, options);
}

/** A tool's call only where the status itself means the session (MCP 2025-11-25, basic/transports, "Session Management"): it must not run twice. */
function mayReopen(method: string, { status }: SessionGoneError): boolean {
  return READS.includes(method) || (method === 'tools/call' && status === 404);
}
