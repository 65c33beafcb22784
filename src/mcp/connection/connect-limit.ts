import { type CliError, UnreachableError } from '../../errors.ts';
import type { PreparedTransport } from './transports.ts';

/** Why there is no connection when connecting has taken too long. */
export function tooLate(
  prepared: PreparedTransport,
  name: string,
  ms: number,
  method: string | undefined,
): CliError {
  const missing =
    method !== undefined
      ? `answer to ${method}`
      : prepared.kind === 'sse'
        ? 'endpoint event'
        : 'answer to server/discover';
  const what = `no ${missing} within ${ms / 1000} s`;
  const error = new UnreachableError(prepared.kind === 'stdio' ? what : `cannot reach ${name}: ${what}`);
  // With the last words of a server that has some.
  return new UnreachableError(prepared.explain(error).message, {
    maybeSent: true,
    hint: '--connect-timeout DURATION gives it longer (0: no limit)',
  });
}

/** A signal that is aborted after so many milliseconds; never without them. */
export function connectLimit(ms: number | undefined): { signal: AbortSignal; dispose: () => void } {
  const limit = new AbortController();
  const timer =
    ms === undefined ? undefined : setTimeout(() => limit.abort(new Error('connecting took too long')), ms);
  return { signal: limit.signal, dispose: () => clearTimeout(timer) };
}
