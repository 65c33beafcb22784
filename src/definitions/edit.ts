import { writeFileSync } from 'node:fs';
import { UsageError } from '../errors.ts';
import { editFile } from '../lib/disk/edit-file.ts';
import type { Definition } from './definition.ts';
import { type DefinitionsFile, definitionsText, readDefinitionsFile, type StoredWorkflow } from './read.ts';

const NEW = { flag: 'wx', mode: 0o600 } as const;

/** Edits definitions and workflows, by their names, in place. */
export type Change<T> = (definitions: Map<string, Definition>, workflows: Map<string, StoredWorkflow>) => T;

/**
 * Changes the definitions of a file under a lock: `change` gets them as they are on disk now, and is run again when somebody else's change came
 * first. Written durably, whole or not at all, and only when something has changed.
 * @throws ConfigError when the file is damaged or newer (it is left alone), IoError, and what `change` throws; nothing is written then.
 */
export function editDefinitions<T>(path: string, change: Change<T>): Promise<T> {
  return editFile(path, 'the definitions', () => {
    const { result, text } = edited(readDefinitionsFile(path), change);
    return {
      result,
      write: text === undefined ? undefined : (fresh: string) => writeFileSync(fresh, text, NEW),
    };
  });
}

/** What `change` makes of a file; no text when that is the same. Errors: what `change` throws, UsageError for one name of two things. */
export function edited<T>(file: DefinitionsFile, change: Change<T>): { result: T; text: string | undefined } {
  const before = definitionsText(file);
  const byName = new Map(file.definitions.map((one) => [one.name, one]));
  const flows = new Map(file.workflows.map((one) => [one.name, one]));
  const result = change(byName, flows);
  const both = [...flows.keys()].find((name) => byName.has(name));
  if (both !== undefined)
    throw new UsageError(`${both} would be a definition and a workflow: choose another name`, {
      code: 'exists',
    });
  const text = definitionsText({
    ...file,
    definitions: [...byName.values()],
    workflows: [...flows.values()],
  });
  return { result, text: text === before ? undefined : text };
}
