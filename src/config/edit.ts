import { existsSync, linkSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Conf from 'conf';
import { IoError } from '../errors.ts';
import { stringifyJson } from '../lib/exact-json.ts';
import { withFileLock } from '../store/file-lock.ts';
import { ioFailure } from '../store/io-failure.ts';
import { sweepFolder } from '../store/sweep.ts';
import { CONFIG_SCHEMA_VERSION, type Config, loadConfig } from './config.ts';
import type { Paths } from './paths.ts';

/**
 * Changes the configuration under a lock: `change` gets the configuration as it is on disk now and edits it in place. Written by conf
 * (atomic, 0600). On a full disk conf's writer can report success for a file that was cut, so the file is read back and the old one put in place again.
 * Errors: ConfigError when the file is damaged (it is left alone), IoError when it cannot be written, and what `change` throws.
 */
export function editConfig<T>(paths: Paths, change: (config: Config) => T): Promise<T> {
  return withFileLock(paths.config, 'the configuration', () => {
    const config = loadConfig(paths);
    sweepFolder(dirname(paths.config), isHalfMade);
    const result = change(config);
    write(paths, { ...config, schema_version: CONFIG_SCHEMA_VERSION });
    return result;
  });
}

/** What a writer leaves that is killed: conf's own temporary file, and our second name of the old one. */
function isHalfMade(name: string): boolean {
  return /^config\.json\.tmp-|^\.config\.\d+\.bak$/.test(name);
}

function write(paths: Paths, config: Config): void {
  const backup = join(dirname(paths.config), `.config.${process.pid}.bak`);
  const existed = existsSync(paths.config);
  if (existed) {
    rmSync(backup, { force: true });
    linkSync(paths.config, backup);
  }
  const expected = `${stringifyJson(config, 2)}\n`;
  try {
    const store = new Conf<Config>({
      cwd: paths.root,
      configName: 'config',
      fileExtension: 'json',
      configFileMode: 0o600,
      accessPropertiesByDotNotation: false,
      clearInvalidConfig: false,
      serialize: (value) => `${stringifyJson(value, 2)}\n`,
    });
    store.store = config;
    if (readFileSync(paths.config, 'utf8') !== expected)
      throw new IoError(`could not write ${paths.config} whole`);
  } catch (error) {
    if (existed) renameSync(backup, paths.config);
    throw ioFailure(error, 'write', paths.config);
  } finally {
    rmSync(backup, { force: true });
  }
}
