/** Waiting until the store says that what was written is on its disk (WAITAOF), where the setting store.waitAof wants that. */
import type { Redis } from 'ioredis';
import type { StoreAddress } from '../../../../config/settings/store-address.ts';
import { ConfigError, IoError } from '../../../../errors.ts';
import type { ScriptName } from '../scripts/all.ts';

/** How long the store may take to say so, in milliseconds. */
const LIMIT_MS = 5_000;

/** The first version that can. */
const FIRST = [7, 2] as const;

/** What is acknowledged, or decides whether a call may be sent. What is only seen, and what can be done again, is not waited for. */
const WAITED: ReadonlySet<ScriptName> = new Set<ScriptName>([
  'jobCreate',
  'jobAccept',
  'jobCancel',
  'jobFinish',
  'jobPlan',
  'jobStep',
  'jobResume',
  'jobCopy',
  'jobClaim',
  'jobAttempt',
  'answerGive',
  'define',
]);

/** Error: ConfigError for a store that cannot say what is on its disk. */
export function refuseUnsyncable(info: ReadonlyMap<string, string>, { waitAof, shown }: StoreAddress): void {
  if (!waitAof) return;
  const version = info.get('redis_version') ?? '';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  // Valkey says in its `redis_version` which Redis it is like.
  if (major < FIRST[0] || (major === FIRST[0] && minor < FIRST[1]))
    throw new ConfigError(
      `store.waitAof needs Redis ${FIRST.join('.')} or Valkey: the store ${shown} is ${version || 'of no known version'}`,
      { code: 'store_without_waitaof', hint: 'set appendfsync always there, and store.waitAof off here' },
    );
  if (info.get('aof_enabled') !== '1')
    throw new ConfigError(
      `store.waitAof needs an append-only file, which the store ${shown} does not write`,
      {
        code: 'store_without_waitaof',
        hint: 'set appendonly yes there, or store.waitAof off here',
      },
    );
}

/**
 * Waits until what this connection has had written is on the store's disk. `said`: the answer of the script. Errors: IoError `store_not_synced` when
 * the store does not say so in time, those of Redis.
 */
export async function untilSynced(
  redis: Redis,
  { waitAof, prefix, name, shown }: StoreAddress,
  script: ScriptName,
  said: unknown,
): Promise<void> {
  if (!waitAof || !WAITED.has(script)) return;
  // A write of this connection's own: what was written by one that broke is waited for with it.
  const [, done] = await Promise.all([
    redis.set(`${prefix}{${name}}:synced`, '1', 'PX', LIMIT_MS),
    redis.call('WAITAOF', 1, 0, LIMIT_MS),
  ]);
  const [onDisk] = done as [number, number];
  if (onDisk > 0) return;
  const id = script === 'jobCreate' ? String((said as unknown[])[0]) : undefined;
  throw new IoError(
    `${id ?? 'what was asked'} is in the memory of the store ${shown}, which did not say within ${LIMIT_MS / 1000} s that it is on its disk (store.waitAof)`,
    {
      code: 'store_not_synced',
      hint:
        id === undefined
          ? 'look at its disk, and its log'
          : `it is gone if the store ends now; see: jobs show ${id}`,
      ...(id === undefined ? {} : { details: { job_id: id } }),
    },
  );
}
