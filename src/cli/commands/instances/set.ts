import { resolve } from 'node:path';
import { absoluteDir, type Config, configuredTarget } from '../../../config/config.ts';
import { accessSettings } from '../../../config/settings/permission-settings.ts';
import {
  instanceSettings,
  type SettingKey,
  settingsOf,
  shownSetting,
} from '../../../config/settings/settings.ts';
import { checkAddress } from '../../../config/settings/store-address.ts';
import { commandMisfit } from '../../../config/target/command-word.ts';
import { type ServerConfig, serverEntry } from '../../../config/target/server-entry.ts';
import type { Context } from '../../../context.ts';
import { ConfigError, EXIT, UsageError } from '../../../errors.ts';
import { nearestNames } from '../../../lib/text/nearest-names.ts';
import { shellQuote } from '../../../lib/text/shell-quote.ts';
import { checkRoot, isUri } from '../../../mcp/client-features/client-features.ts';
import { readAuthorities } from '../../../mcp/http/authorities.ts';
import { parseProxy } from '../../../mcp/proxy/choice.ts';
import type { App } from '../../app.ts';
import { readGivenFile } from '../../arguments/given-file.ts';
import { settingText } from '../../output/views/setting-view.ts';
import { knownInstance } from './list.ts';

type ReadSetting = (words: readonly string[], app: App) => unknown;

/** How the words behind a setting become its value in the configuration. What makes no sense is left to the check that follows. */
const SETTINGS: Record<SettingKey, ReadSetting> = {
  detach: flag,
  keepAlive: flag,
  idleTimeout: only,
  connectTimeout: only,
  elicit: only,
  serverCompletion: flag,
  // As it was meant where it was typed; a variable is known only when it is used.
  roots: (words, { context }) => {
    for (const word of words) checkRoot(word);
    return words.map((word) => (isUri(word) ? word : absoluteDir(word, context.cwd)));
  },
  sampling: ([command = '', ...args], { context }) => {
    checkCommandWord('sampling', command, context);
    return { command: /^\.{1,2}[\\/]/.test(command) ? resolve(context.cwd, command) : command, args };
  },
  passEnv: (words) => words.flatMap((word) => word.split(',')).filter((name) => name !== ''),
  proxy: only,
  // As for roots.
  ca: (words, { context }) => (words.length === 1 ? absoluteDir(words[0] ?? '', context.cwd) : words),
  disabled: flag,
  enabled: flag,
  permissions: (words, app) => readRules(app, String(only(words))),
  roles: (words) => words,
  scopes: (words) => words,
  store: only,
  'store.resultLimit': only,
  'store.waitAof': only,
};

/** Error: UsageError for a word that cannot be a command. */
function checkCommandWord(key: string, word: string, around: Context): void {
  const misfit = commandMisfit(word, around);
  if (misfit?.kind === 'address') throw new UsageError(`${key}: not a command: ${word}`);
  if (misfit)
    throw new UsageError(`${key}: not a command, but a whole line in one word: ${JSON.stringify(word)}`, {
      hint: `word by word: mcp2cli instances set NAME ${key} -- ${misfit.words?.map(shellQuote).join(' ') ?? 'COMMAND [ARG]...'}`,
    });
}

/** One word is a value, several are none. */
export function only(words: readonly string[]): unknown {
  return words.length === 1 ? words[0] : words;
}

export function flag(words: readonly string[]): unknown {
  const word = only(words);
  return word === 'true' ? true : word === 'false' ? false : word;
}

/** Rules as JSON, or `@FILE` with them. A command that is a path is one below the folder where it was typed. Errors: UsageError, IoError. */
function readRules(app: App, given: string): unknown {
  const file = given.startsWith('@') ? readGivenFile(app, given.slice(1), 'permissions') : undefined;
  const where = file === undefined ? 'permissions' : `permissions (${file.path})`;
  try {
    return JSON.parse(file?.text ?? given, (key, value: unknown) =>
      key === 'command' && typeof value === 'string' && /^\.{1,2}[\\/]/.test(value)
        ? resolve(app.context.cwd, value)
        : value,
    );
  } catch (error) {
    throw new UsageError(`${where}: not JSON: ${(error as Error).message}`, {
      hint: `for example '[{"action": "execute", "tools": ["delete-*"], "roles": ["admin"]}]', or @FILE`,
    });
  }
}

