/** Certificate authorities of an instance's own, beside those that Node trusts. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import * as tls from 'node:tls';
import { ConfigError } from '../../errors.ts';
import { decodeText } from '../../lib/text/text.ts';

const CERTIFICATE = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED )?CERTIFICATE-----/g;

/**
 * Every certificate that counts, as the `ca` option of node:tls takes them: it replaces what Node trusts by itself, which is therefore named,
 * too. `where` is the setting, for errors. Error: ConfigError.
 */
export function trustedWith(path: string, where: string): string[] {
  return [...nodesOwn(), ...readAuthorities(path, where)];
}

/** The certificates in a file (PEM). Error: ConfigError that names the setting and the file. */
export function readAuthorities(path: string, where: string): string[] {
  const wrong = (what: string, cause?: unknown) =>
    new ConfigError(`${where}: ${what}: ${path}`, {
      cause,
      hint: 'give the path of a PEM file with the certificates of the authority (-----BEGIN CERTIFICATE-----)',
    });
  if (!isAbsolute(path)) throw wrong('not an absolute path');
  let text: string;
  try {
    text = decodeText(readFileSync(path));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw wrong('no such file', error);
    throw wrong(code === 'EISDIR' ? 'it is a folder' : `cannot be read (${code ?? message})`, error);
  }
  const found = text.match(CERTIFICATE) ?? [];
  if (found.length === 0) throw wrong('no certificate in it');
  for (const [i, one] of found.entries()) {
    try {
      new X509Certificate(one);
    } catch (error) {
      throw wrong(`certificate ${i + 1} in it is damaged`, error);
    }
  }
  return found;
}

/** What Node trusts: its own list, `NODE_EXTRA_CA_CERTS`, and where it is asked to the system's. */
function nodesOwn(): readonly string[] {
  // Node 22.15 and later
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default') => string[] };
  if (getCACertificates) return getCACertificates('default');
  const extra = process.env['NODE_EXTRA_CA_CERTS'];
  if (!extra) return tls.rootCertificates;
  try {
    return [...tls.rootCertificates, ...(decodeText(readFileSync(extra)).match(CERTIFICATE) ?? [])];
  } catch {
    // Node has warned of it.
    return tls.rootCertificates;
  }
}
