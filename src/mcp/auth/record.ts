import { readFileSync } from 'node:fs';
import { ConfigError } from '../../errors.ts';
import { ioFailure } from '../../lib/disk/io-failure.ts';
import { parseJson } from '../../lib/json/exact-json.ts';
import { isObject } from '../../lib/json/json.ts';

/** How a client proves to the authorization server who it is (RFC 8414, `token_endpoint_auth_methods_supported`). */
export type ClientMethod = 'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';

/** The OAuth client that a login was made as. */
export interface AuthClient {
  client_id: string;
  method: ClientMethod;
  /** `given` by the person, named by a `metadata_document` (CIMD), or `registered` by this program (RFC 7591). */
  from: 'given' | 'metadata_document' | 'registered';
  /** The file of the private key, absolute, and the algorithm that it signs with. The key itself is never stored. */
  private_key?: string | undefined;
  alg?: string | undefined;
}

/** What must never be seen; in the file as it stands, or sealed. */
export interface AuthSecrets {
  access_token: string;
  refresh_token?: string | undefined;
  client_secret?: string | undefined;
}

/** `instances/NAME/auth.json`: one login. Times are ISO 8601 UTC. */
export interface AuthRecord {
  schema_version: 1;
  /** Of this login: a refresh that ends after another login was made must not replace it. Names the key in the keyring, too. */
  id: string;
  /** The server that the login was for: origin and path. */
  url: string;
  /** The resource that the tokens are for, as the server spells it (RFC 8707); null where it names none. */
  resource: string | null;
  issuer: string | null;
  token_endpoint: string | null;
  revocation_endpoint: string | null;
  grant: 'authorization_code' | 'client_credentials' | 'given';
  client: AuthClient | null;
  /** What the server said about the person, if it did. */
  account: string | null;
  /** Separated by spaces (RFC 6749, 3.3). */
  scope: string | null;
  obtained_at: string;
  /** Null where the server does not say. */
  expires_at: string | null;
  /** A process has begun to refresh the tokens, and has not written what came of it. */
  refreshing_since?: string | undefined;
  /** A new access token can be had without the person. Written with the secrets, which may be sealed. */
  renewable?: boolean | undefined;
  store: 'file' | 'keyring';
  /** Where `store` is `file`. */
  secrets?: AuthSecrets | undefined;
  /** Where `store` is `keyring`: the secrets, by AES-256-GCM, in base64url: 12 bytes of nonce, 16 of tag, the text. */
  sealed?: string | undefined;
}

const VERSION = 1;

/** The login in a file; undefined without one. Errors: ConfigError for a file that is damaged or of a newer version, IoError. */
export function readAuth(path: string): AuthRecord | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw ioFailure(error, 'read', path);
  }
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    // Without the parser's words: they quote the file.
    throw damaged(path, 'it is no JSON');
  }
  if (isObject(value) && typeof value['schema_version'] === 'number' && value['schema_version'] > VERSION)
    throw new ConfigError(`the login was written by a newer version of mcp2cli: ${path}`, {
      code: 'newer_login',
      hint: 'use that version, or log in again with this one: mcp2cli auth login INSTANCE',
      details: { path },
    });
  if (!isAuthRecord(value)) throw damaged(path, 'parts of it are missing');
  return value;
}

/** The same where a damaged login is as good as none; `onDamaged` hears of it. Error: IoError. */
export function readableAuth(
  path: string,
  onDamaged: (error: ConfigError) => void = () => {},
): AuthRecord | undefined {
  try {
    return readAuth(path);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    onDamaged(error);
    return undefined;
  }
}

function damaged(path: string, why: string): ConfigError {
  return new ConfigError(`the login cannot be read: ${why}: ${path}`, {
    code: 'damaged_login',
    hint: 'log in again, which replaces it: mcp2cli auth login INSTANCE',
    details: { path },
  });
}

function isAuthRecord(value: unknown): value is AuthRecord {
  if (!isObject(value)) return false;
  const texts = ['id', 'url', 'grant', 'obtained_at', 'store'];
  const nullable = ['resource', 'issuer', 'token_endpoint', 'expires_at', 'scope'];
  const { secrets, sealed, client } = value;
  return (
    value['schema_version'] === VERSION &&
    texts.every((name) => typeof value[name] === 'string') &&
    nullable.every((name) => value[name] === null || typeof value[name] === 'string') &&
    (client === null || (isObject(client) && typeof client['client_id'] === 'string')) &&
    (value['store'] === 'keyring' ? typeof sealed === 'string' : isSecrets(secrets))
  );
}

export function isSecrets(value: unknown): value is AuthSecrets {
  return isObject(value) && typeof value['access_token'] === 'string';
}

/** A token is taken for expired this long before it is, in milliseconds: it has to travel, and clocks differ. */
export const SKEW_MS = 60_000;

/** Whether the access token can be used for a while yet. One without a time is used until the server refuses it. */
export function isFresh({ expires_at }: AuthRecord, now: Date, skewMs = SKEW_MS): boolean {
  return expires_at === null || !(Date.parse(expires_at) - skewMs <= now.getTime());
}

/**
 * Whether the tokens of a login are meant for the server at a URL: it is the one that the person logged in to, or lies below the resource that the
 * tokens are for (RFC 8707). An instance that was moved to another server must not hand the token of the first to the second.
 */
export function isFor({ url, resource }: AuthRecord, server: string): boolean {
  const target = new URL(server);
  return [url, resource].some((one) => {
    if (one === null || !URL.canParse(one)) return false;
    const { origin, pathname } = new URL(one);
    const folder = pathname.endsWith('/') ? pathname : `${pathname}/`;
    return target.origin === origin && `${target.pathname}/`.startsWith(folder);
  });
}
