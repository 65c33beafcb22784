import { UsageError } from '../errors.ts';
import { nearestNames } from '../lib/nearest-names.ts';
import { type Config, configuredTarget, expandTarget, findInstance } from './config.ts';
import type { StoredAccess } from './permission-settings.ts';
import { serverEntry } from './server-entry.ts';
import { type InstanceSettings, instanceSettings } from './settings.ts';
import type { Target } from './target.ts';
import type { ToolSettings } from './tool-settings.ts';

/** The server that a command is about. */
export interface Instance {
  name: string;
  adHoc: boolean;
  /** As configured, `${VAR}` unexpanded: what hashes and files know. */
  identity: Target;
  settings: InstanceSettings;
  /** There are settings of tools at all. */
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

/** Nothing is configured for any tool. */
export const noToolSettings = (): ToolSettings => ({});

/** What somebody does who has no instance yet. */
export const FIRST_STEPS =
  'add one: mcp2cli instances add NAME URL; or start the demo server: mcp2cli demo start';

/** The error of a name that is no instance: the nearest, or how to get one. */
export function unknownInstance({ mcpServers }: Pick<Config, 'mcpServers'>, typed: string): UsageError {
  const names = Object.keys(mcpServers);
  const [near] = nearestNames(typed, names);
  const others = near ? `did you mean ${near}?` : 'see: mcp2cli instances list';
  return new UsageError(`no instance ${JSON.stringify(typed)}`, {
    code: 'unknown_instance',
    hint: names.length === 0 ? FIRST_STEPS : others,
  });
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
  return {
    name,
    adHoc: false,
    identity,
    settings,
    hasToolSettings: server['tools'] !== undefined,
    toolSettings: async () => {
      const { tools } = server;
      return tools === undefined
        ? noToolSettings
        : (await import('./tool-settings.ts')).toolSettings(name, tools);
    },
    ...(server['permissions'] === undefined ? {} : { access: server }),
    target: () => {
      checkEnabled(name, settings);
      return expandTarget(identity, env, name);
    },
  };
}

/** A host that finds `disabled: true` does not start the server, and neither do we. */
function checkEnabled(name: string, { disabledBy }: InstanceSettings): void {
  if (disabledBy !== undefined)
    throw new UsageError(`instance ${name} is disabled in the configuration`, {
      code: 'disabled',
      hint: `to use it: mcp2cli instances unset ${name} ${disabledBy}`,
    });
}
