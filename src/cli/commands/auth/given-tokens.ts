import { UsageError } from '../../../errors.ts';
import { parseJson } from '../../../lib/json/exact-json.ts';
import { isObject, type JsonObject } from '../../../lib/json/json.ts';
import type { Authorized } from '../../../mcp/auth/login/authorize.ts';
import { plainUrl } from '../../../mcp/auth/login/discover.ts';
import type { ClientMethod } from '../../../mcp/auth/record.ts';
import { expiryOf } from '../../../mcp/auth/usable-token.ts';

/**
 * Tokens from a vault: an access token alone, or a JSON object, as token endpoints answer (RFC 6749, 5.1), with `token_endpoint`, `client_id` and the like
 * where they are to be refreshed. Error: UsageError, which quotes nothing of it.
 */
export function givenTokens(text: string, serverUrl: string, now: Date): Authorized {
  const trimmed = text.trim();
  const given = trimmed.startsWith('{') ? objectIn(trimmed) : { access_token: trimmed };
  const accessToken = textIn(given, 'access_token');
  if (accessToken === undefined || !/^[\x21-\x7e]+$/.test(accessToken))
    throw wrong('there is no access token in it');
  const refreshToken = textIn(given, 'refresh_token');
  const clientId = textIn(given, 'client_id');
  const secret = textIn(given, 'client_secret');
  const tokenEndpoint = textIn(given, 'token_endpoint');
  if (refreshToken !== undefined && (clientId === undefined || tokenEndpoint === undefined))
    throw wrong('a refresh token needs its client_id and the URL of its token_endpoint beside it');
  if (tokenEndpoint !== undefined && !URL.canParse(tokenEndpoint)) throw wrong('token_endpoint is no URL');
  const method =
    textIn(given, 'token_endpoint_auth_method') ?? (secret === undefined ? 'none' : 'client_secret_basic');
  if (!isMethod(method)) throw wrong('token_endpoint_auth_method is none that is known here');
  return {
    record: {
      schema_version: 1,
      url: plainUrl(serverUrl),
      resource: textIn(given, 'resource') ?? null,
      issuer: textIn(given, 'issuer') ?? null,
      token_endpoint: tokenEndpoint ?? null,
      revocation_endpoint: textIn(given, 'revocation_endpoint') ?? null,
      grant: 'given',
      client: clientId === undefined ? null : { client_id: clientId, method, from: 'given' },
      account: null,
      scope: textIn(given, 'scope') ?? null,
      obtained_at: now.toISOString(),
      expires_at: expiryIn(given, now),
    },
    secrets: {
      access_token: accessToken,
      ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
      ...(secret === undefined ? {} : { client_secret: secret }),
    },
  };
}

function objectIn(text: string): JsonObject {
  try {
    const value = parseJson(text);
    if (isObject(value)) return value;
  } catch {
    // Told without the parser's words: they quote it.
  }
  throw wrong('it is no JSON object');
}

/** `expires_at` as a time, else `expires_in` as seconds from now. */
function expiryIn(given: JsonObject, now: Date): string | null {
  const { expires_at: at, expires_in: seconds } = given;
  if (at !== undefined && at !== null) {
    // Seconds since 1970, where it is a number.
    const time = typeof at === 'number' ? at * 1000 : Date.parse(String(at));
    if (!Number.isFinite(time) || Math.abs(time) > 8.64e15) throw wrong('expires_at is no time');
    return new Date(time).toISOString();
  }
  if (seconds === undefined || seconds === null) return null;
  if (!Number.isFinite(Number(seconds))) throw wrong('expires_in is no number of seconds');
  return expiryOf(Number(seconds), now);
}

function textIn(given: JsonObject, name: string): string | undefined {
  const value = given[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw wrong(`${name} is no text`);
  return value === '' ? undefined : value;
}

function isMethod(text: string): text is ClientMethod {
  return ['none', 'client_secret_basic', 'client_secret_post'].includes(text);
}

function wrong(what: string): UsageError {
  return new UsageError(`stdin has no tokens that can be used: ${what}`, {
    hint: 'give an access token, or JSON: {"access_token", "refresh_token", "expires_at", "client_id", "token_endpoint"}',
  });
}
