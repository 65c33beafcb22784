import { ConfigError } from '../../errors.ts';
import { isTexts } from '../../lib/json/fields.ts';
import { isObject } from '../../lib/json/json.ts';
import { parseDuration } from '../../lib/text/duration.ts';
import { parseBytes } from '../../lib/text/parse-bytes.ts';
import type { ServerConfig } from '../target/server-entry.ts';

export const ELICIT_POLICIES = ['ask', 'decline', 'defaults'] as const;

/** What to do when a server asks something: ask on a terminal, decline, or answer with the defaults of the form. */
export type ElicitPolicy = (typeof ELICIT_POLICIES)[number];

/** Whether what is acknowledged waits for the disk of the store. */
export const WAIT_AOF = ['always', 'off'] as const;

/** A folder or another place that a server may work in (MCP, client/roots). */
export interface Root {
  uri: string;
  name?: string;
}

/** A command that is run without a shell. */
export interface CommandSetting {
  command: string;
  args: string[];
}

/** How one instance is dealt with; kept beside its target in the configuration. */
export interface InstanceSettings {
  /** `--background` of a tool without tasks returns at once, as with `--detach`. */
  detach: boolean;
  /** The first call starts a keeper, which holds the connection for the next ones. */
  keepAlive: boolean;
  /** How long a keeper without work stays, in milliseconds; undefined: until it is stopped. */
  idleTimeoutMs: number | undefined;
  /** How long connecting may take, in milliseconds; undefined: no limit. */
  connectTimeoutMs: number | undefined;
  elicit: ElicitPolicy | undefined;
  roots: Root[];
  /** The field that says that the server is not to be used, as other hosts have it; undefined when it may be. */
  disabledBy: 'disabled' | 'enabled' | undefined;
  /** TAB may ask the server for the values of prompts' arguments and templates' variables. */
  serverCompletion: boolean;
  /** Answers sampling/createMessage: gets the request's params as JSON on stdin, prints a CreateMessageResult. */
  sampling: CommandSetting | undefined;
  /** The address of the store that has the jobs, `${VAR}` and all (store-address.ts); undefined: what MCP2CLI_STORE says, else files. */
  store: string | undefined;
  /** Bytes of JSON that a result may have there; undefined: the usual limit. */
  storeResultLimit: number | undefined;
  /** What is acknowledged there is on its disk: it is asked to say so. */
  storeWaitAof: boolean;
}

/** The settings by their names in the configuration, beside `url` or `command`. */
export const SETTING_KEYS = [
  'detach',
  'keepAlive',
  'idleTimeout',
  'connectTimeout',
  'elicit',
  'serverCompletion',
  'roots',
  'sampling',
  'passEnv',
  'proxy',
  'ca',
  'disabled',
  'enabled',
  'permissions',
  'roles',
  'scopes',
  'store',
  'store.resultLimit',
  'store.waitAof',
] as const;
export type SettingKey = (typeof SETTING_KEYS)[number];

/** Settings that are an address, whose credentials are in no output. */
const ADDRESSES: readonly string[] = ['proxy', 'store'];

export function shownSetting(key: string, value: unknown): unknown {
  return ADDRESSES.includes(key) ? withoutCredentials(value) : value;
}

/** The settings that are set, as they may be shown. */
export function settingsOf(server: ServerConfig): Partial<Record<SettingKey, unknown>> {
  return Object.fromEntries(
    SETTING_KEYS.flatMap((key) => {
      const value = server[key];
      if (value === undefined) return [];
      return [[key, shownSetting(key, value)]];
    }),
  );
}

/** A URL for output: what stands before its host is shown only as far as it is `${VAR}`. */
export function withoutCredentials(url: unknown): unknown {
  if (typeof url !== 'string') return url === undefined ? undefined : '[redacted]';
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)?(.*)@/is, (_, scheme: string | undefined, given: string) =>
    /^(\$\{[^}]*\}:?)*$/.test(given) ? `${scheme ?? ''}${given}@` : `${scheme ?? ''}[redacted]@`,
  );
}

const DURATION = 'a duration, such as "30s"';

const DEFAULT_IDLE_MS = 30_000;
const DEFAULT_CONNECT_MS = 60_000;

export const DEFAULT_SETTINGS: InstanceSettings = {
  detach: false,
  keepAlive: false,
  idleTimeoutMs: DEFAULT_IDLE_MS,
  connectTimeoutMs: DEFAULT_CONNECT_MS,
  elicit: undefined,
  serverCompletion: false,
  roots: [],
  disabledBy: undefined,
  sampling: undefined,
  store: undefined,
  storeResultLimit: undefined,
  storeWaitAof: false,
};

