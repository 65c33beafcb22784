import { lstatSync } from 'node:fs';
import { givenNames, type Offer, offersOf } from '../catalog/entry.ts';
import { unitedMarks } from '../config/tags.ts';
import type { ToolSettings } from '../config/tool-settings.ts';
import type { Definition } from '../definitions/definition.ts';
import { ConfigError } from '../errors.ts';
import { namesOfOffer } from '../permissions/known-names.ts';
import { permit, permittedItems } from '../permissions/permit.ts';
import type { InstanceScope } from './scope.ts';

/**
 * Everything that can be run on the instance, tools first, with the names that the settings give. Errors: those of reading the server's
 * catalogue; ConfigError for damaged definitions.
 */
export async function offersOn(scope: InstanceScope, signal?: AbortSignal): Promise<Offer[]> {
  const definitions = await definitionsOf(scope);
  const catalogue = await (await scope.session()).catalogue(signal);
  if (definitions.length === 0) return named(scope, offersOf(catalogue));
  const { definitionOffers } = await import('../catalog/definition-entries.ts');
  return named(scope, offersOf(catalogue, definitionOffers(definitions, catalogue.tools)));
}

/** Our own definitions. Most instances have none: one look at the disk then, and nothing is loaded. Errors: ConfigError, IoError. */
export async function definitionsOf(scope: InstanceScope): Promise<readonly Definition[]> {
  const path = scope.paths.definitionsFile(scope.instance.name);
  if (!mayExist(path)) return [];
  return (await import('../definitions/read.ts')).readDefinitions(path);
}

/** False only where there is certainly nothing: what cannot be looked at is for whoever reads it to tell. */
function mayExist(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

/** The offers with the names, and the flags' names, that the settings give. */
export async function named(scope: InstanceScope, offers: Offer[]): Promise<Offer[]> {
  if (!scope.instance.hasToolSettings) return offers;
  // A damaged setting is told when its tool is called, or listed.
  const settingsOf = await forgiving(scope, () => {});
  return offers.map((offer) => {
    const settings = settingsOf(offer.calls?.tool.name ?? offer.name);
    const typed = offer.calls ? undefined : givenNames(offer.name, settings);
    return { ...offer, ...(typed ? { typed } : {}), profiles: settings.flags ?? {} };
  });
}

/** Which offers a list has. */
export interface Listing {
  /** Those too that are set to be hidden from it. */
  all?: boolean;
  signal?: AbortSignal;
}

/**
 * The offers of a list: without those that the instance's rules or its settings hide, and with the tags and labels that it sets. Errors:
 * PermissionError when a rule refuses the list as a whole, and those of `offersOn`.
 */
export async function listedOffers(
  scope: InstanceScope,
  { all = false, signal }: Listing,
): Promise<readonly Offer[]> {
  await permit(scope, 'list');
  return listable(scope, await offersOn(scope, signal), all);
}

/** The same for offers at hand, the list as such being permitted. */
export async function listable(
  scope: InstanceScope,
  offers: readonly Offer[],
  all: boolean,
): Promise<readonly Offer[]> {
  return permittedItems(scope, await dressed(scope, offers, all), namesOfOffer);
}

/** The offers with the tags and labels that the settings give them, and but for `all` without those that they hide. Asks no rules. */
export async function dressed(
  scope: InstanceScope,
  offers: readonly Offer[],
  all: boolean,
): Promise<Offer[]> {
  const settingsOf = await forgiving(scope, ({ code, message }) => scope.printer.warn(code, message));
  return offers.flatMap((offer) => {
    const settings = settingsOf(offer.calls?.tool.name ?? offer.name);
    const hidden =
      offer.calls?.settings['hideFromDiscovery'] === true || (!offer.calls && settings.hideFromDiscovery);
    if (hidden && !all) return [];
    const { tags = [], labels = {} } = unitedMarks(settings, {
      tags: [...offer.tags],
      labels: { ...offer.labels },
    });
    return [{ ...offer, tags, labels }];
  });
}

/** The settings of each tool; those that are damaged stop nobody, and are told once. */
async function forgiving(
  scope: InstanceScope,
  tell: (error: ConfigError) => void,
): Promise<(tool: string) => ToolSettings> {
  const told = new Set<string>();
  const warned = (error: unknown): ToolSettings => {
    if (!(error instanceof ConfigError)) throw error;
    if (!told.has(error.message)) tell(error);
    told.add(error.message);
    return {};
  };
  try {
    const settingsOf = await scope.instance.toolSettings();
    return (tool) => {
      try {
        return settingsOf(tool);
      } catch (error) {
        return warned(error);
      }
    };
  } catch (error) {
    warned(error);
    return () => ({});
  }
}
