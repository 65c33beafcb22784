/** Opens a store in Redis. All that jobs in Redis need comes with this file, and is loaded with it alone. */
import type { StoreAddress } from '../../../config/settings/store-address.ts';
import { connectStore } from './connection.ts';
import { RedisJobStore } from './redis-store.ts';

/** See `openShared`. Errors: those of `connectStore`. */
export async function openRedis(
  address: StoreAddress,
  instance: string,
  patienceMs: number,
  limitMs?: number,
): Promise<RedisJobStore> {
  return new RedisJobStore(await connectStore(address, patienceMs, limitMs), address, instance);
}
