import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { UsageError } from '../../errors.ts';
import { ioFailure } from '../../lib/disk/io-failure.ts';
import { parseJson } from '../../lib/json/exact-json.ts';
import { isObject } from '../../lib/json/json.ts';
import { decodeText } from '../../lib/text/text.ts';

/** What the Web Crypto API calls each algorithm of RFC 7518 that a client may sign its assertion with. */
const ALGORITHMS: Readonly<Record<string, RsaHashedImportParams | EcKeyImportParams | { name: string }>> = {
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  RS384: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-384' },
  RS512: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-512' },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256' },
  PS384: { name: 'RSA-PSS', hash: 'SHA-384' },
  PS512: { name: 'RSA-PSS', hash: 'SHA-512' },
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  ES384: { name: 'ECDSA', namedCurve: 'P-384' },
  ES512: { name: 'ECDSA', namedCurve: 'P-521' },
  EdDSA: { name: 'Ed25519' },
};

type RsaHashedImportParams = { name: string; hash: string };
type EcKeyImportParams = { name: string; namedCurve: string };
type CryptoKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** The private key in a file, PEM or JWK, ready to sign with the algorithm that is named, or else the usual one of its kind. Errors: UsageError, IoError. */
export async function readPrivateKey(path: string, alg: string | undefined): Promise<CryptoKey> {
  let text: string;
  try {
    text = decodeText(readFileSync(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new UsageError(`no such file: ${path}`, {
        hint: 'give the file of the private key: --private-key FILE',
      });
    throw ioFailure(error, 'read', path);
  }
  const name = alg ?? usualAlgorithm(keyIn(text, path));
  const params = name === undefined ? undefined : ALGORITHMS[name];
  if (!params)
    throw new UsageError(`no algorithm to sign with: ${name ?? `the key in ${path} is of an unknown kind`}`, {
      hint: `name one: --alg ${Object.keys(ALGORITHMS).join('|')}`,
    });
  const der = keyIn(text, path).export({ type: 'pkcs8', format: 'der' });
  try {
    return await crypto.subtle.importKey('pkcs8', der, params, false, ['sign']);
  } catch {
    throw new UsageError(`the key in ${path} does not go with ${name}`, {
      hint: 'name the algorithm that the authorization server has for it: --alg ALGORITHM',
    });
  }
}

/** Without the library's words in its error: they may quote the file. */
function keyIn(text: string, path: string): KeyObject {
  try {
    const jwk = text.trimStart().startsWith('{') ? parseJson(text) : undefined;
    return createPrivateKey(isObject(jwk) ? { key: jwk as never, format: 'jwk' } : text);
  } catch {
    throw new UsageError(`no private key that can be read: ${path}`, {
      hint: 'it must be PEM (-----BEGIN PRIVATE KEY-----) without a passphrase, or a JWK',
    });
  }
}

function usualAlgorithm({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string | undefined {
  if (asymmetricKeyType === 'rsa') return 'RS256';
  if (asymmetricKeyType === 'rsa-pss') return 'PS256';
  if (asymmetricKeyType === 'ed25519') return 'EdDSA';
  const curves: Record<string, string> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };
  return curves[asymmetricKeyDetails?.namedCurve ?? ''];
}
