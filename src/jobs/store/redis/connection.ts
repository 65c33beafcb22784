/** The connection to a store in Redis, and its errors as people know them. Loads ioredis; nothing else does. */
import { Redis } from 'ioredis';
import type { StoreAddress } from '../../../config/settings/store-address.ts';
import { AuthError, CliError, ConfigError, IoError, UnreachableError } from '../../../errors.ts';
import { QUEUE_SCRIPTS } from './queue-scripts.ts';
import { SCRIPTS } from './scripts.ts';

const ALL_SCRIPTS = { ...SCRIPTS, ...QUEUE_SCRIPTS };

export type ScriptName = keyof typeof ALL_SCRIPTS;

/** How long connecting may take, in milliseconds. */
const CONNECT_MS = 10_000;

/** The longest pause between two tries to have a lost connection again, in milliseconds. */
const MAX_PAUSE_MS = 2_000;

export interface StoreConnection {
  redis: Redis;
  /** What the server says of itself, as INFO has it. */
  info: ReadonlyMap<string, string>;
  /** Runs one of the scripts. Errors: as `storeError` has them. */
  run(name: ScriptName, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
  /** Does some reading. Errors: as `storeError` has them. */
  ask<T>(work: () => Promise<T>): Promise<T>;
  /** Another connection of the same kind: one that hears messages, or that waits. */
  another(): Redis;
  close(): Promise<void>;
}

/**
 * Connects. A store that cannot be reached at once is an error at once: nothing was begun. One that was reached and is lost gets `patienceMs`
 * to come back, in which whoever asks waits. Errors: UnreachableError, AuthError, ConfigError for a store that throws jobs away.
 */
export async function connectStore(address: StoreAddress, patienceMs: number): Promise<StoreConnection> {
  const { host, port, tls, username, password, db } = address;
  let reached = false;
  let lost: number | undefined;
  let last: Error | undefined;
  const redis = new Redis({
    host,
    port,
    db,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: { servername: host } } : {}),
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    // INFO is asked for below, once.
    enableReadyCheck: false,
    maxRetriesPerRequest: null,
    connectionName: 'mcp2cli',
    retryStrategy(times) {
      lost ??= performance.now();
      if (!reached || performance.now() - lost > patienceMs) return null;
      return Math.min(50 * 2 ** Math.min(times, 10), MAX_PAUSE_MS);
    },
    scripts: Object.fromEntries(
      Object.entries(ALL_SCRIPTS).map(([name, lua]) => [name, { lua, numberOfKeys: 4 }]),
    ),
  });
  // The last of them says why commands fail with "Connection is closed".
  redis.on('error', (error: Error) => {
    last = error;
  });
  redis.on('ready', () => {
    lost = undefined;
  });
  const told = (error: unknown) => storeError(error, address, last);
  const close = async () => {
    // Everything that was asked is answered first.
    if (redis.status === 'ready') await redis.quit().catch(() => {});
    redis.disconnect();
  };
  let info: Map<string, string>;
  try {
    await redis.connect();
    info = fieldsOf(await redis.info());
    refuseEvicting(info, address);
    reached = true;
  } catch (error) {
    redis.disconnect();
    throw told(error);
  }
  return {
    redis,
    info,
    run: async (name, keys, args) => {
      const commands = redis as unknown as Record<string, (...all: unknown[]) => Promise<unknown>>;
      return commands[name]?.(...keys, ...args).catch((error: unknown) => {
        throw told(error);
      });
    },
    ask: (work) =>
      work().catch((error: unknown) => {
        throw told(error);
      }),
    another: () => {
      const heard = redis.duplicate();
      heard.on('error', () => {});
      return heard;
    },
    close,
  };
}

function fieldsOf(text: string): Map<string, string> {
  return new Map(
    text.split('\r\n').flatMap((line) => {
      const at = line.indexOf(':');
      return at < 1 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
    }),
  );
}

/** A store that throws keys away to make room would throw away jobs, and what says that a call was sent. */
function refuseEvicting(info: ReadonlyMap<string, string>, { shown }: StoreAddress): void {
  const policy = info.get('maxmemory_policy') ?? 'noeviction';
  if (policy === 'noeviction') return;
  throw new ConfigError(`the store ${shown} throws keys away when its memory is full (${policy})`, {
    code: 'store_evicts',
    hint: 'set maxmemory-policy noeviction there',
  });
}

/** What an error of Redis, or of the way there, means. `last`: what the connection said last. */
export function storeError(error: unknown, { shown, prefix }: StoreAddress, last?: Error): Error {
  if (error instanceof CliError) return error;
  const cause = error as Error;
  const isClosed = /Connection is closed|Stream isn't writeable/.test(cause.message);
  const message = (isClosed && last ? last : cause).message || (last?.message ?? 'no answer');
  const [word = ''] = message.split(' ');
  const store = `the store ${shown}`;
  if (word === 'OOM')
    return new IoError(`${store} has no memory left`, {
      cause,
      hint: 'give it more (maxmemory), or remove jobs: jobs prune',
    });
  if (['NOAUTH', 'WRONGPASS', 'NOPERM'].includes(word))
    return new AuthError(`${store} refuses: ${message}`, {
      cause,
      hint:
        word === 'NOPERM'
          ? `what its user needs: ~${prefix}* &${prefix}* +@all -@admin -@dangerous +info`
          : 'give its user and password in the address: redis://USER:${PASSWORD}@HOST',
    });
  if (/^ERR (AUTH|invalid password|Client sent AUTH)/i.test(message))
    return new AuthError(`${store} refuses: ${message}`, { cause });
  if (word === 'WRONGTYPE')
    return new ConfigError(`${store} has keys of another kind where jobs would be: ${message}`, {
      cause,
      hint: `something else uses ${prefix}*: choose another prefix`,
    });
  // Nothing was written: a replica that takes writes again, or its primary, will.
  if (['READONLY', 'LOADING', 'MASTERDOWN', 'NOREPLICAS', 'CLUSTERDOWN', 'MISCONF'].includes(word))
    return new UnreachableError(`${store} takes nothing now: ${message}`, { cause });
  if (/^ERR /.test(message)) return new ConfigError(`${store} refuses: ${message}`, { cause });
  return new UnreachableError(`${store} cannot be reached: ${message}`, { cause });
}
