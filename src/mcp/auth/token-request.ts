/** Requests to an authorization server for a login that exists: refresh, client credentials (RFC 6749, 6 and 4.4), revocation (RFC 7009). */
import * as oauth from 'oauth4webapi';
import { AuthError, CliError, UnreachableError } from '../../errors.ts';
import { scrubberOf } from '../connection/scrub.ts';
import type { Route } from '../proxy/proxy.ts';
import { type AuthFetch, authFetch } from './auth-fetch.ts';
import { readPrivateKey } from './private-key.ts';
import type { AuthClient, AuthRecord, AuthSecrets } from './record.ts';

/** Clocks that differ by more than this make assertions that are not taken, in milliseconds. */
const BEARABLE_SKEW_MS = 20_000;

export interface RequestContext {
  /** What the person calls the instance. */
  name: string;
  route: Route;
  now: () => Date;
  signal?: AbortSignal | undefined;
}

/** What a token endpoint gave (RFC 6749, 5.1). */
export interface Granted {
  access_token: string;
  refresh_token: string | undefined;
  scope: string | undefined;
  /** Seconds from now. */
  expires_in: number | undefined;
}

/**
 * New tokens for a login. Errors: UnreachableError where the server does not answer, or answers with anything but tokens or a refusal; AuthError where
 * it refuses for good (`invalid_grant`, and a client that it does not know any more).
 */
export async function renewTokens(
  record: AuthRecord,
  secrets: AuthSecrets,
  context: RequestContext,
): Promise<Granted> {
  const { resource, grant, scope } = record;
  const where = resource === null ? {} : { resource };
  const send = authFetch(context.route, context.now, context.signal);
  const { refresh_token } = secrets;
  return asking(record, secrets, context, send, async (server, client, auth, options) => {
    if (grant === 'client_credentials') {
      const parameters = { ...where, ...(scope === null ? {} : { scope }) };
      const answer = await oauth.clientCredentialsGrantRequest(server, client, auth, parameters, options);
      return granted(await oauth.processClientCredentialsResponse(server, client, answer));
    }
    const more = { ...options, additionalParameters: where };
    const answer = await oauth.refreshTokenGrantRequest(server, client, auth, refresh_token ?? '', more);
    return granted(await oauth.processRefreshTokenResponse(server, client, await withoutIdToken(answer)));
  });
}

/** Tells the server that a token is not used any more. False where it has no way to be told. Errors: as `renewTokens`. */
export async function revokeToken(
  record: AuthRecord,
  secrets: AuthSecrets,
  token: string,
  kind: 'access_token' | 'refresh_token',
  context: RequestContext,
): Promise<boolean> {
  if (record.revocation_endpoint === null || record.client === null) return false;
  const send = authFetch(context.route, context.now, context.signal);
  return asking(record, secrets, context, send, async (server, client, auth, options) => {
    const more = { ...options, additionalParameters: { token_type_hint: kind } };
    await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, auth, token, more));
    return true;
  });
}

type Ask<T> = (
  server: oauth.AuthorizationServer,
  client: oauth.Client,
  auth: oauth.ClientAuth,
  options: { [oauth.customFetch]: AuthFetch; [oauth.allowInsecureRequests]: boolean },
) => Promise<T>;

