import { aliasesOf, type CatalogEntry, entriesOf } from '../catalog/entry.ts';
import type { LeftOut } from '../catalog/left-out.ts';
import { unitedTags } from '../config/settings/tags.ts';
import type { ToolSettings } from '../config/settings/tool-settings.ts';
import { ConfigError } from '../errors.ts';
import { namesOfEntry } from '../permissions/known-names.ts';
import { nameableItems, permit, permittedItems } from '../permissions/permit.ts';
import { readOwn } from './own-definitions.ts';
import type { InstanceScope, StoreScope } from './scope.ts';
import type { Want } from './shared-definitions.ts';

/**
 * Everything that can be run on the instance, tools first, with the names that the settings give. `want`: what counts of definitions that machines
 * share. Errors: those of reading the server's catalogue, and of `readOwn`.
 */
export async function entriesOn(
  scope: StoreScope,
  signal?: AbortSignal,
  want: Want = 'listed',
): Promise<CatalogEntry[]> {
  const { definitions, workflows } = await readOwn(scope, want);
  const catalogue = await (await scope.session()).catalogue(signal);
  if (definitions.length + workflows.length === 0) return withAliases(scope, entriesOf(catalogue));
  const { definitionEntries, workflowEntries } = await import('../catalog/definition-entries.ts');
  const own = [...definitionEntries(definitions, catalogue.tools), ...workflowEntries(workflows)];
  return withAliases(scope, entriesOf(catalogue, own));
}

/** The entries with the names, and the flags' names, that the settings give. */
export async function withAliases(scope: InstanceScope, entries: CatalogEntry[]): Promise<CatalogEntry[]> {
  if (!scope.instance.hasToolSettings) return entries;
  // A damaged setting is told when its tool is called, or listed.
  const settingsOf = await settingsOrWarn(scope, () => {});
  return entries.map((entry) => {
    const settings = settingsOf(entry.target?.tool.name ?? entry.name);
    const aliases = entry.target ? undefined : aliasesOf(entry.name, settings);
    return { ...entry, ...(aliases ? { aliases } : {}), flagOverrides: settings.flags ?? {} };
  });
}

/** Which entries a list has. */
export interface Listing {
  /** Those too that are set to be hidden from it. */
  all?: boolean;
  signal?: AbortSignal;
}

/**
 * The entries of a list: without those that the instance's rules or its settings hide, and with the tags and labels that it sets. Errors:
 * PermissionError when a rule refuses the list as a whole, and those of `offersOn`.
 */
export async function listedEntries(
  scope: StoreScope,
  { all = false, signal }: Listing,
): Promise<readonly CatalogEntry[]> {
  await permit(scope, 'list');
  return listable(scope, await entriesOn(scope, signal), all);
}

/** The same for entries at hand, the list as such being permitted. */
export async function listable(
  scope: InstanceScope,
  entries: readonly CatalogEntry[],
  all: boolean,
): Promise<readonly CatalogEntry[]> {
  return permittedItems(scope, await withSettings(scope, entries, all), namesOfEntry);
}

/** What the server lists and this program may not use, as far as the rules let it be named. Errors: those of reading the server's catalogue. */
export async function toolsLeftOut(scope: InstanceScope, signal?: AbortSignal): Promise<readonly LeftOut[]> {
  const { leftOut } = await (await scope.session()).catalogue(signal);
  return nameableItems(scope, leftOut, ({ name }) => [name]);
}

/** The entries with the tags and labels that the settings give them, and but for `all` without those that they hide. Asks no rules. */
export async function withSettings(
  scope: InstanceScope,
  entries: readonly CatalogEntry[],
  all: boolean,
): Promise<CatalogEntry[]> {
  const settingsOf = await settingsOrWarn(scope, ({ code, message }) => scope.printer.warn(code, message));
  return entries.flatMap((entry) => {
    const settings = settingsOf(entry.target?.tool.name ?? entry.name);
    const hidden =
      entry.target?.settings['hideFromDiscovery'] === true ||
      entry.document?.['hideFromDiscovery'] === true ||
      (!entry.target && settings.hideFromDiscovery);
    if (hidden && !all) return [];
    const { tags = [], labels = {} } = unitedTags(settings, {
      tags: [...entry.tags],
      labels: { ...entry.labels },
    });
    return [{ ...entry, tags, labels }];
  });
}

/** The settings of each tool; those that are damaged stop nobody, and are told once. */
async function settingsOrWarn(
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
