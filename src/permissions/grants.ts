import type { AccessSettings } from '../config/settings/permission-settings.ts';
import { isObject } from '../lib/json/json.ts';
import type { Grants } from './rules.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The roles and scopes of an instance's user, each once: from the configuration, from MCP2CLI_ROLES and MCP2CLI_SCOPES, and what a token grants. */
export function grantsOf(
  { roles, scopes }: Pick<AccessSettings, 'roles' | 'scopes'>,
  env: Environment,
  token: Grants = { roles: [], scopes: [] },
): Grants {
  return {
    roles: [...new Set([...roles, ...listed(env['MCP2CLI_ROLES']), ...token.roles])],
    scopes: [...new Set([...scopes, ...listed(env['MCP2CLI_SCOPES']), ...token.scopes])],
  };
}

/**
 * What an `Authorization: Bearer` header with a JWT grants (RFC 9068, RFC 8693 4.2, and the claims of common servers); otherwise nothing. The
 * token is the user's own: it is read, and verified by nobody but the server.
 */
export function tokenGrants(authorization: string | undefined): Grants {
  const [, payload] = /^Bearer +[\w-]+\.([\w-]+)\.[\w-]*$/i.exec(authorization?.trim() ?? '') ?? [];
  const claims = payload === undefined ? {} : objectOf(payload);
  const realm = claims['realm_access'];
  return {
    roles: [...texts(claims['roles']), ...(isObject(realm) ? texts(realm['roles']) : [])],
    scopes: [claims['scope'], claims['scp']].flatMap((claim) =>
      typeof claim === 'string' ? claim.split(' ').filter(Boolean) : texts(claim),
    ),
  };
}

function objectOf(payload: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function listed(text: string | undefined): string[] {
  return text?.split(/[\s,]+/).filter(Boolean) ?? [];
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string' && one !== '') : [];
}
