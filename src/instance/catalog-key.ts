import type { Instance } from '../config/configured-instance.ts';
import { targetHash } from '../config/target-hash.ts';
import { clientFeatures } from '../mcp/connection/client-features.ts';

/**
 * What a cached catalogue is filed under: the target, and what is declared to it, since servers offer other tools to clients with other
 * capabilities.
 */
export function catalogueKey({ identity, settings }: Pick<Instance, 'identity' | 'settings'>): string {
  const { declared } = clientFeatures(settings, {}, '');
  const hash = targetHash(identity);
  return declared === '' ? hash : `${hash}+${declared}`;
}
