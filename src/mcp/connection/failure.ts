import { AuthError, CliError, RpcError, SessionGoneError, UnreachableError } from '../../errors.ts';
import { cutMember, cutText } from '../../lib/caps.ts';
import { bearerChallenge, unitedScopes } from '../auth/challenge.ts';
import { BadAnswer } from '../http/errors/bad-answer.ts';
import { FetchError } from '../http/errors/fetch-error.ts';
import { firstLine } from '../http/errors/first-line.ts';
import { HttpError } from '../http/errors/http-error.ts';
import { tlsFailure } from '../http/errors/tls-failure.ts';
import { type Scrub, scrubValue } from './scrub.ts';

export interface FailureContext {
  /** What the person knows the server by. */
  name: string;
  /** Takes out of the server's words what the person gave it as a secret. */
  scrub: Scrub;
  /** What was sent to say who is there: what is configured, a login, or nothing. */
  credentials?: () => 'configured' | 'none' | { scope: string | null };
}

/** What to look at when the answer is of something else. */
export const ENDPOINT = 'is this the URL of an MCP endpoint (often it ends in /mcp)?';

/** What to look at when there was no connection, by the system's word for it. */
const CHECKS: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there: is the server running, and are host and port right?',
  ENOTFOUND: 'no such host: is its name right, and is there a network?',
  EAI_AGAIN: 'no name server answers: is there a network?',
  ECONNRESET:
    'the connection was cut: is its URL https:// and not http://, and does a firewall let it through?',
  ETIMEDOUT: 'nothing answers there: are host and port right, and does a firewall let it through?',
  EHOSTUNREACH: 'no way leads there: is there a network, or is a VPN missing?',
  ENETUNREACH: 'no way leads there: is there a network, or is a VPN missing?',
};

/** What to look at for a word of the system, or of Node's reader of HTTP (`HPE_...`). */
function checkFor(code: string | undefined): string | undefined {
  if (code?.startsWith('HPE_')) return 'what answers there speaks no HTTP: are host and port right?';
  return CHECKS[code ?? ''];
}

/**
 * Turns what a transport throws into the program's own errors, by type and status, never by matching message texts.
 * Whatever leaves the outcome of the request open says so with `maybeSent`.
 */
export function classifyFailure(error: unknown, context: FailureContext): CliError {
  // What knows already how it is told, a proxy's refusal for one, may stand inside what a transport made of it.
  const told = findCause(error, (e): e is CliError => e instanceof CliError);
  if (told) return told;
  const { name, scrub } = context;
  const http = findCause(error, (e): e is HttpError => e instanceof HttpError);
  if (http) return classifyStatus(http, context);
  const bad = findCause(error, (e): e is BadAnswer => e instanceof BadAnswer);
  // Without the error as its cause: that one has the server's words as they came.
  if (bad)
    return new UnreachableError(`${name} ${bad.told(scrub)}`, {
      maybeSent: true,
      hint: bad.isWebPage ? `that is a web page; ${ENDPOINT}` : undefined,
    });
  const fetchError = findCause(error, (e): e is FetchError => e instanceof FetchError);
  const tls = tlsFailure(fetchError?.cause, context.name);
  if (tls)
    return new UnreachableError(`cannot reach ${context.name}: ${tls.what}`, {
      cause: error,
      hint: tls.hint,
    });
  if (fetchError)
    return new UnreachableError(`cannot reach ${name}: ${fetchError.message}`, {
      cause: error,
      maybeSent: fetchError.maybeSent,
      hint: checkFor(fetchError.code),
    });
  const message = error instanceof Error ? error.message : String(error);
  return new UnreachableError(`cannot reach ${name}: ${message}`, { cause: error, maybeSent: true });
}

/** Without the error as their cause: that one has the server's words as they came, secrets among them. */
function classifyStatus(http: HttpError, { name, scrub, credentials }: FailureContext): CliError {
  const { status, rpc } = http;
  const words = firstLine(scrub(http.words));
  const said = words === '' ? '' : `: ${words}`;
  // An error under the id of the request is the answer to it: its status says no more than that.
  const isAnswer = rpc !== undefined && rpc.id !== null && rpc.id !== undefined;
  if (status === 401 || (status === 403 && !(isAnswer && http.challenge === undefined))) {
    const what = status === 401 ? 'requires authentication' : 'refuses access';
    return refusal(`${name} ${what} (HTTP ${status})${said}`, http, credentials?.() ?? 'none');
  }
  if (http.inSession && (status === 404 || (status === 400 && rpc?.code === -32000)))
    return new SessionGoneError(`${name} no longer knows the session (HTTP ${status})${said}`, { status });
  if (rpc && status < 500 && status !== 429)
    return new RpcError(
      rpc.code,
      cutText(scrub(rpc.message)),
      cutMember(scrubValue(rpc.whole, scrub) as object, 'data'),
    );
  const reason = http.statusText ? ` ${scrub(http.statusText)}` : '';
  if (status === 429 || status >= 500) {
    return new UnreachableError(`${name} answered HTTP ${status}${reason}${said}`, {
      status,
      hint:
        http.retryAfterMs === undefined
          ? status === 502 || status === 504
            ? 'a gateway answered in place of the server: is the server behind it running?'
            : undefined
          : `the server asks to wait ${inWords(http.retryAfterMs)} before the next try`,
      // A gateway's 502 or 504 says nothing about what became of the request behind it.
      maybeSent: status !== 429 && status !== 503,
      retryAfterMs: http.retryAfterMs,
    });
  }
  if (status >= 300 && status < 400)
    return new UnreachableError(
      `${name} answered HTTP ${status}${reason}${http.location === undefined ? said : `: it redirects to ${scrub(http.location)}`}`,
      {
        status,
        hint:
          http.location === undefined
            ? undefined
            : 'a redirect to another place is not followed; if the server has moved, change its URL (instances add NAME URL --force)',
      },
    );
  return new UnreachableError(`${name} answered HTTP ${status}${said === '' ? reason : said}`, {
    status,
    hint: status === 404 || status === 405 ? ENDPOINT : undefined,
  });
}

/** What may be done about a refusal: by a login, or by mending what is configured. */
function refusal(
  message: string,
  { status, challenge: header }: HttpError,
  credentials: ReturnType<NonNullable<FailureContext['credentials']>>,
): AuthError {
  if (status !== 401 && header === undefined) return new AuthError(message);
  if (credentials === 'configured')
    return new AuthError(message, {
      hint: 'check the credentials that are configured (an Authorization header, or a user in the URL)',
    });
  const { scope: wanted, resourceMetadata } = bearerChallenge(header) ?? {};
  const login = typeof credentials === 'string' ? undefined : credentials;
  const again = login !== undefined;
  if (status === 401) return new AuthError(message, { login: { again, scope: wanted, resourceMetadata } });
  if (wanted === undefined) return new AuthError(message, { login: { again, resourceMetadata } });
  const scope = unitedScopes(login?.scope, wanted);
  return new AuthError(`${message}; it wants the scope ${firstLine(wanted)}`, {
    login: { again, stepUp: again, scope, resourceMetadata },
  });
}

function inWords(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}

function findCause<T>(error: unknown, is: (e: unknown) => e is T): T | undefined {
  let at: unknown = error;
  for (let depth = 0; depth < 8 && at instanceof Error; depth++) {
    if (is(at)) return at;
    at = at.cause;
  }
  return undefined;
}