/** `instances set NAME KEY VALUE...`. Error: UsageError for a key that is none, and for a value that it does not take. */
export async function setSetting(
  app: App,
  typed: string,
  typedKey: string,
  words: readonly string[],
): Promise<number> {
  const [key, read] = settingOf(typedKey);
  if (words.length === 0 || words.includes(''))
    throw new UsageError(`${key}: which value?`, { hint: 'see: mcp2cli instances set --help' });
  const value = read(words, app);
  const server = await change(app, typed, (name, config) => {
    checkSetting(name, key, value);
    if (key === 'proxy' || key === 'ca') checkRoute(name, config, key, String(value));
    config[key] = value;
  });
  const shown = settingText(shownSetting(key, value));
  return printed(app, 'instances set', `${server.name}: ${key} is ${shown}`, server);
}

/** `instances unset NAME KEY`: as if it had never been set. Error: UsageError for a key that is none. */
export async function unsetSetting(app: App, typed: string, typedKey: string): Promise<number> {
  const [key] = settingOf(typedKey);
  let had = false;
  const server = await change(app, typed, (_, config) => {
    had = config[key] !== undefined;
    delete config[key];
  });
  if (!had) app.printer.note(`${key} was not set`);
  return printed(app, 'instances unset', `${server.name}: ${key} is not set`, server);
}

/** A key in the form in which its spellings are one. */
export function plainKey(text: string): string {
  return text.replace(/[-_]/g, '').toLowerCase();
}

/** A key as it is stored: `keep-alive` is `keepAlive`. */
function settingOf(typed: string): [key: string, read: ReadSetting] {
  const found = Object.entries(SETTINGS).find(([key]) => plainKey(key) === plainKey(typed));
  if (found) return found;
  const [near] = nearestNames(typed, Object.keys(SETTINGS));
  throw new UsageError(`no setting ${JSON.stringify(typed)}`, {
    hint: near ? `did you mean ${near}?` : `one of ${Object.keys(SETTINGS).join(', ')}`,
  });
}

/** The value is judged alone: a setting that is damaged must not keep others from being mended. */
function checkSetting(name: string, key: string, value: unknown): void {
  try {
    instanceSettings(name, { [key]: value });
    accessSettings(name, { [key]: value });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new UsageError(`${error.message.replace(/^instance [^:]*: /, '')} (given ${settingText(value)})`, {
      cause: error,
    });
  }
  if (key === 'store') asUsage(() => checkAddress(String(value), key));
}

/** A proxy and a file of certificates are looked at where they are set, as far as there are no variables in them. Errors: UsageError. */
function checkRoute(name: string, server: ServerConfig, key: 'proxy' | 'ca', value: string): void {
  if (configuredTarget(name, server).kind !== 'http')
    throw new UsageError(`${key}: ${name} is not a server over HTTP`);
  if (value.includes('${')) return;
  if (key === 'proxy') parseProxy(value, key);
  else asUsage(() => readAuthorities(value, 'ca'));
}

/** What would be an error of the configuration is one of the line that would put it there. */
function asUsage(check: () => void): void {
  try {
    check();
  } catch (error) {
    throw error instanceof ConfigError
      ? new UsageError(error.message, { cause: error, hint: error.hint })
      : error;
  }
}

/** Edits an instance's entry in the configuration. Error: UsageError for an instance that is none. */
export async function change(
  app: App,
  typed: string,
  edit: (name: string, server: ServerConfig) => void,
): Promise<{ name: string; server: ServerConfig }> {
  const name = knownInstance(app, typed);
  const { editConfig } = await import('../../../config/edit.ts');
  const server = await editConfig(app.paths, (config: Config) => {
    if (!Object.hasOwn(config.mcpServers, name))
      throw new UsageError(`no instance ${JSON.stringify(name)}`, { code: 'unknown_instance' });
    const stored = serverEntry(name, config.mcpServers[name]);
    edit(name, stored);
    return stored;
  });
  return { name, server };
}

/** Tells what was done, and with --json the settings as they are now. */
export function printed(
  app: App,
  command: string,
  said: string,
  { name, server }: { name: string; server: ServerConfig },
): number {
  const { printer } = app;
  printer.appId = name;
  printer.answer(command, said, { name, ...settingsOf(server), ...toolsOf(server) });
  return EXIT.ok;
}

/** The settings of its tools (set-tool.ts), as they are stored. */
function toolsOf({ tools }: ServerConfig): { tools?: unknown } {
  return tools === undefined ? {} : { tools };
}
