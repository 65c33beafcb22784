/** The address of a store of jobs in Redis, with what belongs to it. No I/O. */
import { ConfigError } from '../../errors.ts';
import { parseDuration } from '../../lib/text/duration.ts';
import { expand } from '../target/expand.ts';
import type { InstanceSettings } from './settings.ts';

/** The address for all instances that have none of their own. */
export const STORE_VARIABLE = 'MCP2CLI_STORE';

/** The variable with the key that seals what waits there for another machine. */
export const STORE_KEY = 'MCP2CLI_STORE_KEY';

/** What stands in the place of an address for jobs in files, whatever MCP2CLI_STORE says. */
const FILES = 'files';

const EXAMPLE = "for example 'redis://host:6379/0?prefix=mcp:jobs:&ttl=30d'";
const DEFAULT_PREFIX = 'mcp:jobs:';
const DEFAULT_TTL_MS = 30 * 86_400_000;
const DEFAULT_RESULT_BYTES = 16_000_000;

export interface StoreAddress {
  host: string;
  port: number;
  tls: boolean;
  username: string | undefined;
  password: string | undefined;
  db: number;
  /** What all keys begin with; those of one instance have its name behind it. */
  prefix: string;
  /** The name that the instance has in the store. */
  name: string;
  /** How long a job stays there once it has ended, in milliseconds; undefined: until it is pruned. */
  ttlMs: number | undefined;
  /** Bytes of JSON that a result may have. */
  resultBytes: number;
  /** What is acknowledged there is on its disk: it is asked to say so (WAITAOF). */
  waitAof: boolean;
  /** What MCP2CLI_STORE_KEY has. */
  keyText: string | undefined;
  /** For people, without credentials: `redis://host:6379/0`. */
  shown: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Where an instance has its jobs: its own setting counts, else MCP2CLI_STORE; undefined for files. Errors: ConfigError for what is no address,
 * UsageError for a variable that is not set.
 */
export function storeOf(
  name: string,
  settings: Pick<InstanceSettings, 'store' | 'storeResultLimit' | 'storeWaitAof'>,
  env: Env,
): StoreAddress | undefined {
  const { store, storeResultLimit, storeWaitAof } = settings;
  if (!hasStore(settings, env)) return undefined;
  const text = store ?? env[STORE_VARIABLE] ?? '';
  const where = store === undefined ? STORE_VARIABLE : `instance ${name}: store`;
  const address = readAddress(filledIn(text, env, where), where);
  return {
    ...address,
    name: address.name || name,
    resultBytes: storeResultLimit ?? address.resultBytes,
    waitAof: storeWaitAof,
    keyText: env[STORE_KEY],
  };
}

/** Whether a store is set, be its address a good one or not. */
export function hasStore({ store }: Pick<InstanceSettings, 'store'>, env: Env): boolean {
  return !['', FILES].includes(store ?? env[STORE_VARIABLE] ?? '');
}

/** Looks at an address that may have `${VAR}` in it: what stands around them must be one all the same. Error: ConfigError. */
export function checkAddress(text: string, where: string): void {
  if (text === FILES || /^\$\{/.test(text)) return;
  readAddress(text.replace(/\$\{[^}]*\}/g, '1'), where);
}

/** The address with a name for the instance there, where it gives none; one that is in a variable as a whole stays as it is. */
export function namedInStore(text: string, name: string): string {
  if (text === FILES || /^\$\{[^}]*\}$/.test(text) || /[?&]name=/.test(text)) return text;
  return `${text}${text.includes('?') ? '&' : '?'}name=${name}`;
}

/** Variables before the host are a user and a password as they are; elsewhere they are part of the URL as it stands. */
function filledIn(text: string, env: Env, where: string): string {
  const [, scheme = '', credentials = '', rest = text] = /^([a-z]+:\/\/)([^/?#]*@)(.*)$/is.exec(text) ?? [];
  const encoded = credentials.replace(/\$\{[^}]*\}/g, (one) => encodeURIComponent(expand(one, env, where)));
  return scheme + encoded + expand(rest, env, where);
}

/** Reads an address without variables; `name` is empty where it gives none. Error: ConfigError that says what is wrong with it. */
export function readAddress(text: string, where: string): StoreAddress {
  // Not the text: what is no address may have a password anywhere.
  const wrong = (why: string) => new ConfigError(`${where}: ${why}`, { hint: EXAMPLE });
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw wrong('not the address of a store');
  }
  const { protocol, hostname, port, pathname, searchParams } = url;
  if (protocol !== 'redis:' && protocol !== 'rediss:') throw wrong('a store is at redis:// or rediss://');
  if (hostname === '') throw wrong('which host?');
  const db = pathname.replace(/^\//, '');
  if (!/^\d{0,4}$/.test(db)) throw wrong('the path is the number of a database');
  for (const key of searchParams.keys())
    if (!['prefix', 'ttl', 'name'].includes(key)) throw wrong(`no such parameter: ${key}; prefix, ttl, name`);
  const prefix = searchParams.get('prefix') ?? DEFAULT_PREFIX;
  const name = searchParams.get('name') ?? '';
  // Braces say which part of a key places it in a cluster (redis.io, "Hash tags").
  if (/[{}\s]/.test(prefix + name)) throw wrong('a prefix and a name have no braces and no spaces');
  const ttl = searchParams.get('ttl');
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? 6379 : Number(port),
    tls: protocol === 'rediss:',
    username: url.username === '' ? undefined : decodeURIComponent(url.username),
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
    db: Number(db || '0'),
    prefix,
    name,
    ttlMs: ttl === null ? DEFAULT_TTL_MS : lasting(ttl, wrong),
    resultBytes: DEFAULT_RESULT_BYTES,
    waitAof: false,
    keyText: undefined,
    shown: `${protocol}//${url.host}/${db || '0'}`,
  };
}

function lasting(text: string, wrong: (why: string) => Error): number | undefined {
  try {
    return parseDuration(text, 'ttl');
  } catch {
    throw wrong('ttl is a duration, such as 30d; 0: for good');
  }
}
