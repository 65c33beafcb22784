/** The connection to a store in Redis, and its errors as people know them. Loads ioredis; nothing else does. */
import { isIP } from 'node:net';
import { Redis, type RedisOptions } from 'ioredis';
import type { StoreAddress } from '../../../config/settings/store-address.ts';
import { AuthError, CliError, ConfigError, IoError, UnreachableError } from '../../../errors.ts';
import { monotonic } from '../../../lib/monotonic.ts';
import { refuseUnsyncable, untilSynced } from './demands/synced.ts';
import { ALL_SCRIPTS, type ScriptName } from './scripts/all.ts';

/** How long connecting may take, and how long an answer, in milliseconds: one that hangs is as good as gone. */
const LIMIT_MS = 10_000;

/** How long to wait for a server that reads its files after a start, before it is asked again, in milliseconds. */
const LOADING_MS = 200;

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
 * to come back, in which whoever asks waits; after that it is connected to anew by whoever asks next. Errors: UnreachableError, AuthError,
 * ConfigError for a store that throws jobs away, or cannot do what store.waitAof wants. `limitMs`: how long connecting may take, and each answer.
 */
export async function connectStore(
  address: StoreAddress,
  patienceMs: number,
  limitMs = LIMIT_MS,
): Promise<StoreConnection> {
  let reached = false;
  let closed = false;
  let lost: number | undefined;
  let last: Error | undefined;
  const redis = new Redis({
    ...redisOptions(address),
    lazyConnect: true,
    connectTimeout: limitMs,
    socketTimeout: limitMs,
    retryStrategy(times) {
      lost ??= monotonic();
      if (!reached || monotonic() - lost > patienceMs) return null;
      return pauseMs(times);
    },
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
    closed = true;
    // Everything that was asked is answered first; then the store hangs up.
    if (redis.status === 'ready') await redis.quit().catch(() => redis.disconnect());
    else redis.disconnect();
  };
  const begin = async (): Promise<Map<string, string>> => {
    reached = false;
    lost = undefined;
    try {
      await redis.connect();
      const info = fieldsOf(await redis.info());
      refuseEvicting(info, address);
      refuseUnsyncable(info, address);
      reached = true;
      return info;
    } catch (error) {
      redis.disconnect();
      throw told(error);
    }
  };
  let again: Promise<unknown> | undefined;
  const ask = async <T>(work: () => Promise<T>): Promise<T> => {
    const until = monotonic() + patienceMs;
    for (;;) {
      if (redis.status === 'end' && !closed) {
        again ??= begin().finally(() => {
          again = undefined;
        });
        await again;
      }
      try {
        return await work();
      } catch (error) {
        if (!/^LOADING /.test((error as Error).message) || monotonic() > until) throw told(error);
        await new Promise((resolve) => setTimeout(resolve, LOADING_MS));
      }
    }
  };
  const info = await begin();
  const commands = redis as unknown as Record<string, (...all: unknown[]) => Promise<unknown>>;
  const used = new Set<ScriptName>();
  const run = (name: ScriptName, keys: readonly string[], args: readonly (string | number)[]) => {
    const lua = ALL_SCRIPTS[name];
    const isFirst = !used.has(name);
    used.add(name);
    // A hash in the place of its text pays from the second time on: it takes node:crypto.
    if (isFirst) return redis.eval(lua, keys.length, ...keys, ...args);
    if (!Object.hasOwn(redis, name)) redis.defineCommand(name, { lua, numberOfKeys: keys.length });
    return commands[name]?.(...keys, ...args);
  };
  return {
    redis,
    info,
    run: (name, keys, args) =>
      ask(async () => {
        const said = await run(name, keys, args);
        if (address.waitAof) await untilSynced(redis, address, name, said);
        return said;
      }),
    ask,
    another: () => {
      // Whoever waits has patience of their own, with answers too.
      const heard = redis.duplicate({ retryStrategy: pauseMs, socketTimeout: undefined });
      heard.on('error', () => {});
      return heard;
    },
    close,
  };
}

/** How the store is connected to, again and again where it is away. */
export function redisOptions({ host, port, tls, username, password, db }: StoreAddress): RedisOptions {
  return {
    host,
    port,
    db,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    // A name that is asked for is never an address (RFC 6066).
    ...(tls ? { tls: isIP(host) ? {} : { servername: host } } : {}),
    // ioredis sees to the end of a connection for so long, also of one that has ended: the process lives as long.
    disconnectTimeout: 100,
    connectTimeout: LIMIT_MS,
    // INFO is asked for once, by whoever needs it.
    enableReadyCheck: false,
    disableClientInfo: true,
    maxRetriesPerRequest: null,
    connectionName: 'mcp2cli',
    retryStrategy: pauseMs,
  };
}

/** The pause before the next try to connect. */
function pauseMs(times: number): number {
  return Math.min(50 * 2 ** Math.min(times, 10), MAX_PAUSE_MS);
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
  // Redis 7.0 has other words for what a script may not do.
  const mayNot = word === 'NOPERM' || /user executing the script can't/.test(message);
  if (mayNot || ['NOAUTH', 'WRONGPASS'].includes(word))
    return new AuthError(`${store} refuses: ${message}`, {
      cause,
      hint: mayNot
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
  const why = /^Socket timeout/.test(message) ? 'it does not answer' : message;
  return new UnreachableError(`${store} cannot be reached: ${why}`, {
    cause,
    hint: /certificate/.test(message)
      ? 'an authority of your own is trusted by NODE_EXTRA_CA_CERTS=FILE.pem'
      : undefined,
  });
}
