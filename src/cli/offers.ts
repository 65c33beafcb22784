import { type Offer, offersOf } from '../discovery/offers.ts';
import type { App } from './app.ts';
import { permit, permittedItems } from './permission.ts';

/** Everything that can be run on the instance, tools first. Errors: those of reading the server's catalogue. */
export async function offersOn(app: App, signal?: AbortSignal): Promise<Offer[]> {
  return offersOf(await (await app.session()).catalogue(signal));
}

/** Those of them that the instance's rules let be listed. Errors: PermissionError when a rule refuses the list, and those of the catalogue. */
export async function listedOffers(app: App, signal?: AbortSignal): Promise<readonly Offer[]> {
  await permit(app, 'list');
  return listable(app, await offersOn(app, signal));
}

/** Those that the rules do not hide, the list as such being permitted. */
export function listable(app: App, offers: readonly Offer[]): Promise<readonly Offer[]> {
  return permittedItems(app, offers, ({ name }) => name);
}