/** The settings of a configured instance. Error: ConfigError that names the field and what it takes. */
export function instanceSettings(name: string, server: ServerConfig): InstanceSettings {
  const wrong = (field: string, takes: string) =>
    new ConfigError(`instance ${name}: ${field} must be ${takes}`, {
      hint: `fix it in the configuration, or: mcp2cli instances unset ${name} ${field}`,
    });
  // It belongs to the target (config.ts), and is judged with the other settings.
  passedVariables(name, server);
  const flag = (
    field: 'detach' | 'keepAlive' | 'serverCompletion' | 'disabled' | 'enabled',
    unset = false,
  ): boolean => {
    const value = server[field] ?? unset;
    if (typeof value !== 'boolean') throw wrong(field, 'true or false');
    return value;
  };
  const duration = (field: 'idleTimeout' | 'connectTimeout', usual: number): number | undefined => {
    const value = server[field];
    if (value === undefined) return usual;
    if (typeof value !== 'string' && typeof value !== 'number') throw wrong(field, DURATION);
    try {
      return parseDuration(String(value), field);
    } catch {
      throw wrong(field, DURATION);
    }
  };
  for (const [field, takes] of [
    ['proxy', 'the URL of a proxy, or none'],
    ['ca', 'the path of a file with certificates (PEM)'],
    ['store', 'the address of a store, such as redis://host:6379/0, or files'],
  ] as const)
    if (server[field] !== undefined && typeof server[field] !== 'string') throw wrong(field, takes);
  const disabled = flag('disabled');
  const enabled = flag('enabled', true);
  return {
    disabledBy: disabled ? 'disabled' : enabled ? undefined : 'enabled',
    detach: flag('detach'),
    keepAlive: flag('keepAlive'),
    idleTimeoutMs: duration('idleTimeout', DEFAULT_IDLE_MS),
    connectTimeoutMs: duration('connectTimeout', DEFAULT_CONNECT_MS),
    elicit: elicitPolicy(server['elicit'], () => wrong('elicit', ELICIT_POLICIES.join(', '))),
    serverCompletion: flag('serverCompletion'),
    roots: roots(server['roots'], () => wrong('roots', 'a list of folders or URIs')),
    sampling: server['sampling'] === undefined ? undefined : commandOf(server['sampling'], 'sampling', wrong),
    store: server['store'] as string | undefined,
    storeResultLimit: bytes(server['store.resultLimit'], (takes) => wrong('store.resultLimit', takes)),
    storeWaitAof: waitAof(server['store.waitAof'], () => wrong('store.waitAof', WAIT_AOF.join(' or '))),
  };
}

/** The names of the variables that a stdio server gets of the caller's environment, beside the usual ones. Error: ConfigError. */
export function passedVariables(name: string, server: ServerConfig): string[] {
  const names = server['passEnv'] ?? [];
  if (Array.isArray(names) && names.every((one) => typeof one === 'string' && /^[A-Za-z_]\w*$/.test(one)))
    return names;
  throw new ConfigError(`instance ${name}: passEnv must be a list of names of environment variables`, {
    hint: `fix it in the configuration, or: mcp2cli instances unset ${name} passEnv`,
  });
}

function waitAof(value: unknown, wrong: () => Error): boolean {
  if (value === undefined) return false;
  if (!(WAIT_AOF as readonly unknown[]).includes(value)) throw wrong();
  return value === 'always';
}

function bytes(value: unknown, wrong: (takes: string) => Error): number | undefined {
  if (value === undefined) return undefined;
  const number =
    typeof value === 'string' || typeof value === 'number' ? parseBytes(String(value)) : undefined;
  if (number === undefined || number < 1) throw wrong('a number of bytes, such as 16MB');
  return number;
}

function elicitPolicy(value: unknown, wrong: () => Error): ElicitPolicy | undefined {
  if (value === undefined) return undefined;
  const known = ELICIT_POLICIES.find((policy) => policy === value);
  if (!known) throw wrong();
  return known;
}

function roots(value: unknown, wrong: () => Error): Root[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw wrong();
  return value.map((root: unknown) => {
    if (typeof root === 'string') return { uri: root };
    if (typeof root !== 'object' || root === null) throw wrong();
    const { uri, name } = root as { uri?: unknown; name?: unknown };
    if (typeof uri !== 'string' || (name !== undefined && typeof name !== 'string')) throw wrong();
    return { uri, ...(name === undefined ? {} : { name }) };
  });
}

/** Error: what `wrong` makes, for anything but a command. */
export function commandOf(
  value: unknown,
  field: string,
  wrong: (field: string, takes: string) => Error,
): CommandSetting {
  const { command, args = [] } = isObject(value) ? value : {};
  if (typeof command !== 'string' || command === '' || !isTexts(args))
    throw wrong(field, '{"command": "...", "args": [...]}');
  return { command, args };
}
