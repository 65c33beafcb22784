import type { Agent as HttpAgent } from 'node:http';
import type { CliError } from '../../errors.ts';
import { monotonic } from '../../lib/monotonic.ts';
import { nodeHttp, nodeHttps } from '../http/node-modules.ts';
import type { HttpProxy } from './choice.ts';

/** How one server is reached, where that differs from what the environment says. Variables are filled in. */
export interface Route {
  /** The URL of a proxy, or `none`; undefined: what the environment says. */
  proxy?: string | undefined;
  /** A file with certificates of authorities (PEM), trusted beside those that Node trusts. */
  ca?: string | undefined;
  /** The instance whose settings these are, for errors. */
  owner?: string | undefined;
}

const agents = new Map<string, HttpAgent>();
/** The same by the URL of a transport, which is asked for thousands of times: reading the environment costs more than all else here. */
let known = new WeakMap<URL, { route: Route; agent: HttpAgent }>();
/** What the agents in use go through; none for those that go straight. */
const proxies = new WeakMap<HttpAgent, HttpProxy>();

/**
 * The agent for a URL: keep-alive, and through the proxy that the route names, else `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`
 * (either case), as curl reads them. What deals with proxies is loaded only where one may be set. Errors: UsageError for a
 * proxy that is none, ConfigError for a file of certificates that cannot be used.
 */
export async function agentFor(url: URL, route: Route = NO_ROUTE): Promise<HttpAgent> {
  const before = known.get(url);
  if (before && before.route === route) return before.agent;
  const agent = await sharedAgent(url, route);
  known.set(url, { route, agent });
  return agent;
}

const NO_ROUTE: Route = {};

async function sharedAgent(url: URL, route: Route): Promise<HttpAgent> {
  const proxy = await proxyFor(url, route);
  const key = JSON.stringify([url.protocol, proxy, route.ca]);
  const before = agents.get(key);
  if (before) return before;
  const agent = await makeAgent(url, proxy, route);
  agents.set(key, agent);
  if (proxy) proxies.set(agent, proxy);
  return agent;
}

async function makeAgent(url: URL, proxy: HttpProxy | undefined, { ca, owner }: Route): Promise<HttpAgent> {
  const trusted =
    ca === undefined
      ? {}
      : { ca: (await import('../http/authorities.ts')).trustedWith(ca, `instance ${owner} ca`) };
  const options = { keepAlive: true, timeout: MAX_IDLE_MS, ...trusted };
  if (proxy) return (await import('./agents.ts')).proxyAgent(url.protocol, proxy, options);
  return new (url.protocol === 'https:' ? nodeHttps() : nodeHttp()).Agent(options);
}

async function proxyFor(url: URL, route: Route): Promise<HttpProxy | undefined> {
  const { env } = process;
  const names = [`${url.protocol.slice(0, -1)}_proxy`, 'all_proxy'];
  if (!route.proxy && !names.some((name) => env[name] || env[name.toUpperCase()])) return undefined;
  const { parseProxy, proxyFromEnv } = await import('./choice.ts');
  return route.proxy
    ? parseProxy(route.proxy, `instance ${route.owner} proxy`, route.owner)
    : proxyFromEnv(url, env);
}

/**
 * The error of a response that is the proxy's own refusal (407), although it came in the server's place; undefined for any other response. The
 * server has not seen the request.
 */
export async function proxyRefusal(
  agent: HttpAgent,
  status: number,
  url: URL,
): Promise<CliError | undefined> {
  const proxy = status === 407 ? proxies.get(agent) : undefined;
  return proxy && (await import('./failure.ts')).proxyRefused(proxy, status, url.host);
}

/**
 * How long a socket that nobody uses is kept. Servers close theirs after 5 s (Node, uvicorn); a call that is sent at that moment may or may not
 * have been taken, and is never sent twice (RFC 9110, 9.2.2). Requests that wait for their answer are not meant.
 */
const MAX_IDLE_MS = 3_000;

/** When an agent was last asked for a socket. */
const asked = new WeakMap<HttpAgent, number>();

/**
 * To be called before each request. Ends the sockets of an agent that nobody has asked for in that time. Node does the same by a timer, but not while
 * this process is held up, by a slow disk or by a machine that is busy with others: then a request would be the first to go out, and its socket closed.
 */
export function endIdleSockets(agent: HttpAgent): void {
  const now = monotonic();
  const idle = now - (asked.get(agent) ?? now);
  asked.set(agent, now);
  if (idle < MAX_IDLE_MS) return;
  for (const sockets of Object.values(agent.freeSockets))
    for (const socket of sockets ?? []) socket.destroy();
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
    known = new WeakMap();
  };
}
