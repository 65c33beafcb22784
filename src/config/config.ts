import { readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { ConfigError, IoError, UsageError } from '../errors.ts';
import { isObject } from '../lib/json/json.ts';
import { decodeText } from '../lib/text/text.ts';
import { parseConfigText } from './json-text.ts';
import { isSafeName } from './names.ts';
import type { Paths } from './paths.ts';
import { passedVariables } from './settings/settings.ts';
import { expand, expandAll } from './target/expand.ts';
import { jobsTarget } from './target/job-host.ts';
import { argsOf, serverEntry, textField, textMap, urlOf, wrongEntry } from './target/server-entry.ts';
import { variablesOf } from './target/server-environment.ts';
import type { Target } from './target/target.ts';

export const CONFIG_SCHEMA_VERSION = 1;

export interface Config {
  schema_version: number;
  /** The instance that commands without a name go to. */
  active?: string;
  /** Entries as they stand in the file, usable or not; `serverEntry` tells. */
  mcpServers: Record<string, unknown>;
  /** It is another program's file, used for one command (`--config`). */
  [FROM_FILE]?: ForeignFile;
  [extra: string]: unknown;
}

/** Completion has a copy of this module to itself: the symbol must be the same. */
export const FROM_FILE: unique symbol = Symbol.for('mcp2cli: from a file of another program');

export interface ForeignFile {
  path: string;
  /** Why servers in it cannot be used, by their names. */
  leftOut: ReadonlyMap<string, string>;
}

/**
 * Reads the configuration file; none is an empty configuration. Reading is done here and not by conf, which costs start-up; conf
 * writes (edit.ts). Errors: ConfigError for a file that is damaged or from a newer version; it is never treated as empty.
 */
export function loadConfig(paths: Paths): Config {
  return readConfigFile(paths)?.config ?? { schema_version: CONFIG_SCHEMA_VERSION, mcpServers: {} };
}

export interface ConfigFile {
  config: Config;
  text: string;
  /** False when there are comments or trailing commas in it. */
  plain: boolean;
}

/** The same with the text of the file; undefined without one. Errors: those of `loadConfig`. */
export function readConfigFile(paths: Paths): ConfigFile | undefined {
  let text: string;
  try {
    text = decodeText(readFileSync(paths.config));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    const Kind = code === 'EISDIR' ? ConfigError : IoError;
    throw new Kind(`cannot read ${paths.config}: ${message}`, { cause: error });
  }
  try {
    const { value, plain } = parseConfigText(text);
    return { config: checkConfig(value, paths.config), text, plain };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ConfigError(`the configuration is damaged: ${paths.config}: ${error.message}`, {
      cause: error,
      hint: 'fix the JSON by hand, or move the file away and add the instances again',
    });
  }
}

function checkConfig(value: unknown, path: string): Config {
  const damaged = (what: string) =>
    new ConfigError(`the configuration is damaged: ${path}: ${what}`, {
      hint: 'fix it by hand, or move the file away',
    });
  if (!isObject(value)) throw damaged('not a JSON object');
  const version = value['schema_version'] ?? CONFIG_SCHEMA_VERSION;
  if (typeof version !== 'number') throw damaged('schema_version is not a number');
  if (version > CONFIG_SCHEMA_VERSION)
    throw new ConfigError(`the configuration was written by a newer version of mcp2cli: ${path}`, {
      code: 'newer',
      hint: 'update mcp2cli',
    });
  const servers = value['mcpServers'] ?? {};
  if (!isObject(servers)) throw damaged('mcpServers is not an object');
  if (value['active'] !== undefined && typeof value['active'] !== 'string')
    throw damaged('active is not a string');
  return { ...value, schema_version: version, mcpServers: servers };
}

/** The name as it is stored, for a name typed in any case (names are unique without regard to case). */
export function findInstance(config: Config, name: string): string | undefined {
  if (Object.hasOwn(config.mcpServers, name)) return name;
  const lower = name.toLowerCase();
  return Object.keys(config.mcpServers).find((known) => known.toLowerCase() === lower);
}

/** The configured target as it was saved, `${VAR}` and all. Error: ConfigError for an entry that names no server. */
export function configuredTarget(name: string, entry: unknown): Target {
  if (!isSafeName(name))
    throw new ConfigError(
      `the configuration has an instance with an impossible name: ${JSON.stringify(name)}`,
      { hint: 'rename it in the configuration file, or remove it: mcp2cli instances remove NAME' },
    );
  const server = serverEntry(name, entry);
  const url = urlOf(name, server);
  if (url !== undefined) {
    const proxy = textField(name, server, 'proxy');
    const ca = textField(name, server, 'ca');
    return {
      kind: 'http',
      url,
      headers: textMap(name, server, 'headers'),
      ...(proxy === undefined ? {} : { proxy }),
      ...(ca === undefined ? {} : { ca }),
    };
  }
  const jobs = textField(name, server, 'jobs');
  if (jobs !== undefined && !isAbsolute(jobs) && !jobs.startsWith('${'))
    throw wrongEntry(name, `jobs must be an absolute path, not ${JSON.stringify(jobs)}`);
  const command = textField(name, server, 'command');
  if (command === undefined && jobs === undefined)
    throw wrongEntry(name, 'it has neither a url nor a command nor jobs');
  if (command !== undefined && jobs !== undefined) throw wrongEntry(name, 'it has both a command and jobs');
  const cwd = textField(name, server, 'cwd');
  const passEnv = passedVariables(name, server);
  return {
    kind: 'stdio',
    ...(command === undefined ? jobsTarget(jobs ?? '') : { command, args: argsOf(name, server) }),
    env: textMap(name, server, 'env'),
    ...(passEnv.length > 0 ? { passEnv } : {}),
    ...(cwd === undefined ? {} : { cwd }),
  };
}

/** The target ready for use: variables filled in, the URL checked. Errors: UsageError. */
export function expandTarget(
  target: Target,
  env: Readonly<Record<string, string | undefined>>,
  name: string,
): Target {
  const where = `instance ${name}`;
  const filled: Record<string, string> = {};
  if (target.kind === 'http') {
    const url = expand(target.url, env, `${where} url`, filled);
    // What a variable holds may be a secret: the URL is told as it was configured.
    checkUrl(url, target.url);
    const { proxy, ca } = target;
    return {
      kind: 'http',
      url,
      headers: expandAll(target.headers, env, `${where} header`),
      ...(proxy === undefined ? {} : { proxy: expand(proxy, env, `${where} proxy`) }),
      ...(ca === undefined ? {} : { ca: expand(ca, env, `${where} ca`) }),
      filled,
    };
  }
  const passed = variablesOf(env, target.passEnv ?? []);
  Object.assign(filled, passed);
  return {
    kind: 'stdio',
    command: expand(target.command, env, `${where} command`),
    args: target.args.map((arg, i) => expand(arg, env, `${where} argument ${i + 1}`, filled)),
    env: { ...passed, ...expandAll(target.env, env, `${where} environment`, filled) },
    filled,
    ...(target.jobs === undefined ? {} : { jobs: expand(target.jobs, env, `${where} jobs`) }),
    ...(target.cwd === undefined ? {} : { cwd: expand(target.cwd, env, `${where} cwd`) }),
  };
}

/** Error: UsageError unless the text is an absolute http(s) URL; `shown` is what the person knows it by. */
function checkUrl(url: string, shown = url): void {
  let protocol: string;
  try {
    protocol = new URL(url).protocol;
  } catch {
    throw new UsageError(`not a URL: ${shown}`, {
      hint: 'give the whole address, for example https://host/mcp',
    });
  }
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new UsageError(`not an http(s) URL: ${shown}`, { hint: 'an MCP endpoint is http:// or https://' });
}

/**
 * `checkUrl` for a URL that may have `${VAR}` in it: they are filled in when it is used; what stands around them must be a URL all the same.
 */
export function checkUrlTemplate(url: string): void {
  checkUrl(url.replace(/^\$\{[^}]*\}/, 'http://x').replace(/\$\{[^}]*\}/g, '1'));
}

/** A path as it was meant where it was typed; one that begins with a variable is known only when it is used. */
export function absoluteDir(dir: string, cwd: string): string {
  return dir.startsWith('${') ? dir : resolve(cwd, dir);
}
