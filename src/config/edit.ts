import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import Conf from 'conf';
import { IoError } from '../errors.ts';
import { stringifyJson } from '../lib/exact-json.ts';
import { editFile } from '../store/edit-file.ts';
import { CONFIG_SCHEMA_VERSION, type Config, loadConfig } from './config.ts';
import type { Paths } from './paths.ts';

/**
 * Changes the configuration under a lock: `change` gets the configuration as it is on disk now and edits it in place; it is run again when
 * somebody else's change came first. Errors: ConfigError when the file is damaged (it is left alone), IoError when it cannot be written, and
 * what `change` throws; nothing is written then.
 */
export function editConfig<T>(paths: Paths, change: (config: Config) => T): Promise<T> {
  return editFile(paths.config, 'the configuration', () => {
    const config = loadConfig(paths);
    const result = change(config);
    return {
      result,
      write: (fresh) => write(fresh, { ...config, schema_version: CONFIG_SCHEMA_VERSION }, paths.config),
    };
  });
}

/** Written by conf. On a full disk its writer can report success for a file that was cut, so the file is read back. */
function write(fresh: string, config: Config, meant: string): void {
  const serialize = (value: unknown) => `${stringifyJson(value, 2)}\n`;
  const store = new Conf<Config>({
    cwd: dirname(fresh),
    configName: basename(fresh),
    fileExtension: '',
    configFileMode: 0o600,
    accessPropertiesByDotNotation: false,
    clearInvalidConfig: false,
    serialize,
  });
  store.store = config;
  if (readFileSync(fresh, 'utf8') !== serialize(config)) throw new IoError(`could not write ${meant} whole`);
}
