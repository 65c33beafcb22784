import { dirname } from 'node:path';
import { replaceFile } from '../store/durable-file.ts';
import { withFileLock } from '../store/file-lock.ts';
import { sweepFolder } from '../store/sweep.ts';
import type { Definition } from './definition.ts';
import { definitionsText, readDefinitionsFile } from './read.ts';

/**
 * Changes an instance's definitions under a lock: `change` gets them as they are on disk now, by name, and edits the map in place. Written
 * durably, whole or not at all, and only when something has changed. Errors: ConfigError when the file is damaged or newer (it is left alone),
 * IoError, and what `change` throws; nothing is written then.
 */
export function editDefinitions<T>(
  path: string,
  change: (definitions: Map<string, Definition>) => T,
): Promise<T> {
  return withFileLock(path, 'the definitions', () => {
    const file = readDefinitionsFile(path);
    const before = definitionsText(file);
    const byName = new Map(file.definitions.map((one) => [one.name, one]));
    const result = change(byName);
    const after = definitionsText({ ...file, definitions: [...byName.values()] });
    if (after !== before) {
      sweepFolder(dirname(path));
      replaceFile(path, after);
    }
    return result;
  });
}
