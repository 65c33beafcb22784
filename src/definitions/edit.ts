import { writeFileSync } from 'node:fs';
import { editFile } from '../lib/disk/edit-file.ts';
import { type Change, edited } from './edited.ts';
import { readDefinitionsFile } from './read.ts';

const NEW = { flag: 'wx', mode: 0o600 } as const;

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
