/** The instances whose jobs are in a store that machines share. */
import { configuredInstance } from '../../../config/configured-instance.ts';
import { type StoreAddress, storeOf } from '../../../config/settings/store-address.ts';
import { UsageError } from '../../../errors.ts';
import { App } from '../../app.ts';
import { everyInstance } from '../../every-instance.ts';

export interface SharedInstance {
  app: App;
  address: StoreAddress;
}

/** Those that are named, or all there are. To be closed by whoever asks. Errors: UsageError for one without such a store, and for none. */
export function sharedInstances(app: App, names: readonly string[]): SharedInstance[] {
  const hint = "set one: mcp2cli instances set NAME store 'redis://host:6379/0', or MCP2CLI_STORE for all";
  const apps = names.length === 0 ? everyInstance(app) : [...new Set(names)].map((name) => named(app, name));
  const found = apps.flatMap((own) => {
    const { instance, context } = own;
    const address = storeOf(instance.name, instance.settings, context.env);
    if (address) return [{ app: own, address }];
    if (names.length > 0)
      throw new UsageError(`${instance.name} has no shared store`, {
        hint:
          instance.settings.store === undefined
            ? hint
            : `its own setting counts, and is files: mcp2cli instances set ${instance.name} store 'redis://host:6379/0'`,
      });
    return [];
  });
  if (found.length === 0) throw new UsageError('no instance has a shared store', { hint });
  return found;
}

function named(app: App, name: string): App {
  const { config, context } = app;
  app.checkPlaces(name);
  const own = new App(context, new Map(app.flags));
  own.useConfig(config);
  own.select(configuredInstance(config, name, context.env));
  return own;
}
