import { AuthError, CliError, RpcError, SessionGoneError, UnreachableError } from '../errors.ts';
import { FetchError } from './node-fetch.ts';

/** An HTTP response that is not a success, as the SDK's transport reports it (duck-typed: the SDK's classes stay in open.ts). */
interface HttpFailure {
  status: number;
  statusText: string;
  text: string | null | undefined;
}

export interface FailureContext {
  /** What the person knows the server by. */
  name: string;
  /** A session id was sent with the request. */
  session: boolean;
  /** `Retry-After` of the last response that had one, in milliseconds. */
  retryAfterMs?: number | undefined;
}

/**
 * Turns what a transport throws into the program's own errors, by type and status, never by matching message texts.
 * Whatever leaves the outcome of the request open says so with `maybeSent`.
 */
export function classifyFailure(error: unknown, context: FailureContext): CliError {
  if (error instanceof CliError) return error;
  const http = httpFailure(error);
  if (http) return classifyStatus(http, error, context);
  const fetchError = findCause(error, (e): e is FetchError => e instanceof FetchError);
  if (fetchError)
    return new UnreachableError(`cannot reach ${context.name}: ${fetchError.message}`, {
      cause: error,
      maybeSent: fetchError.maybeSent,
    });
  const message = error instanceof Error ? error.message : String(error);
  return new UnreachableError(`cannot reach ${context.name}: ${message}`, { cause: error, maybeSent: true });
}

function classifyStatus(http: HttpFailure, cause: unknown, context: FailureContext): CliError {
  const { status } = http;
  const rpc = jsonRpcError(http.text);
  if (status === 401 || status === 403) {
    const what = status === 401 ? 'requires authentication' : 'refuses access';
    return new AuthError(`${context.name} ${what} (HTTP ${status})`, {
      cause,
      hint: "pass credentials with --header 'Authorization: Bearer ...' (instances add), or check those that are configured",
    });
  }
  if (context.session && (status === 404 || (status === 400 && rpc?.code === -32000)))
    return new SessionGoneError(`${context.name} no longer knows the session (HTTP ${status})`, { cause });
  if (rpc && status < 500 && status !== 429) return new RpcError(rpc.code, rpc.message, rpc.data, { cause });
  if (status === 429 || status >= 500)
    return new UnreachableError(
      `${context.name} answered HTTP ${status}${http.statusText ? ` ${http.statusText}` : ''}`,
      {
        cause,
        status,
        // A gateway's 502 or 504 says nothing about what became of the request behind it.
        maybeSent: status !== 429 && status !== 503,
        retryAfterMs: context.retryAfterMs,
      },
    );
  const said = http.text ? `: ${firstLine(http.text)}` : '';
  return new UnreachableError(`${context.name} answered HTTP ${status}${said}`, {
    cause,
    status,
    hint:
      status === 404 || status === 405
        ? 'is this the URL of an MCP endpoint (often it ends in /mcp)?'
        : undefined,
  });
}

/** The HTTP status in an error of the SDK's transports, or undefined. */
export function httpFailure(error: unknown): HttpFailure | undefined {
  const found = findCause(
    error,
    (e): e is Error & { data: HttpFailure } =>
      typeof (e as { data?: { status?: unknown } }).data?.status === 'number',
  );
  return found?.data;
}

function findCause<T>(error: unknown, is: (e: unknown) => e is T): T | undefined {
  let at: unknown = error;
  for (let depth = 0; depth < 8 && at instanceof Error; depth++) {
    if (is(at)) return at;
    at = at.cause;
  }
  return undefined;
}

function jsonRpcError(
  text: string | null | undefined,
): { code: number; message: string; data?: unknown } | undefined {
  if (!text || text.length > 1_000_000) return undefined;
  try {
    const error = (JSON.parse(text) as { error?: { code?: unknown; message?: unknown; data?: unknown } })
      .error;
    if (typeof error?.code !== 'number') return undefined;
    return { code: error.code, message: String(error.message ?? ''), data: error.data };
  } catch {
    return undefined;
  }
}

function firstLine(text: string): string {
  const line = text.trim().split('\n', 1)[0] ?? '';
  return line.length > 200 ? `${line.slice(0, 200)}...` : line;
}
