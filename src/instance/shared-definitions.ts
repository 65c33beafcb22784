/** Definitions in a store that machines share, with a copy here for who cannot wait for it, or cannot reach it. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Change } from '../definitions/edited.ts';
import { knownDefinitionsFile } from '../definitions/place.ts';
import { type DefinitionsFile, noDefinitions, readDefinitionsFile } from '../definitions/read.ts';
import { editShared, readShared } from '../definitions/shared.ts';
import type { SharedDefinitions } from '../definitions/shared-port.ts';
import { CliError, IoError } from '../errors.ts';
import { makePrivateDir, replaceFile } from '../lib/disk/durable-file.ts';
import { sameJson } from '../lib/json/json.ts';
import type { StoreScope } from './scope.ts';

/**
 * How much they matter: `current`: as they are now, or an error; `listed`: the same, with a warning and what is known here where the store cannot
 * be asked; `known`: what is known here, and nobody is asked. In files all three are the same.
 */
export type Want = 'current' | 'listed' | 'known';

/** See `readOwn`. */
export async function readSharedOwn(scope: StoreScope, want: Want): Promise<DefinitionsFile> {
  if (want === 'known') return readKnown(scope);
  try {
    const copy = copyOf(scope);
    const { file, text } = await readShared(portOf(scope));
    if (!existsSync(copy)) tellOfLocal(scope, file);
    keep(copy, text);
    return file;
  } catch (error) {
    if (want === 'current' || !(error instanceof CliError)) throw error;
    scope.printer.warn(error.code, `definitions are told as they were last seen here: ${error.message}`);
    return readKnown(scope);
  }
}

/** An address that is none is told by whatever needs the store. */
function readKnown(scope: StoreScope): DefinitionsFile {
  try {
    return readDefinitionsFile(copyOf(scope));
  } catch (error) {
    if (error instanceof CliError) return noDefinitions();
    throw error;
  }
}

/** See `editOwn`. */
export async function editSharedOwn<T>(scope: StoreScope, change: Change<T>): Promise<T> {
  const { result, text } = await editShared(portOf(scope), change);
  keep(copyOf(scope), text);
  return result;
}

function copyOf({ paths, instance, context }: StoreScope): string {
  return knownDefinitionsFile(paths, instance, context.env);
}

function portOf({ store }: StoreScope): SharedDefinitions {
  if (!store.definitions) throw new Error('a shared store without definitions');
  return store.definitions;
}

/** Somebody else's older text may come last; whoever looks next mends that. */
function keep(copy: string, text: string): void {
  try {
    if (existsSync(copy) && readFileSync(copy, 'utf8') === text) return;
    makePrivateDir(dirname(copy));
    replaceFile(copy, text, { durable: false });
  } catch (error) {
    // It is a copy: a disk that takes none spoils no command.
    if (!(error instanceof IoError) && !(error as NodeJS.ErrnoException).code) throw error;
  }
}

/** When this machine sees the store for the first time: what was defined here before stays in its file, and is not used. */
function tellOfLocal(scope: StoreScope, shared: DefinitionsFile): void {
  const { definitions, workflows } = readDefinitionsFile(scope.paths.definitionsFile(scope.instance.name));
  const there = new Map([...shared.definitions, ...shared.workflows].map((one) => [one.name, one]));
  const missing = [...definitions, ...workflows]
    .filter((one) => !sameJson(one, there.get(one.name)))
    .map(({ name }) => name);
  if (missing.length === 0) return;
  scope.printer.warn(
    'definitions_elsewhere',
    `the store has not these definitions of this machine: ${missing.join(', ')}; to bring them over: ${scope.command('jobs', 'migrate')}`,
  );
}
