import { ConfigError } from '../../errors.ts';
import { parseJson, stringifyJson } from '../../lib/json/exact-json.ts';
import { openSealed, sealText } from '../../lib/sealing.ts';
import { type AuthRecord, type AuthSecrets, isSecrets } from './record.ts';

/** What the secrets are sealed for: in another login's file they cannot be opened. */
function purposeOf({ id, issuer, resource, url, client }: AuthRecord): string {
  return stringifyJson([id, issuer, resource, url, client?.client_id ?? null]);
}

/** The secrets as the file has them (`sealed`). The key has 32 bytes. */
export function seal(record: AuthRecord, secrets: AuthSecrets, key: Buffer): string {
  return sealText(stringifyJson(secrets), key, purposeOf(record)).toString('base64url');
}

/** Error: ConfigError where they were changed, or sealed for another login or with another key. */
export function unseal(record: AuthRecord, key: Buffer): AuthSecrets {
  const text = openSealed(Buffer.from(record.sealed ?? '', 'base64url'), key, purposeOf(record));
  const secrets: unknown = text === undefined ? undefined : parseJson(text);
  if (isSecrets(secrets)) return secrets;
  throw new ConfigError('the stored login does not fit the key in the keyring', {
    code: 'damaged_login',
    hint: 'log in again, which replaces it: mcp2cli auth login INSTANCE',
  });
}