/** Asks; once more with the server's own time where a signed assertion was refused and the clocks differ. */
async function asking<T>(
  record: AuthRecord,
  secrets: AuthSecrets,
  context: RequestContext,
  send: AuthFetch,
  ask: Ask<T>,
): Promise<T> {
  const { client } = record;
  const scrub = scrubberOf(Object.values(secrets).filter((one) => typeof one === 'string'));
  if (client === null || record.token_endpoint === null)
    throw new AuthError(`the login of ${context.name} has no client that could ask for tokens`, {
      login: { again: true },
    });
  const server: oauth.AuthorizationServer = {
    issuer: record.issuer ?? record.token_endpoint,
    token_endpoint: record.token_endpoint,
    ...(record.revocation_endpoint === null ? {} : { revocation_endpoint: record.revocation_endpoint }),
  };
  const auth = await clientAuth(client, secrets);
  const options = {
    [oauth.customFetch]: send,
    [oauth.allowInsecureRequests]: isLoopback(record.token_endpoint),
  };
  const attempt = (skewMs: number) =>
    ask(
      server,
      { client_id: client.client_id, [oauth.clockSkew]: Math.round(skewMs / 1000) },
      auth,
      options as Parameters<Ask<T>>[3],
    );
  try {
    return await attempt(0);
  } catch (error) {
    const skewMs = send.last?.skewMs ?? 0;
    const signed = client.method === 'private_key_jwt' && error instanceof oauth.ResponseBodyError;
    const again =
      signed && Math.abs(skewMs) > BEARABLE_SKEW_MS
        ? await attempt(skewMs).catch(failureOf)
        : failureOf(error);
    if (!(again instanceof Failure)) return again;
    throw told(again.error, context.name, send, scrub);
  }
}

class Failure {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}
const failureOf = (error: unknown) => new Failure(error);

/** RFC 6749, 5.2: what another try does not change. */
const FOR_GOOD: Readonly<Record<string, string>> = {
  invalid_grant: 'its login has ended',
  invalid_client: 'its authorization server does not know the client of the login',
  unauthorized_client: 'its authorization server does not let the client of the login ask for tokens',
};

function told(error: unknown, name: string, send: AuthFetch, scrub: (text: string) => string): unknown {
  if (error instanceof CliError) return error;
  const { last } = send;
  const host = last?.host ?? 'its authorization server';
  if (error instanceof oauth.ResponseBodyError && error.status < 500 && error.status !== 429) {
    const said = scrub([error.error, error.error_description].filter(Boolean).join(': '));
    const why = FOR_GOOD[error.error];
    if (why !== undefined)
      return new AuthError(`${name} requires a new login: ${why} (${host} says ${said})`, {
        login: { again: true },
      });
    return new UnreachableError(`no new token for ${name}: ${host} answered HTTP ${error.status}: ${said}`, {
      status: error.status,
    });
  }
  if (last && (last.status < 200 || last.status >= 300))
    return new UnreachableError(`no new token for ${name}: ${host} answered HTTP ${last.status}`, {
      status: last.status,
      retryAfterMs: last.retryAfterMs,
    });
  const why = error instanceof Error ? error.message : String(error);
  return new UnreachableError(`no new token for ${name}: ${host} answered with no tokens: ${scrub(why)}`, {
    maybeSent: true,
  });
}

/** As the SDK does it when it logs in: what it was registered with is refreshed with. */
async function clientAuth(client: AuthClient, secrets: AuthSecrets): Promise<oauth.ClientAuth> {
  const { client_secret: secret = '' } = secrets;
  switch (client.method) {
    case 'private_key_jwt':
      return oauth.PrivateKeyJwt(await readPrivateKey(client.private_key ?? '', client.alg));
    case 'client_secret_basic':
      return (_server, { client_id }, _body, headers) => {
        const pair = Buffer.from(`${client_id}:${secret}`, 'utf8').toString('base64');
        headers.set('authorization', `Basic ${pair}`);
      };
    case 'client_secret_post':
      return oauth.ClientSecretPost(secret);
    case 'none':
      return oauth.None();
  }
}

/** Nothing here is about who the person is, and the library would refuse an ID token of a server whose clock is off. */
async function withoutIdToken(response: Response): Promise<Response> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  if (typeof body !== 'object' || body === null || !('id_token' in body)) return response;
  const { id_token: _, ...rest } = body;
  return Response.json(rest, { status: response.status, headers: { 'content-type': 'application/json' } });
}

function granted(answer: oauth.TokenEndpointResponse): Granted {
  return {
    access_token: answer.access_token,
    refresh_token: answer.refresh_token,
    scope: answer.scope,
    expires_in: answer.expires_in,
  };
}

/** Where a token may be asked for without TLS (RFC 8252, 8.3). */
export function isLoopback(url: string): boolean {
  return ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname);
}
