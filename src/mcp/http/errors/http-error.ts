import { parseJson } from '../../../lib/json/exact-json.ts';
import { isObject } from '../../../lib/json/json.ts';
import { readBeginning } from '../body.ts';
import { type HttpResponse, redirectTarget } from '../exchange.ts';

/** How much of a body is read for what a server says with an error, in bytes. */
const MAX_ERROR_BYTES = 1024 * 1024;

interface SaidError {
  id: unknown;
  code: number;
  message: string;
  /** The error as it came, with its `data`. */
  whole: object;
}

/** A response that is no success, and everything in it that a person should hear of. Nothing in it has been scrubbed. */
export class HttpError extends Error {
  readonly status: number;
  readonly statusText: string;
  readonly body: string;
  /** What the body says, whole: secrets are to be taken out before it is cut to a line. */
  readonly words: string;
  /** The JSON-RPC error in the body. */
  readonly rpc: SaidError | undefined;
  /** What the server asks to wait with `Retry-After`, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** It asks for credentials (`WWW-Authenticate`): the header. */
  readonly challenge: string | undefined;
  /** Where a redirect leads to that was not followed; without credentials. */
  readonly location: string | undefined;
  /** A session id was sent with the request. */
  readonly inSession: boolean;

  constructor(response: HttpResponse, body: string, { now, inSession }: { now: Date; inSession: boolean }) {
    super(`HTTP ${response.status}`);
    const json = jsonOf(body);
    this.body = body;
    this.status = response.status;
    this.statusText = response.statusText;
    this.rpc = rpcErrorOf(json);
    this.words = this.rpc?.message ?? (saidIn(json) || body);
    this.retryAfterMs = retryAfterMs(response.header('retry-after') ?? null, now);
    this.challenge = response.header('www-authenticate');
    this.location = locationOf(response);
    this.inSession = inSession;
  }
}

/** Reads what a response says that is no success. Does not reject: a body that is cut says less. */
export async function httpError(
  response: HttpResponse,
  context: { now: Date; inSession: boolean },
): Promise<HttpError> {
  return new HttpError(response, await readBeginning(response, MAX_ERROR_BYTES), context);
}

/** `Retry-After` in milliseconds: seconds or an HTTP date (RFC 9110, 10.2.3). */
export function retryAfterMs(header: string | null, now: Date): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime());
}

function locationOf(response: HttpResponse): string | undefined {
  const target = redirectTarget(response);
  if (target === undefined) return undefined;
  target.username = '';
  target.password = '';
  return target.href;
}

function jsonOf(body: string): unknown {
  try {
    return parseJson(body);
  } catch {
    return undefined;
  }
}

function rpcErrorOf(json: unknown): SaidError | undefined {
  const error = isObject(json) ? json['error'] : undefined;
  if (!isObject(json) || !isObject(error) || typeof error['code'] !== 'number') return undefined;
  return {
    id: json['id'],
    code: error['code'],
    message: String(error['message'] ?? ''),
    whole: error,
  };
}

/** The words in a JSON body that is no JSON-RPC, under the names that HTTP APIs use (RFC 6749, 5.2; RFC 9457). */
function saidIn(json: unknown): string {
  if (!isObject(json)) return '';
  const inner = isObject(json['error']) ? json['error'] : json;
  for (const name of ['error_description', 'message', 'detail', 'title', 'error'])
    if (typeof inner[name] === 'string' && inner[name] !== '') return inner[name];
  return '';
}
