import { writeFileSync } from 'node:fs';
import { UsageError } from '../errors.ts';
import { editFile } from '../lib/disk/edit-file.ts';
import type { Definition } from './definition.ts';
import { definitionsText, readDefinitionsFile, type StoredWorkflow } from './read.ts';

const NEW = { flag: 'wx', mode: 0o600 } as const;

/**
 * Changes an instance's definitions under a lock: `change` gets them as they are on disk now, by name, and edits the map in place; it is run
 * again when somebody else's change came first. Written durably, whole or not at all, and only when something has changed.
 * @throws ConfigError when the file is damaged or newer (it is left alone), IoError, and what `change` throws; nothing is written then.
 */
export function editDefinitions<T>(
  path: string,
  change: (definitions: Map<string, Definition>, workflows: Map<string, StoredWorkflow>) => T,
): Promise<T> {
  return editFile(path, 'the definitions', () => {
    const file = readDefinitionsFile(path);
    const before = definitionsText(file);
    const byName = new Map(file.definitions.map((one) => [one.name, one]));
    const flows = new Map(file.workflows.map((one) => [one.name, one]));
    const result = change(byName, flows);
    const both = [...flows.keys()].find((name) => byName.has(name));
    if (both !== undefined)
      throw new UsageError(`${both} would be a definition and a workflow: choose another name`, {
        code: 'exists',
      });
    const after = definitionsText({
      ...file,
      definitions: [...byName.values()],
      workflows: [...flows.values()],
    });
    return {
      result,
      write: after === before ? undefined : (fresh: string) => writeFileSync(fresh, after, NEW),
    };
  });
}
