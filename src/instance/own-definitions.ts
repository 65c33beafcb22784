/** The instance's own definitions: in a file of this machine, or in the store that machines share. */
import { lstatSync } from 'node:fs';
import { hasStore } from '../config/settings/store-address.ts';
import type { Change } from '../definitions/edited.ts';
import type { DefinitionsFile } from '../definitions/read.ts';
import type { StoreScope } from './scope.ts';
import type { Want } from './shared-definitions.ts';

/** Whether they are in a store that machines share, as far as is set. */
export function areShared({ instance, context }: StoreScope): boolean {
  return hasStore(instance.settings, context.env);
}

/**
 * The definitions and workflows. Most instances have none: one look at the disk then, and nothing is loaded. Errors: ConfigError, IoError; with
 * `current` those of the store.
 */
export async function readOwn(scope: StoreScope, want: Want): Promise<DefinitionsFile> {
  if (areShared(scope)) return (await import('./shared-definitions.ts')).readSharedOwn(scope, want);
  const path = scope.paths.definitionsFile(scope.instance.name);
  if (!mayExist(path)) return { definitions: [], workflows: [], extra: {} };
  return (await import('../definitions/read.ts')).readDefinitionsFile(path);
}

/** Changes them; see `editDefinitions`. Errors: what `change` throws, ConfigError, IoError, those of the store; nothing is written then. */
export async function editOwn<T>(scope: StoreScope, change: Change<T>): Promise<T> {
  if (areShared(scope)) return (await import('./shared-definitions.ts')).editSharedOwn(scope, change);
  const { editDefinitions } = await import('../definitions/edit.ts');
  return editDefinitions(scope.paths.definitionsFile(scope.instance.name), change);
}

/** False only where there is certainly nothing: what cannot be looked at is for whoever reads it to tell. */
function mayExist(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}
