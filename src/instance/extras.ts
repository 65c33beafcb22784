/** What an instance's server offers beside its tools: from the cache, or asked for. */
import { EXTRA_KINDS, type ExtraKind, type Extras } from '../catalog/extras.ts';
import { readExtras, writeExtras } from '../catalog/extras-cache.ts';
import { CliError, RpcError } from '../errors.ts';
import { isObject } from '../lib/json/json.ts';
import type { Listed } from '../lib/pages.ts';
import { catalogueKey } from './catalog-key.ts';
import type { InstanceScope } from './scope.ts';

const NONE = { resources: [], templates: [], prompts: [] };

/** What the cache has; no network. Undefined where nothing was cached for this target. */
export function cachedExtras({ paths, instance }: InstanceScope): Extras | undefined {
  return readExtras(paths.extrasFile(instance.name), catalogueKey(instance));
}

/**
 * For lists of everything: from the cache, or from the server when there is none and it has any. A server that cannot be asked has none for the
 * moment. Error: the signal's reason.
 */
export async function extrasForList(scope: InstanceScope, signal: AbortSignal): Promise<Extras> {
  const cached = cachedExtras(scope);
  if (cached) return cached;
  const known = await (await scope.session()).facts();
  if (known && declared(known.capabilities).length === 0) return { ...NONE, fetchedAt: known.savedAt };
  try {
    return await fetchExtras(scope, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CliError)) throw error;
    scope.printer.detail(`resources and prompts were not read: ${error.message}`);
    return { ...NONE, fetchedAt: '' };
  }
}

/**
 * Asks the server for what it declares, or for certain kinds whether it declares them or not, and caches what came. All pages; a listing that does
 * not end is ended with what had come, and told (lib/pages.ts). A server without a kind has none of it. Errors: those of connecting and of `listAll`.
 */
export async function fetchExtras(
  scope: InstanceScope,
  signal: AbortSignal,
  wanted?: readonly ExtraKind[],
): Promise<Extras> {
  const session = await scope.session();
  const reader = await session.reader(signal);
  const { fetchPrompts, fetchResources, fetchTemplates } = await import('../catalog/fetch.ts');
  const offered = declared((await reader.facts()).capabilities);
  const kinds = wanted ?? offered;
  const warn = (message: string) => scope.printer.warn('catalogue', message);
  const list = async <T>(
    kind: ExtraKind,
    fetch: (request: typeof reader.request, warn: (message: string) => void) => Promise<Listed<T>>,
  ): Promise<Listed<T> | undefined> => {
    if (!kinds.includes(kind)) return undefined;
    try {
      return await fetch((method, params, options) => reader.request(method, params, options), warn);
    } catch (error) {
      // It had not said that it has any.
      if (error instanceof RpcError && !offered.includes(kind)) return { entries: [], complete: true };
      throw error;
    }
  };
  const [resources, templates, prompts] = await Promise.all([
    list('resource', fetchResources),
    list('template', fetchTemplates),
    list('prompt', fetchPrompts),
  ]);
  const all = [resources, templates, prompts];
  const before = wanted ? cachedExtras(scope) : undefined;
  const extras: Extras = {
    fetchedAt: scope.context.clock.now().toISOString(),
    resources: resources?.entries ?? before?.resources ?? [],
    templates: templates?.entries ?? before?.templates ?? [],
    prompts: prompts?.entries ?? before?.prompts ?? [],
  };
  // What is missing for the moment, or was not asked for, must not be missing from then on without a word.
  const isWhole = !wanted || before || offered.every((kind) => wanted.includes(kind));
  if (isWhole && all.every((one) => one?.complete ?? true)) save(scope, extras);
  return extras;
}

function save(scope: InstanceScope, extras: Extras): void {
  const { paths, instance, printer } = scope;
  try {
    writeExtras(paths.extrasFile(instance.name), catalogueKey(instance), extras);
  } catch (error) {
    printer.warn('cache', `resources and prompts were not cached: ${(error as Error).message}`);
  }
}

/** The kinds that a server says it has. Templates have no word of their own. */
function declared(capabilities: Record<string, unknown>): ExtraKind[] {
  const has = (name: string) => isObject(capabilities[name]);
  return EXTRA_KINDS.filter((kind) => (kind === 'prompt' ? has('prompts') : has('resources')));
}
