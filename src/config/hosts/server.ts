/** One server of a host as one of ours. The same for all hosts: they differ in the names of fields, which do not contradict each other. */
import { resolve } from 'node:path';
import { numberText } from '../../lib/json/exact-json.ts';
import { isObject, type JsonObject } from '../../lib/json/json.ts';
import { SETTING_KEYS } from '../settings/settings.ts';
import { secretPlaces } from '../target/secrets.ts';
import type { ServerConfig } from '../target/server-entry.ts';
import { type FillContext, NotImportable, ourValue } from './fill-in.ts';

/** A server in a host's file. */
export interface HostServer {
  /** As it is called there. */
  name: string;
  /** As we would have it; absent for one that is left out. */
  server?: ServerConfig;
  /** Why it is left out, in a sentence without its end. */
  reason?: string;
  /** What a person should know of it. */
  notes: string[];
  /** Where secrets stand in it, written out: `env.TOKEN`. */
  secrets: string[];
}

const URLS = ['url', 'httpUrl', 'serverUrl', 'uri', 'endpoint'];
const COMMANDS = ['command', 'cmd'];
const ENVIRONMENTS = ['env', 'environment', 'envs'];
const HEADERS = ['headers', 'http_headers'];
/** Names of variables that the server gets, as a list. */
const NAMES = ['env_vars', 'env_keys'];

const STDIO_TYPES = ['stdio', 'local', 'command'];
const HTTP_TYPES = [
  'http',
  'sse',
  'remote',
  'streamable',
  'streamablehttp',
  'streamable-http',
  'streamable_http',
];

/** Fields whose loss somebody may care about, and what is said of it. */
const LOST: readonly (readonly [names: readonly string[], note: string])[] = [
  [['envFile', 'env_file'], 'its file of variables is not read: set them, and name them with passEnv'],
  [
    ['includeTools', 'excludeTools', 'enabled_tools', 'disabled_tools', 'disabledTools', 'available_tools'],
    'which tools may be used is not taken over: see permissions',
  ],
  [['sandboxEnabled', 'sandbox'], 'here it runs without a sandbox'],
];

/** Reads one entry. Never throws: what cannot be taken over says why. */
export function hostServer(
  name: string,
  entry: unknown,
  fill: Omit<FillContext, 'note'>,
  parts: readonly string[] = [],
): HostServer {
  const notes: string[] = [];
  const note = (text: string) => {
    if (!notes.includes(text)) notes.push(text);
  };
  try {
    if (!isObject(entry)) throw new NotImportable('it is no object');
    const server = withText(entry, { ...fill, note }, parts);
    for (const [fields, text] of LOST) if (fields.some((field) => isSet(entry[field]))) note(text);
    return { name, server, notes, secrets: secretPlaces(server) };
  } catch (error) {
    if (!(error instanceof NotImportable)) throw error;
    return { name, reason: error.message, notes, secrets: [] };
  }
}

function isSet(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null && value !== false;
}

function withText(entry: JsonObject, fill: FillContext, parts: readonly string[]): ServerConfig {
  const type = text(entry, ['type', 'transport'])?.toLowerCase();
  const source = text(entry, ['source']);
  for (const kind of [type, source])
    if (kind !== undefined && parts.includes(kind))
      throw new NotImportable(
        `it is a part of ${fill.title} (${kind}), and no server that can be started here`,
      );
  if (type !== undefined && ![...STDIO_TYPES, ...HTTP_TYPES].includes(type))
    throw new NotImportable(`its type is ${JSON.stringify(type)}, which is not known here`);
  const url = text(entry, URLS);
  const hasCommand = COMMANDS.some((field) => isSet(entry[field]));
  const jobs = text(entry, ['jobs']);
  // Ours alone: no other program serves job files.
  if (jobs !== undefined && url === undefined && !hasCommand)
    return { ...jobFiles(entry, jobs, fill), ...settings(entry) };
  const overHttp = url !== undefined && !(type !== undefined && STDIO_TYPES.includes(type) && hasCommand);
  if (!overHttp && !hasCommand)
    throw new NotImportable(
      'it has neither a URL nor a command: its host brings the server, or it is not complete',
    );
  const server = overHttp ? httpServer(entry, ourValue(url, fill), fill) : stdioServer(entry, fill);
  return { ...server, ...settings(entry) };
}

/** A path is meant from where the file lies. */
function jobFiles(entry: JsonObject, path: string, fill: FillContext): ServerConfig {
  const jobs = ourValue(path, fill);
  const env = filled(firstMap(entry, ENVIRONMENTS), fill);
  const cwd = text(entry, ['cwd']);
  return {
    jobs: jobs.startsWith('${') ? jobs : resolve(fill.dir, jobs),
    ...(Object.keys(env).length > 0 ? { env } : {}),
    ...(cwd === undefined ? {} : { cwd: ourValue(cwd, fill) }),
  };
}

