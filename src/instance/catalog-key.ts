import type { Instance } from '../config/configured-instance.ts';
import { cacheKey } from '../config/target/target-hash.ts';
import { clientFeatures } from '../mcp/client-features/client-features.ts';

/** What an instance's cached catalogue is filed under. */
export function catalogueKey({ identity, settings }: Pick<Instance, 'identity' | 'settings'>): string {
  return cacheKey(identity, clientFeatures(settings, {}, '').declared);
}
