/** Definitions that go with `jobs migrate`. */
import { editDefinitions } from '../../../definitions/edit.ts';
import type { Change } from '../../../definitions/edited.ts';
import { type DefinitionsFile, readDefinitionsFile } from '../../../definitions/read.ts';
import { editShared, readShared } from '../../../definitions/shared.ts';
import type { JobStore } from '../../../jobs/ports.ts';
import { sameJson } from '../../../lib/json/json.ts';
import { namesOfDefinition } from '../../../permissions/known-names.ts';
import { permitAll } from '../../../permissions/permit.ts';
import type { App } from '../../app.ts';

type Place = Pick<JobStore, 'definitions'>;

/** What became of the definitions and workflows of a store, by name. */
export interface MigratedDefinitions {
  copied: string[];
  present: string[];
  /** They are others in the store that they would go to, and stay as they are in both. */
  differ: string[];
}

/**
 * Copies definitions that `to` does not have, all of them or none. Errors: PermissionError, ConfigError for damaged ones, those of the stores.
 */
export async function migrateDefinitions(
  app: App,
  from: Place,
  to: Place,
  dryRun: boolean,
): Promise<MigratedDefinitions> {
  const path = app.paths.definitionsFile(app.instance.name);
  const read = async ({ definitions }: Place) =>
    definitions ? (await readShared(definitions)).file : readDefinitionsFile(path);
  const ours = await read(from);
  const theirs = await read(to);
  const planned = copyInto(mapsOf(theirs), ours);
  const named = [
    ...ours.definitions.map((one) => ({ name: one.name, names: namesOfDefinition(one) })),
    ...ours.workflows.map(({ name }) => ({ name, names: [name] })),
  ];
  for (const { name, names } of named)
    if (planned.copied.includes(name)) await permitAll(app, 'create', names);
  if (dryRun || planned.copied.length === 0) return planned;
  const change: Change<MigratedDefinitions> = (definitions, workflows) =>
    copyInto({ definitions, workflows }, ours);
  return to.definitions ? (await editShared(to.definitions, change)).result : editDefinitions(path, change);
}

function mapsOf({ definitions, workflows }: DefinitionsFile) {
  return {
    definitions: new Map(definitions.map((one) => [one.name, one])),
    workflows: new Map(workflows.map((one) => [one.name, one])),
  };
}

function copyInto(
  { definitions, workflows }: ReturnType<typeof mapsOf>,
  from: DefinitionsFile,
): MigratedDefinitions {
  const done: MigratedDefinitions = { copied: [], present: [], differ: [] };
  const copy = (one: { name: string }, put: () => void) => {
    const there = definitions.get(one.name) ?? workflows.get(one.name);
    if (!there) put();
    done[there === undefined ? 'copied' : sameJson(there, one) ? 'present' : 'differ'].push(one.name);
  };
  for (const one of from.definitions) copy(one, () => definitions.set(one.name, one));
  for (const one of from.workflows) copy(one, () => workflows.set(one.name, one));
  return done;
}
