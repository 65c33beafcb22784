/** Which proxy a URL is reached through: the instance's own, else the one of the environment. */

import { UsageError } from '../../errors.ts';
import { percentDecoded } from '../../lib/text/percent-decoded.ts';
import { isExcluded } from './no-proxy.ts';

export interface HttpProxy {
  protocol: 'http:' | 'https:';
  /** Without brackets. */
  host: string;
  port: number;
  /** HOST:PORT, as messages show it. */
  shown: string;
  /** The value of `Proxy-Authorization`; undefined without credentials in its URL. */
  authorization: string | undefined;
  /** Where it was configured: `HTTP_PROXY`, or `instance work proxy`. */
  source: string;
  /** The instance whose own it is. */
  owner?: string | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Words of an instance's setting for: without a proxy, whatever the environment says. */
const NO_PROXY_WORDS = ['none', 'direct'];

const EXAMPLE = 'for example http://proxy.example.com:3128, or http://USER:PASSWORD@proxy.example.com:3128';

/**
 * The proxy that the environment names for a URL, as curl reads it: `http_proxy` for http, `https_proxy` for https, else `all_proxy`, each in
 * either case, unless `no_proxy` takes the host out. Error: UsageError for a value that is no HTTP proxy.
 */
export function proxyFromEnv(url: URL, env: Env): HttpProxy | undefined {
  const found = [`${url.protocol.slice(0, -1)}_proxy`, 'all_proxy']
    .flatMap((name) => [name, name.toUpperCase()])
    .find((name) => env[name]);
  if (found === undefined) return undefined;
  if (isExcluded(url, env['no_proxy'] || env['NO_PROXY'] || '')) return undefined;
  return parseProxy(env[found] ?? '', found);
}

/**
 * Reads a proxy's URL; `HOST:PORT` alone is `http://`. Undefined for `none` and `direct`. Errors name `source` and never the value, which may
 * have a password in it. Error: UsageError.
 */
export function parseProxy(text: string, source: string, owner?: string): HttpProxy | undefined {
  const given = text.trim();
  if (NO_PROXY_WORDS.includes(given.toLowerCase())) return undefined;
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(given)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https')
    throw new UsageError(`${source}: ${scheme}:// proxies are not supported`, {
      hint: 'give an http:// or https:// proxy, name the host in NO_PROXY, or: mcp2cli instances set NAME proxy none',
    });
  let url: URL;
  try {
    url = new URL(scheme === undefined ? `http://${given}` : given);
  } catch {
    throw new UsageError(`${source}: not the URL of a proxy`, {
      hint: `${EXAMPLE} (special characters of a password are percent-encoded)`,
    });
  }
  const protocol = url.protocol === 'https:' ? 'https:' : 'http:';
  const port = Number(url.port || (protocol === 'https:' ? 443 : 80));
  const user = percentDecoded(url.username);
  const password = percentDecoded(url.password);
  return {
    protocol,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port,
    shown: `${url.hostname}:${port}`,
    authorization:
      user === '' && password === ''
        ? undefined
        : `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
    source,
    owner,
  };
}
