/** The configuration as a whole, and what it says of one instance. Nothing is expanded that is told. */
import { readdirSync } from 'node:fs';
import { type Config, configuredTarget, expandTarget, findInstance, loadConfig } from '../config/config.ts';
import { isSafeName } from '../config/names.ts';
import type { Paths } from '../config/paths.ts';
import { accessSettings } from '../config/settings/permission-settings.ts';
import { instanceSettings } from '../config/settings/settings.ts';
import { toolSettings } from '../config/settings/tool-settings.ts';
import { commandMisfit } from '../config/target/command-word.ts';
import { checkJobsPath } from '../config/target/job-host.ts';
import { describeTarget } from '../config/target/target.ts';
import type { Context } from '../context.ts';
import { isObject } from '../lib/json/json.ts';
import { counted } from '../lib/text/counted.ts';
import { clientFeatures } from '../mcp/client-features/client-features.ts';
import { attempt, type Check, checked, failed } from './finding.ts';
import { isOpenToOthers } from './machine.ts';
import type { Subject } from './subject.ts';

export interface ConfigState {
  /** Undefined when it cannot be used. */
  config: Config | undefined;
  checks: Check[];
}

export function checkConfiguration(
  paths: Paths,
  { env, platform }: Pick<Context, 'env' | 'platform'>,
): ConfigState {
  const check = 'configuration';
  let config: Config;
  try {
    config = loadConfig(paths);
  } catch (error) {
    return { config: undefined, checks: [{ ...failed(check, error), path: paths.config }] };
  }
  const names = Object.keys(config.mcpServers);
  const { active } = config;
  const more = active === undefined ? '' : `, ${active} is active`;
  const checks = [
    checked(check, 'ok', `${counted(names.length, 'instance')}${more}`, { path: paths.config }),
  ];
  for (const [name, where] of [
    [active, 'the active instance'],
    [env['MCP2CLI_INSTANCE'], 'MCP2CLI_INSTANCE'],
  ] as const)
    if (name && findInstance(config, name) === undefined)
      checks.push(
        checked(check, 'warning', `${where} is ${JSON.stringify(name)}, which is not there`, {
          hint: 'choose one: mcp2cli instances use NAME',
        }),
      );
  if (isOpenToOthers(paths.config, platform))
    checks.push(
      checked(check, 'warning', 'others can read it, or change it', {
        hint: `chmod 600 ${paths.config}`,
        path: paths.config,
      }),
    );
  return { config, checks };
}

/** The names of the folders that instances have, configured, ad hoc or removed. */
export function instanceFolders({ instancesDir }: Paths): string[] {
  try {
    return readdirSync(instancesDir).filter(isSafeName).sort();
  } catch {
    return [];
  }
}

/** What the configuration says of an instance. `subject` learns from it. */
export function checkSettings(subject: Subject, around: Pick<Context, 'env' | 'cwd' | 'platform'>): Check[] {
  const { name, server: entry } = subject;
  if (entry === undefined) return [];
  const server = isObject(entry) ? entry : {};
  return [
    ...attempt('settings', () => {
      subject.identity = configuredTarget(name, entry);
      subject.settings = instanceSettings(name, server);
      const { tools } = server;
      const settingsOf = toolSettings(name, tools);
      // Each entry is checked when it is asked for.
      for (const tool of Object.keys(tools ?? {})) settingsOf(tool);
      const { identity } = subject;
      const kind =
        identity.kind === 'http'
          ? 'a server over HTTP'
          : identity.jobs
            ? describeTarget(identity)
            : 'a command';
      const { disabledBy } = subject.settings;
      if (disabledBy === undefined) return [checked('settings', 'ok', kind)];
      return [
        checked('settings', 'ok', `${kind}, disabled`, {
          hint: `to use it: mcp2cli instances unset ${name} ${disabledBy}`,
        }),
      ];
    }),
    ...checkCommand(subject, around),
    ...(server['permissions'] === undefined
      ? []
      : attempt('permissions', () => {
          const { permissions } = accessSettings(name, server);
          return [checked('permissions', 'ok', counted(permissions.length, 'rule'))];
        })),
  ];
}

/** Whether the command can be one: other programs write URLs and whole lines into its place. */
function checkCommand({ identity }: Subject, around: Pick<Context, 'env' | 'cwd' | 'platform'>): Check[] {
  if (identity?.kind !== 'stdio') return [];
  if (identity.jobs !== undefined) return checkJobs(identity.jobs);
  const { command, cwd = around.cwd } = identity;
  const misfit = commandMisfit(command, { ...around, cwd });
  if (!misfit) return [];
  const shown = JSON.stringify(command);
  if (misfit.kind === 'address')
    return [
      checked('command', 'problem', `its command is an address: ${shown}`, {
        hint: `if it is a server over HTTP, write "url": ${JSON.stringify(misfit.url)} in place of the command`,
      }),
    ];
  const [program, ...args] = misfit.words ?? [];
  return [
    checked('command', 'problem', `its command is a whole line in one word: ${shown}`, {
      hint:
        program === undefined
          ? 'write the program alone as "command", and each word behind it into "args"'
          : `write "command": ${JSON.stringify(program)}, "args": ${JSON.stringify([...args, ...identity.args])}`,
    }),
  ];
}

/** Whether the job files are there. What a variable holds is known when it is used. */
function checkJobs(path: string): Check[] {
  if (path.includes('${')) return [];
  return attempt('jobs', () => {
    checkJobsPath(path);
    return [];
  });
}

const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

export interface Variable {
  name: string;
  /** Counts where the variable has no value; undefined: it must be set. */
  fallback: string | undefined;
}

/** The variables that texts refer to. */
export function variablesOf(texts: readonly string[]): Variable[] {
  return texts.flatMap((text) =>
    [...text.matchAll(REFERENCE)].map(([, name = '', fallback]) => ({ name, fallback })),
  );
}

/** All texts in a subject's target and settings that may refer to variables. */
export function textsOf({ identity, settings }: Subject): string[] {
  const target =
    identity === undefined
      ? []
      : identity.kind === 'http'
        ? [identity.url, ...Object.values(identity.headers), identity.proxy ?? '', identity.ca ?? '']
        : [identity.command, ...identity.args, ...Object.values(identity.env), identity.cwd ?? ''];
  const { sampling, roots = [] } = settings ?? {};
  return [
    ...target,
    ...roots.map(({ uri }) => uri),
    ...(sampling ? [sampling.command, ...sampling.args] : []),
  ];
}

/** Whether everything that a connection needs can be filled in. All variables at once, rather than the first. */
export function checkVariables(subject: Subject, { env, cwd }: Pick<Context, 'env' | 'cwd'>): Check[] {
  const { identity, settings, name } = subject;
  if (!identity || !settings) return [];
  const used = variablesOf(textsOf(subject));
  const missing = [
    ...new Set(
      used.filter((one) => one.fallback === undefined && env[one.name] === undefined).map((one) => one.name),
    ),
  ];
  if (missing.length > 0)
    return [
      checked('variables', 'problem', `not set: ${missing.join(', ')}`, {
        hint: `export ${missing[0]}=..., or give a default in the configuration: \${${missing[0]}:-value}`,
      }),
    ];
  return attempt('variables', () => {
    expandTarget(identity, env, name);
    clientFeatures(settings, env, cwd).check();
    const names = [...new Set(used.map((one) => one.name))];
    return names.length === 0 ? [] : [checked('variables', 'ok', names.join(', '))];
  });
}
