import { IssuerMismatchError, OAuthError, RegistrationRejectedError } from '@modelcontextprotocol/client';
import { AuthError, CliError, UnreachableError } from '../../../errors.ts';
import type { AuthFetch } from '../auth-fetch.ts';

/** What went wrong with a login as an error that a person sees: whose fault it is, and what can be done. */
export function loginError(error: unknown, name: string, fetch: AuthFetch): unknown {
  if (error instanceof CliError) return error;
  // The reason of an abort, and a defect of ours.
  if (!(error instanceof Error) || error.name === 'AbortError' || error instanceof TypeError) return error;
  const { last, failure } = fetch;
  if (error instanceof RegistrationRejectedError || /registration/i.test(error.message))
    return new AuthError(
      `no login to ${name}: its authorization server registers no clients: ${firstSentence(error)}`,
      {
        hint: 'register a client there, and name it: mcp2cli auth login INSTANCE --client-id ID [--client-secret-env VAR]',
      },
    );
  if (error instanceof IssuerMismatchError)
    return new AuthError(
      `no login to ${name}: its authorization server is not who it must be: ${firstSentence(error)}`,
    );
  if (error instanceof OAuthError && !(last && last.status >= 500)) {
    const said = error.message === error.code ? error.code : `${error.code}: ${error.message}`;
    return new AuthError(`no login to ${name}: ${firstSentence(said)}`);
  }
  if (failure && last === undefined) return failure;
  if (last && (last.status >= 500 || last.status === 429))
    return new UnreachableError(`no login to ${name}: ${last.host} answered HTTP ${last.status}`, {
      status: last.status,
      retryAfterMs: last.retryAfterMs,
    });
  return new AuthError(`no login to ${name}: ${firstSentence(error)}`);
}

/** Messages of the SDK have what the server said in them, of any length. */
function firstSentence(error: Error | string): string {
  const text = typeof error === 'string' ? error : error.message;
  const line = text.split('\n', 1)[0] ?? '';
  return line.length > 300 ? `${line.slice(0, 300)}...` : line;
}
