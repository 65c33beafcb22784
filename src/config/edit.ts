import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import Conf from 'conf';
import { ConfigError, IoError } from '../errors.ts';
import { editFile } from '../lib/disk/edit-file.ts';
import { markedCopy, stringifyJson } from '../lib/json/exact-json.ts';
import { isObject, sameJson } from '../lib/json/json.ts';
import { CONFIG_SCHEMA_VERSION, type Config, type ConfigFile, loadConfig, readConfigFile } from './config.ts';
import { editedText } from './edit-text.ts';
import { parseConfigText } from './json-text.ts';
import type { Paths } from './paths.ts';

/**
 * Changes the configuration under a lock: `change` gets the configuration as it is on disk now and edits it in place; it is run again when
 * somebody else's change came first. Comments stay where they are. Errors: ConfigError when the file is damaged (it is left alone), IoError when
 * it cannot be written, and what `change` throws; nothing is written then.
 */
export function editConfig<T>(paths: Paths, change: (config: Config) => T): Promise<T> {
  return editFile(paths.config, 'the configuration', () => {
    const before = readConfigFile(paths);
    // An object of its own: that of `before` stays as it was read.
    const config = loadConfig(paths);
    const result = change(config);
    const after = { ...config, schema_version: CONFIG_SCHEMA_VERSION };
    const text =
      before?.plain === false ? withComments(paths, before, after) : `${stringifyJson(after, 2)}\n`;
    return { result, write: (fresh) => write(fresh, after, text, paths.config) };
  });
}

/** The text with what has changed. Error: ConfigError when it would not say what is meant (a name that stands in it twice). */
function withComments(paths: Paths, before: ConfigFile, after: Config): string {
  const text = editedText(before.text, before.config, after);
  if (!saysTheSame(parseConfigText(text).value, after))
    throw new ConfigError(`the configuration cannot be changed with its comments: ${paths.config}`, {
      hint: 'change it by hand, or take the comments out',
    });
  return text;
}

/** Numbers that JavaScript cannot hold differ in their text alone. */
function saysTheSame(value: unknown, config: Config): boolean {
  if (!isObject(value)) return false;
  return sameJson(markedCopy({ schema_version: CONFIG_SCHEMA_VERSION, ...value }), markedCopy(config));
}

/** Written by conf. On a full disk its writer can report success for a file that was cut, so the file is read back. */
function write(fresh: string, config: Config, text: string, meant: string): void {
  const store = new Conf<Config>({
    cwd: dirname(fresh),
    configName: basename(fresh),
    fileExtension: '',
    configFileMode: 0o600,
    accessPropertiesByDotNotation: false,
    clearInvalidConfig: false,
    serialize: () => text,
    // It may read what it has written, and knows no comments.
    deserialize: () => config,
  });
  store.store = config;
  if (readFileSync(fresh, 'utf8') !== text) throw new IoError(`could not write ${meant} whole`);
}
