/** Where an instance's jobs are: in files of this machine, or in Redis. Nobody else opens a store. */
import type { Instance } from '../../config/configured-instance.ts';
import type { Paths } from '../../config/paths.ts';
import { type StoreAddress, storeOf } from '../../config/settings/store-address.ts';
import type { Clock } from '../../lib/clock.ts';
import { parseDuration } from '../../lib/text/duration.ts';
import { FAILURE_BUDGET_MS } from '../follow/polling.ts';
import type { JobStore } from '../ports.ts';
import { openJobStore } from './job-store.ts';
import { lateStore } from './redis/late-store.ts';

export interface StoreOptions {
  paths: Pick<Paths, 'jobsDir'>;
  instance: Pick<Instance, 'name' | 'settings'>;
  env: Readonly<Record<string, string | undefined>>;
  clock: Pick<Clock, 'now'>;
}

/**
 * The jobs of an instance. Costs nothing until a method is called: what a store in Redis needs is loaded, and it is connected to, by the first one.
 * Errors: ConfigError for an address that is none, UsageError for a variable in it that is not set.
 */
export function openStore({ paths, instance, env, clock }: StoreOptions): JobStore {
  const { name, settings } = instance;
  const address = storeOf(name, settings, env);
  if (!address) return openJobStore({ dir: paths.jobsDir(name), instance: name, clock });
  return openShared(address, name, failureBudget(env));
}

/**
 * Jobs in Redis. `patienceMs`: how long one that was reached may be away before that is an error. `instance`: its name here. `limitMs`: how long
 * connecting, and an answer, may take.
 */
export function openShared(
  address: StoreAddress,
  instance: string,
  patienceMs: number,
  limitMs?: number,
): JobStore {
  return lateStore(async () => {
    const { openRedis } = await import('./redis/open-redis.ts');
    return openRedis(address, instance, patienceMs, limitMs);
  });
}

/** How long what can be repeated may fail in a row, in milliseconds. Error: UsageError for a variable that is no duration. */
export function failureBudget(env: StoreOptions['env']): number {
  const budget = env['MCP2CLI_RETRY_BUDGET'];
  return budget ? (parseDuration(budget, 'MCP2CLI_RETRY_BUDGET') ?? 0) : FAILURE_BUDGET_MS;
}
