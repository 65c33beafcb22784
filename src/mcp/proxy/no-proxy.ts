import { BlockList, isIP } from 'node:net';

/**
 * Whether `NO_PROXY` takes a host out. Entries are separated by commas or spaces:
 *
 *   *                                everything
 *   example.com, .example.com        the domain and everything below it
 *   10.1.2.3, ::1, [::1]             an address
 *   10.0.0.0/8, fd00::/8             a network, for hosts that are given as addresses (names are not resolved)
 *
 * All but `*` and networks may end in `:PORT`; without one they count for every port.
 */
export function isExcluded(url: URL, list: string): boolean {
  const host = plainHost(url.hostname);
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return list.split(/[\s,]+/).some((entry) => entry !== '' && covers(entry.toLowerCase(), host, port));
}

function covers(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return inNetwork(entry, host);
  const [name, wantedPort] = parted(entry);
  if (wantedPort !== undefined && wantedPort !== port) return false;
  if (isIP(name) > 0) return isIP(host) > 0 && inNetwork(`${name}/${isIP(name) === 4 ? 32 : 128}`, host);
  const domain = plainHost(name.replace(/^\*?\./, ''));
  return domain !== '' && (host === domain || (isIP(host) === 0 && host.endsWith(`.${domain}`)));
}

/** `HOST:PORT` in its parts; an IPv6 address has its port only behind brackets. */
function parted(entry: string): [host: string, port: string | undefined] {
  const [, inBrackets, portBehind] = /^\[(.*)\](?::(\d+))?$/.exec(entry) ?? [];
  if (inBrackets !== undefined) return [inBrackets, portBehind];
  if (isIP(entry) > 0) return [entry, undefined];
  const [, name = entry, port] = /^(.*):(\d+)$/.exec(entry) ?? [];
  return [name, port];
}

/** `network` is ADDRESS/BITS; what is none covers nothing. */
function inNetwork(network: string, host: string): boolean {
  const [address = '', bits = ''] = network.replace(/[[\]]/g, '').split('/');
  const kind = isIP(address);
  if (kind === 0 || isIP(host) === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (kind === 4 ? 32 : 128))
    return false;
  const list = new BlockList();
  list.addSubnet(address, Number(bits), kind === 4 ? 'ipv4' : 'ipv6');
  return list.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6');
}

/** Without the brackets of an IPv6 address, and without the dot that ends a full domain name. */
function plainHost(host: string): string {
  return host.toLowerCase().replace(/^\[|\]$|\.$/g, '');
}
