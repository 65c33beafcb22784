/** A TLS handshake that failed, in plain words. */

export interface TlsFailure {
  what: string;
  hint: string;
}

/** `{name}` stands for the instance. */
const TRUST =
  'for a private authority: mcp2cli instances set {name} ca FILE.pem, or NODE_EXTRA_CA_CERTS=FILE.pem for all';
const TRUST_ONCE =
  'for a private authority: NODE_EXTRA_CA_CERTS=FILE.pem; an instance can have one of its own (instances set NAME ca FILE.pem)';
const CLOCK = "check this machine's clock; else whoever runs the server has to renew it";

const FAILURES: Record<string, TlsFailure> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: {
    what: 'its certificate is of an authority that is not known here',
    hint: TRUST,
  },
  UNABLE_TO_GET_ISSUER_CERT: {
    what: 'its certificate is of an authority that is not known here',
    hint: TRUST,
  },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: {
    what: 'its certificate is of an authority that is not known here',
    hint: TRUST,
  },
  SELF_SIGNED_CERT_IN_CHAIN: {
    what: 'its certificate is of an authority that is not trusted here',
    hint: TRUST,
  },
  DEPTH_ZERO_SELF_SIGNED_CERT: {
    what: 'its certificate is signed by itself, and not trusted here',
    hint: TRUST,
  },
  INVALID_CA: { what: 'the authority of its certificate may not issue any', hint: TRUST },
  INVALID_PURPOSE: {
    what: 'its certificate is not for servers',
    hint: 'whoever runs the server has to give it another one',
  },
  CERT_UNTRUSTED: { what: 'its certificate is not trusted here', hint: TRUST },
  CERT_REJECTED: { what: 'its certificate is not trusted here', hint: TRUST },
  CERT_HAS_EXPIRED: { what: 'its certificate has expired', hint: CLOCK },
  CERT_NOT_YET_VALID: { what: 'its certificate is not valid yet', hint: CLOCK },
  CERT_REVOKED: { what: 'its certificate was revoked', hint: 'ask whoever runs the server' },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    what: 'its certificate is for another host',
    hint: 'use the host name in the URL that the certificate is for',
  },
  // What Node 20 makes of all errors of the protocol.
  EPROTO: {
    what: 'it does not speak TLS, or no version that is in use here',
    hint: 'is its URL http:// and not https://?',
  },
  ERR_SSL_WRONG_VERSION_NUMBER: {
    what: 'it does not speak TLS',
    hint: 'is its URL http:// and not https://?',
  },
  ERR_SSL_PACKET_LENGTH_TOO_LONG: {
    what: 'it does not speak TLS',
    hint: 'is its URL http:// and not https://?',
  },
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: {
    what: 'it speaks no version of TLS that is in use here',
    hint: 'it needs TLS 1.2 or later',
  },
};

/** What an error of node:tls means; undefined for any other error. `name` is the instance, for what can be typed. */
export function tlsFailure(error: unknown, name: string): TlsFailure | undefined {
  const { code, cert } = (error ?? {}) as { code?: unknown; cert?: { subjectaltname?: unknown } };
  const known = typeof code === 'string' && Object.hasOwn(FAILURES, code) ? FAILURES[code] : undefined;
  if (!known) return undefined;
  const names = code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? cert?.subjectaltname : undefined;
  // The server chooses these names.
  const told = typeof names === 'string' ? ` (it is for ${names.slice(0, 200)})` : '';
  // A server that is named in the line alone has no settings.
  const hint =
    known.hint === TRUST && name === 'the server' ? TRUST_ONCE : known.hint.replace('{name}', name);
  return { what: `${known.what}${told} (${code})`, hint };
}
