import { UsageError } from '../errors.ts';
import { nearestNames } from '../lib/text/nearest-names.ts';
import {
  type Config,
  configuredTarget,
  expandTarget,
  type ForeignFile,
  FROM_FILE,
  findInstance,
} from './config.ts';
import type { StoredAccess } from './settings/permission-settings.ts';
import { type InstanceSettings, instanceSettings } from './settings/settings.ts';
import type { ToolSettings } from './settings/tool-settings.ts';
import { serverEntry } from './target/server-entry.ts';
import type { Target } from './target/target.ts';
import { targetHash } from './target/target-hash.ts';

/** The server that a command is about. */
export interface Instance {
  name: string;
  adHoc: boolean;
  /** Where it is configured, if in another program's file, and what it is called there. */
  from?: { path: string; name: string };
  /** As configured, `${VAR}` unexpanded: what hashes and files know. */
  identity: Target;
  settings: InstanceSettings;
  hasToolSettings: boolean;
  /**
   * What is configured for each of its tools, by the tool's exact name. Apart from `settings`, which a keeper has in its own copy: a default
   * of a call is nothing to end a keeper for. Error, of the promise as of the function: ConfigError.
   */
  toolSettings(): Promise<(tool: string) => ToolSettings>;
  /** Its rules, and the roles and scopes of its user, as they are stored; absent without rules. No part of what a keeper knows. */
  access?: StoredAccess;
  /** Ready for use; variables are filled in now, so only commands that connect need them. Error: UsageError, for a disabled one too. */
  target(): Target;
}

export const noToolSettings = (): ToolSettings => ({});

/** What somebody does who has no instance yet. */
export const FIRST_STEPS =
  'add one: mcp2cli instances add NAME URL; or start the demo server: mcp2cli demo start';

/** The error of a name that is no instance: the nearest, or how to get one. */
export function unknownInstance(
  config: Pick<Config, 'mcpServers' | typeof FROM_FILE>,
  typed: string,
): UsageError {
  const names = Object.keys(config.mcpServers);
  const file = config[FROM_FILE];
  if (file) return unknownInFile(file, typed, names);
  const [near] = nearestNames(typed, names);
  const others = near ? `did you mean ${near}?` : 'see: mcp2cli instances list';
  return new UsageError(`no instance ${JSON.stringify(typed)}`, {
    code: 'unknown_instance',
    hint: names.length === 0 ? FIRST_STEPS : others,
  });
}

function unknownInFile({ path, leftOut }: ForeignFile, typed: string, names: readonly string[]): UsageError {
  const reason = leftOut.get(typed);
  if (reason !== undefined)
    return new UsageError(`${typed} of ${path} cannot be used here: ${reason}`, { code: 'left_out' });
  return new UsageError(`no server ${JSON.stringify(typed)} in ${path}`, {
    code: 'unknown_instance',
    hint:
      names.length === 0 ? 'it has none that can be used here' : `it has: ${names.slice(0, 10).join(', ')}`,
  });
}

/** A name that no configured instance has, and that stays as long as the target is the same. */
export function nameInFile(name: string, identity: Target): string {
  return `${name.slice(0, 40)}-${targetHash(identity)}`;
}

/** A configured instance. Error: UsageError with the nearest name. */
export function configuredInstance(
  config: Config,
  typed: string,
  env: Readonly<Record<string, string | undefined>>,
): Instance {
  const name = findInstance(config, typed);
  if (name === undefined) throw unknownInstance(config, typed);
  const server = serverEntry(name, config.mcpServers[name]);
  const identity = configuredTarget(name, server);
  const settings = instanceSettings(name, server);
  const file = config[FROM_FILE];
  return {
    name: file ? nameInFile(name, identity) : name,
    adHoc: file !== undefined,
    ...(file ? { from: { path: file.path, name } } : {}),
    identity,
    settings,
    hasToolSettings: server['tools'] !== undefined,
    toolSettings: async () => {
      const { tools } = server;
      return tools === undefined
        ? noToolSettings
        : (await import('./settings/tool-settings.ts')).toolSettings(name, tools);
    },
    ...(server['permissions'] === undefined ? {} : { access: server }),
    target: () => {
      checkEnabled(name, settings, file);
      return expandTarget(identity, env, name);
    },
  };
}

/** A host that finds `disabled: true` does not start the server, and neither do we. */
function checkEnabled(name: string, { disabledBy }: InstanceSettings, file: ForeignFile | undefined): void {
  if (disabledBy !== undefined && file)
    throw new UsageError(`${name} is disabled in ${file.path}`, { code: 'disabled' });
  if (disabledBy !== undefined)
    throw new UsageError(`instance ${name} is disabled in the configuration`, {
      code: 'disabled',
      hint: `to use it: mcp2cli instances unset ${name} ${disabledBy}`,
    });
}

/** What the server of an instance is called where a person reads it. */
export function shownName({ adHoc, name }: Pick<Instance, 'adHoc' | 'name'>): string {
  return adHoc ? 'the server' : name;
}
