/** Opens a store for copies of whole jobs. */
import { storeOf } from '../../../config/settings/store-address.ts';
import { openJobStore } from '../job-store.ts';
import { failureBudget, type StoreOptions } from '../open-store.ts';
import { diskCopies } from './disk-copies.ts';
import type { Place } from './migrate.ts';

/** The place, and which it is: of two that are the same, `key` is the same. Connects at once. Errors: as for `openStore`, and those of connecting. */
export async function openPlace({
  paths,
  instance,
  env,
  clock,
}: StoreOptions): Promise<Place & { key: string; shown: string }> {
  const { name, settings } = instance;
  const address = storeOf(name, settings, env);
  if (!address) {
    const dir = paths.jobsDir(name);
    const store = openJobStore({ dir, instance: name, clock });
    return { store, copies: diskCopies(dir, name), key: 'files', shown: 'files' };
  }
  const [{ connectStore }, { RedisJobStore }, { Access }, { redisCopies }] = await Promise.all([
    import('../redis/connection.ts'),
    import('../redis/redis-store.ts'),
    import('../redis/access.ts'),
    import('./redis-copies.ts'),
  ]);
  const connection = await connectStore(address, failureBudget(env));
  return {
    store: new RedisJobStore(connection, address, name),
    copies: redisCopies(new Access(connection, address, name)),
    key: `${address.shown} ${address.prefix}{${address.name}}`,
    shown: address.shown,
  };
}
