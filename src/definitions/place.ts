/** Which file has an instance's definitions, as far as this machine knows them. */
import type { Instance } from '../config/configured-instance.ts';
import type { Paths } from '../config/paths.ts';
import { type StoreAddress, storeOf } from '../config/settings/store-address.ts';
import { sha256 } from '../lib/sha256.ts';

type Place = Pick<Paths, 'definitionsFile' | 'sharedDefinitionsFile'>;

/**
 * The instance's own file or, where its store is one that machines share, the copy of what is there: as it was when this machine looked last.
 * Errors: those of `storeOf`.
 */
export function knownDefinitionsFile(
  paths: Place,
  { name, settings }: Pick<Instance, 'name' | 'settings'>,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const address = storeOf(name, settings, env);
  return address ? copyOfShared(paths, name, address) : paths.definitionsFile(name);
}

/** Each store has a copy of its own: what is in one is not in another. */
export function copyOfShared(paths: Place, name: string, address: StoreAddress): string {
  const { shown, prefix } = address;
  const store = sha256(`${shown} ${prefix}{${address.name}}`).slice(0, 12);
  return paths.sharedDefinitionsFile(name, store);
}
