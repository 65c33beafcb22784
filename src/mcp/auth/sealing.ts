import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { ConfigError } from '../../errors.ts';
import { parseJson, stringifyJson } from '../../lib/json/exact-json.ts';
import { type AuthRecord, type AuthSecrets, isSecrets } from './record.ts';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What the secrets are sealed for: in another login's file they cannot be opened. */
function boundTo({ id, issuer, resource, url, client }: AuthRecord): Buffer {
  return Buffer.from(stringifyJson([id, issuer, resource, url, client?.client_id ?? null]), 'utf8');
}

/** The secrets as the file has them (`sealed`). The key has 32 bytes. */
export function seal(record: AuthRecord, secrets: AuthSecrets, key: Buffer): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce);
  cipher.setAAD(boundTo(record));
  const text = Buffer.concat([cipher.update(stringifyJson(secrets), 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url');
}

/** Error: ConfigError where they were changed, or sealed for another login or with another key. */
export function unseal(record: AuthRecord, key: Buffer): AuthSecrets {
  const bytes = Buffer.from(record.sealed ?? '', 'base64url');
  let secrets: unknown;
  try {
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(boundTo(record));
    decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    const text = [decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()];
    secrets = parseJson(Buffer.concat(text).toString('utf8'));
  } catch {
    // Told below, without the words of whatever failed.
  }
  if (isSecrets(secrets)) return secrets;
  throw new ConfigError('the stored login does not fit the key in the keyring', {
    code: 'damaged_login',
    hint: 'log in again, which replaces it: mcp2cli auth login INSTANCE',
  });
}
