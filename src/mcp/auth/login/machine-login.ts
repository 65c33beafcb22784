/** A login of a machine: client credentials (RFC 6749, 4.4), by a secret or a signed assertion (RFC 7523). Nobody is asked. */
import { checkResourceAllowed, selectClientAuthMethod } from '@modelcontextprotocol/client';
import { AuthError } from '../../../errors.ts';
import type { Route } from '../../proxy/proxy.ts';
import { authFetch } from '../auth-fetch.ts';
import type { AuthClient, AuthRecord } from '../record.ts';
import { renewTokens } from '../token-request.ts';
import { expiryOf } from '../usable-token.ts';
import { type Authorized, silenceSdk } from './authorize.ts';
import { discover, placesOf } from './discover.ts';
import { loginError } from './login-error.ts';

export interface MachineLogin {
  name: string;
  serverUrl: string;
  resourceMetadata: string | undefined;
  scope: string | undefined;
  clientId: string;
  proof: { secret: string } | { privateKey: string; alg: string | undefined };
  route: Route;
  now: () => Date;
  signal: AbortSignal;
}

/** Errors: AuthError, UnreachableError, UsageError for a key that cannot be used. */
export async function loginMachine(request: MachineLogin): Promise<Authorized> {
  const { name, serverUrl, clientId, proof, route, now, signal } = request;
  const fetch = authFetch(route, now, signal);
  const restore = silenceSdk();
  try {
    const discovered = await discover(serverUrl, request.resourceMetadata, fetch);
    const { authorizationServerMetadata: metadata, resourceMetadata } = discovered.info;
    const places = placesOf(serverUrl, discovered);
    const { resource } = places;
    if (
      resource !== null &&
      !checkResourceAllowed({ requestedResource: serverUrl, configuredResource: resource })
    )
      throw new AuthError(`no login to ${name}: its metadata is about another resource: ${resource}`);
    const secrets = { access_token: '', ...('secret' in proof ? { client_secret: proof.secret } : {}) };
    const supported = metadata?.token_endpoint_auth_methods_supported ?? [];
    const client: AuthClient = {
      client_id: clientId,
      from: 'given',
      ...('secret' in proof
        ? { method: selectClientAuthMethod({ client_id: clientId, client_secret: proof.secret }, supported) }
        : { method: 'private_key_jwt', private_key: proof.privateKey, alg: proof.alg }),
    };
    const scope = request.scope ?? resourceMetadata?.scopes_supported?.join(' ') ?? null;
    const record: Omit<AuthRecord, 'id' | 'store'> = {
      schema_version: 1,
      ...places,
      grant: 'client_credentials',
      client,
      account: null,
      scope,
      obtained_at: now().toISOString(),
      expires_at: null,
    };
    const granted = await renewTokens({ ...record, id: '', store: 'file' }, secrets, {
      name,
      route,
      now,
      signal,
    });
    const at = now();
    return {
      record: {
        ...record,
        scope: granted.scope ?? scope,
        obtained_at: at.toISOString(),
        expires_at: expiryOf(granted.expires_in, at),
      },
      // A refresh token would be one secret more: a new token can be had at any time (RFC 6749, 4.4.3).
      secrets: { ...secrets, access_token: granted.access_token },
    };
  } catch (error) {
    throw loginError(error, name, fetch);
  } finally {
    restore();
  }
}
