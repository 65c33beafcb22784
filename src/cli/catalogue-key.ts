import { clientDuties } from '../connection/client-duties.ts';
import { targetHash } from '../connection/target-hash.ts';
import type { Instance } from './instance.ts';

/**
 * What a cached catalogue is filed under: the target, and what is declared to it, since servers offer other tools to clients with other
 * capabilities.
 */
export function catalogueKey({ identity, settings }: Pick<Instance, 'identity' | 'settings'>): string {
  const { declared } = clientDuties(settings, {}, '');
  const hash = targetHash(identity);
  return declared === '' ? hash : `${hash}+${declared}`;
}
