/** Certificates for tests, made when they are needed: X.509 v3 (RFC 5280) in DER, signed with ECDSA on P-256. */
import { createSign, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';

export interface Certificate {
  /** PEM. */
  cert: string;
  key: string;
}

export interface Authority extends Certificate {
  /** A server's certificate for host names and addresses. `days` counts from a day ago: a negative number has expired. */
  issue(hosts: readonly string[], days?: number): Certificate;
}

/** A certificate authority of its own, which nobody trusts who is not told to. */
export function authority(name = 'Test Authority'): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const cert = certificate({
    subject: name,
    issuer: name,
    subjectKey: keys.publicKey,
    issuerKey: keys.privateKey,
    days: 30,
    extensions: [
      // basicConstraints: CA
      extension('551d13', sequence(Buffer.from([0x01, 0x01, 0xff])), true),
      // keyUsage: keyCertSign
      extension('551d0f', Buffer.from([0x03, 0x02, 0x02, 0x04]), true),
    ],
  });
  return {
    cert,
    key: pem(keys.privateKey),
    issue(hosts, days = 30) {
      const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return {
        key: pem(own.privateKey),
        cert: certificate({
          subject: hosts[0] ?? 'server',
          issuer: name,
          subjectKey: own.publicKey,
          issuerKey: keys.privateKey,
          days,
          extensions: [subjectNames(hosts)],
        }),
      };
    },
  };
}

/** A server's certificate that vouches for itself. */
export function selfSigned(hosts: readonly string[]): Certificate {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    key: pem(keys.privateKey),
    cert: certificate({
      subject: hosts[0] ?? 'server',
      issuer: hosts[0] ?? 'server',
      subjectKey: keys.publicKey,
      issuerKey: keys.privateKey,
      days: 30,
      extensions: [subjectNames(hosts)],
    }),
  };
}

interface Parts {
  subject: string;
  issuer: string;
  subjectKey: KeyObject;
  issuerKey: KeyObject;
  days: number;
  extensions: Buffer[];
}

const DAY = 86_400_000;

function certificate({ subject, issuer, subjectKey, issuerKey, days, extensions }: Parts): string {
  // ecdsa-with-SHA256
  const algorithm = sequence(oid('2a8648ce3d040302'));
  const begin = Date.now() - (days < 0 ? 60 * DAY : DAY);
  const body = sequence(
    tlv(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    algorithm,
    nameOf(issuer),
    sequence(time(begin), time(Date.now() + days * DAY)),
    nameOf(subject),
    subjectKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensions)),
  );
  const signature = createSign('SHA256').update(body).sign(issuerKey);
  const whole = sequence(body, algorithm, tlv(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** subjectAltName: host names and IPv4 addresses. */
function subjectNames(hosts: readonly string[]): Buffer {
  const names = hosts.map((host) =>
    isIP(host) === 4
      ? tlv(0x87, Buffer.from(host.split('.').map(Number)))
      : tlv(0x82, Buffer.from(host, 'ascii')),
  );
  return extension('551d11', sequence(...names));
}

function pem(key: KeyObject): string {
  return String(key.export({ type: 'pkcs8', format: 'pem' }));
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  const mark = critical ? [Buffer.from([0x01, 0x01, 0xff])] : [];
  return sequence(oid(id), ...mark, tlv(0x04, value));
}

/** A name of one part, the common name. */
function nameOf(text: string): Buffer {
  return sequence(tlv(0x31, sequence(oid('550403'), tlv(0x0c, Buffer.from(text, 'utf8')))));
}

/** UTCTime. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/\D/g, '').slice(2, 14);
  return tlv(0x17, Buffer.from(`${digits}Z`, 'ascii'));
}

function integer(bytes: Buffer): Buffer {
  return tlv(0x02, bytes);
}

function oid(hex: string): Buffer {
  return tlv(0x06, Buffer.from(hex, 'hex'));
}

function sequence(...parts: Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

function tlv(tag: number, value: Buffer): Buffer {
  const { length } = value;
  const head =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), value]);
}