function httpServer(entry: JsonObject, url: string, fill: FillContext): ServerConfig {
  if (!/^(https?:\/\/|\$\{)/i.test(url))
    throw new NotImportable(`its address is no http(s) URL: ${url.replace(/:.*/s, ':...')}`);
  const bearer = text(entry, ['bearer_token_env_var']);
  const named = texts(entry, 'env_http_headers');
  const headers = {
    ...filled(firstMap(entry, HEADERS), fill),
    ...Object.fromEntries(Object.entries(named).map(([header, variable]) => [header, `\${${variable}}`])),
    ...(bearer === undefined ? {} : { Authorization: `Bearer \${${bearer}}` }),
  };
  return { type: 'http', url, ...(Object.keys(headers).length > 0 ? { headers } : {}) };
}

function stdioServer(entry: JsonObject, fill: FillContext): ServerConfig {
  const given = COMMANDS.map((field) => entry[field]).find(isSet);
  // Zed has had all in one object, OpenCode has all words in one list.
  const inner = isObject(given) ? given : entry;
  const words = Array.isArray(given)
    ? given
    : [isObject(given) ? (given['path'] ?? given['command']) : given, ...list(inner['args'], 'args')];
  if (!words.every((word) => ['string', 'number', 'boolean', 'bigint'].includes(typeof word)))
    throw new NotImportable('its command is no list of words');
  const [command = '', ...args] = words.map((word) => ourValue(String(word), fill));
  if (command === '') throw new NotImportable('its command is empty');
  const env = filled(firstMap(inner, ENVIRONMENTS), fill);
  const cwd = text(entry, ['cwd', 'workingDirectory']);
  const passEnv = NAMES.flatMap((field) => list(entry[field], field))
    .map((one) => (isObject(one) ? one['name'] : one))
    .filter((one): one is string => typeof one === 'string' && /^[A-Za-z_]\w*$/.test(one));
  if (isSet(entry['env_keys']) && passEnv.length > 0)
    fill.note(
      `${fill.title} may keep ${passEnv.join(', ')} in its keyring; here they come from the environment`,
    );
  return {
    command,
    args,
    ...(Object.keys(env).length > 0 ? { env } : {}),
    ...(cwd === undefined ? {} : { cwd: ourValue(cwd, fill) }),
    ...(passEnv.length > 0 ? { passEnv } : {}),
  };
}

/** Settings of our own, which a file that was written for this program may have, and what hosts have of their kind. */
function settings(entry: JsonObject): JsonObject {
  const own = Object.fromEntries(
    SETTING_KEYS.filter((key) => key !== 'enabled' && entry[key] !== undefined).map((key) => [
      key,
      entry[key],
    ]),
  );
  const off = isTrue(entry['disabled']) || entry['enabled'] === false || entry['enabled'] === 'false';
  delete own['disabled'];
  const seconds = text(entry, ['startup_timeout_sec']);
  return {
    ...own,
    ...(isObject(entry['tools']) ? { tools: entry['tools'] } : {}),
    ...(seconds !== undefined && /^\d+(\.\d+)?$/.test(seconds) ? { connectTimeout: `${seconds}s` } : {}),
    ...(off ? { disabled: true } : {}),
  };
}

const isTrue = (value: unknown) => value === true || value === 'true';

/** The first of the fields that is text, or a number as text. */
function text(entry: JsonObject, fields: readonly string[]): string | undefined {
  for (const field of fields) {
    const value = entry[field];
    if (typeof value === 'string' && value !== '') return value;
    if (typeof value === 'number' || typeof value === 'bigint')
      return numberText(entry, field) ?? String(value);
  }
  return undefined;
}

function list(value: unknown, field: string): unknown[] {
  if (value === undefined || value === null || value === '') return [];
  if (!Array.isArray(value)) throw new NotImportable(`its ${field} is no list`);
  return value;
}

function firstMap(entry: JsonObject, fields: readonly string[]): Record<string, string> {
  const field = fields.find((one) => isSet(entry[one]));
  return field === undefined ? {} : texts(entry, field);
}

/** A map of texts; numbers and booleans are the text that they are written as, null is none. */
function texts(entry: JsonObject, field: string): Record<string, string> {
  const map = entry[field];
  if (map === undefined || map === null || map === '') return {};
  if (!isObject(map)) throw new NotImportable(`its ${field} is no object`);
  const set = Object.entries(map).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(
    set.map(([key, value]) => {
      if (!['string', 'number', 'boolean', 'bigint'].includes(typeof value))
        throw new NotImportable(`its ${field}.${key} is no text`);
      return [key, numberText(map, key) ?? String(value)];
    }),
  );
}

function filled(map: Record<string, string>, fill: FillContext): Record<string, string> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, ourValue(value, fill)]));
}
