import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { type Address, isLoopback } from './listen-address.ts';

/** Why a request is not let in. */
export interface Refused {
  status: 401 | 403;
  message: string;
}

/**
 * Who may speak to the server. A page in a browser can be led to this machine under a name of its own (DNS rebinding; MCP 2025-11-25, basic/transports,
 * "Security Warning"): on loopback the Host must be a name of this machine, and a page's Origin, too. With a token everybody must send it.
 */
export function gate(
  { host }: Pick<Address, 'host'>,
  token: string | undefined,
): (headers: IncomingHttpHeaders) => Refused | undefined {
  const local = isLoopback(host);
  const wanted = token === undefined ? undefined : digest(token);
  return ({ host: named = '', origin, authorization }) => {
    if (local && !isLoopback(nameOf(named)))
      return { status: 403, message: 'the Host header names another machine' };
    if (origin !== undefined && !isTrusted(origin, named, local))
      return { status: 403, message: 'the Origin header names a page of another site' };
    if (wanted === undefined) return undefined;
    const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    // Both are of one length, and the comparison takes as long wherever they differ.
    if (given !== undefined && timingSafeEqual(digest(given), wanted)) return undefined;
    return { status: 401, message: 'a bearer token is required' };
  };
}

function isTrusted(origin: string, named: string, local: boolean): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host, hostname } = new URL(origin);
  if (protocol !== 'http:' && protocol !== 'https:') return false;
  return host === named || (local && isLoopback(hostname.replace(/^\[|\]$/g, '')));
}

/** A Host header without its port and brackets. */
function nameOf(host: string): string {
  return host
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase();
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
