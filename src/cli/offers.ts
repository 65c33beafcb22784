import { type Offer, offersOf } from '../discovery/offers.ts';
import type { App } from './app.ts';

/** Everything that can be run on the instance, tools first. Errors: those of reading the server's catalogue. */
export async function offersOn(app: App, signal?: AbortSignal): Promise<Offer[]> {
  return offersOf(await (await app.session()).catalogue(signal));
}
