import type { Agent as HttpAgent } from 'node:http';
import { nodeHttp, nodeHttps } from './http/node-modules.ts';

const agents = new Map<string, HttpAgent>();

/**
 * The agent for a URL: keep-alive, and through the proxy that `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` name (either
 * case), as curl reads them. The proxy packages are loaded only when such a variable is set.
 */
export async function agentFor(url: URL): Promise<HttpAgent> {
  const proxy = (await proxyFor(url)) ?? '';
  const key = `${url.protocol}${proxy}`;
  const known = agents.get(key);
  if (known) return known;
  const agent = await makeAgent(url, proxy);
  agents.set(key, agent);
  return agent;
}

async function makeAgent(url: URL, proxy: string): Promise<HttpAgent> {
  const options = { keepAlive: true };
  if (proxy === '')
    return url.protocol === 'https:' ? new (nodeHttps().Agent)(options) : new (nodeHttp().Agent)(options);
  if (url.protocol === 'https:') {
    const { HttpsProxyAgent } = await import('https-proxy-agent');
    return new HttpsProxyAgent(proxy, options);
  }
  const { HttpProxyAgent } = await import('http-proxy-agent');
  return new HttpProxyAgent(proxy, options);
}

async function proxyFor(url: URL): Promise<string | undefined> {
  const env = process.env;
  const names = [`${url.protocol.slice(0, -1)}_proxy`, 'all_proxy'];
  if (!names.some((name) => env[name] || env[name.toUpperCase()])) return undefined;
  const { getProxyForUrl } = await import('proxy-from-env');
  return getProxyForUrl(url.href) || undefined;
}

let users = 0;

/**
 * Counts a connection in, and returns the way out for when it is closed. The last one out closes the kept-alive sockets, so that the process
 * can end; until then the sockets of the others are in use.
 */
export function useAgents(): () => void {
  users += 1;
  let left = false;
  return () => {
    if (left) return;
    left = true;
    users -= 1;
    if (users > 0) return;
    for (const agent of agents.values()) agent.destroy();
    agents.clear();
  };
}
