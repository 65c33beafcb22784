import { configuredTarget, FROM_FILE, findInstance } from '../../../config/config.ts';
import { FIRST_STEPS, nameInFile, unknownInstance } from '../../../config/configured-instance.ts';
import { instanceSettings, settingsOf, withoutCredentials } from '../../../config/settings/settings.ts';
import { storeOf } from '../../../config/settings/store-address.ts';
import { argsWithoutSecrets, urlWithoutSecrets } from '../../../config/target/secrets.ts';
import { serverEntry } from '../../../config/target/server-entry.ts';
import { describeTarget, type Target } from '../../../config/target/target.ts';
import { CliError, EXIT } from '../../../errors.ts';
import { isObject, textOf } from '../../../lib/json/json.ts';
import type { App } from '../../app.ts';
import { settingText, toolSettingLines } from '../../output/views/setting-view.ts';

/**
 * An instance for output, usable or not: values of headers and of the environment are shown only as far as they are `${VAR}`, and what its
 * command, its URL, its proxy and its store seem to have of secrets is hidden.
 */
export function shown(name: string, entry: unknown, active: boolean) {
  const { state, problem } = stateOf(name, entry);
  const about = {
    name,
    active,
    ...(state === 'disabled' ? { disabled: true } : {}),
    ...(problem === undefined ? {} : { problem: problem.message }),
  };
  if (!isObject(entry)) return about;
  const { headers, env, proxy, store, ...rest } = entry;
  return {
    ...about,
    ...rest,
    // Fields of these names may stand in the entry, too.
    ...about,
    ...(proxy === undefined ? {} : { proxy: withoutCredentials(proxy) }),
    ...(store === undefined ? {} : { store: withoutCredentials(store) }),
    ...hiddenWords(rest),
    ...(headers === undefined ? {} : { headers: hidden(headers) }),
    ...(env === undefined ? {} : { env: hidden(env) }),
  };
}

/** URLs and arguments as they may be shown. A wrong entry may have anything there. */
function hiddenWords(entry: Record<string, unknown>): Record<string, unknown> {
  const shownOf = (value: unknown): unknown => {
    if (typeof value === 'string') return urlWithoutSecrets(value);
    return Array.isArray(value) ? argsWithoutSecrets(value.map(textOf)) : value;
  };
  const words = ['url', 'httpUrl', 'serverUrl', 'args'].filter((field) => entry[field] !== undefined);
  return Object.fromEntries(words.map((field) => [field, shownOf(entry[field])]));
}

function hidden(map: unknown): unknown {
  if (!isObject(map)) return '[redacted]';
  return Object.fromEntries(Object.entries(map).map(([k, v]) => [k, redact(textOf(v))]));
}

interface State {
  state: 'usable' | 'disabled' | 'wrong';
  /** What is wrong with the entry. */
  problem?: CliError;
}

/** Whether an entry can be used. */
function stateOf(name: string, entry: unknown): State {
  try {
    configuredTarget(name, entry);
    const { disabledBy } = instanceSettings(name, serverEntry(name, entry));
    return { state: disabledBy === undefined ? 'usable' : 'disabled' };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { state: 'wrong', problem: error };
  }
}

/** Keeps `${VAR}` references and a leading scheme word (`Bearer`), hides the rest. */
function redact(value: string): string {
  const kept = value.match(/\$\{[^}]*\}/g);
  if (kept) return kept.length === 1 && /^(\w+ )?\$\{[^}]*\}$/.test(value) ? value : kept.join(' ');
  return '[redacted]';
}

/** `instances list`: those that cannot be used are shown with what is wrong, and warned of. */
export async function listInstances(app: App): Promise<number> {
  const { config, printer } = app;
  const { mcpServers, active } = config;
  const file = config[FROM_FILE];
  const names = Object.keys(mcpServers).sort();
  const rows = names.map((name) => shown(name, mcpServers[name], active === name));
  const isTold = printer.listed('instances list', `${rows.length} instances`, rows);
  if (!isTold && rows.length === 0)
    printer.note(file ? `no servers in ${file.path} that can be used` : `no instances yet; ${FIRST_STEPS}`);
  else if (!isTold) {
    const width = Math.max(...names.map((name) => name.length));
    const line = (name: string) =>
      `${active === name ? '*' : ' '} ${name.padEnd(width)}  ${describe(name, mcpServers[name])}`;
    printer.out(names.map(line).join('\n'));
  }
  for (const name of names) {
    const { problem } = stateOf(name, mcpServers[name]);
    const path = file?.path ?? app.paths.config;
    if (problem) printer.warn(problem.code, `${problem.message}; ${problem.hint} (${path})`);
  }
  for (const [name, reason] of file?.leftOut ?? [])
    printer.warn('left_out', `${name} is left out: ${reason}`);
  return EXIT.ok;
}

function describe(name: string, entry: unknown): string {
  const { state, problem } = stateOf(name, entry);
  if (problem) return `(${problem.message})`;
  const target = describeTarget(configuredTarget(name, entry));
  return state === 'disabled' ? `${target} (disabled)` : target;
}

/** `instances show NAME` */
export async function showInstance(app: App, typed: string): Promise<number> {
  const { config, printer } = app;
  const name = knownInstance(app, typed);
  const entry = config.mcpServers[name];
  const active = config.active === name;
  printer.appId = name;
  if (printer.json) {
    printer.envelope('instances show', describe(name, entry), {
      ...shown(name, entry, active),
      jobs_path: sharedPlace(app, name) === undefined ? jobsPath(app, name, entry) : null,
    });
    return EXIT.ok;
  }
  const target: Target = configuredTarget(name, entry);
  const server = serverEntry(name, entry);
  const lines = [`name: ${name}`, `active: ${active ? 'yes' : 'no'}`];
  if (target.kind === 'http') {
    lines.push('transport: http', `url: ${urlWithoutSecrets(target.url)}`);
    for (const [k, v] of Object.entries(target.headers)) lines.push(`header: ${k}: ${redact(v)}`);
  } else {
    lines.push('transport: stdio');
    if (target.jobs !== undefined) lines.push(`job files: ${target.jobs}`);
    else lines.push(`command: ${JSON.stringify([target.command, ...argsWithoutSecrets(target.args)])}`);
    if (target.cwd !== undefined) lines.push(`cwd: ${target.cwd}`);
    for (const [k, v] of Object.entries(target.env)) lines.push(`env: ${k}=${redact(v)}`);
  }
  for (const [key, value] of Object.entries(settingsOf(server))) lines.push(`${key}: ${settingText(value)}`);
  lines.push(...toolSettingLines(server['tools']));
  lines.push(`jobs: ${sharedPlace(app, name) ?? jobsPath(app, name, entry)}`);
  printer.out(lines.join('\n'));
  return EXIT.ok;
}

/** Where the jobs of an instance are, if others may see them there; undefined for files. */
export function sharedPlace({ config, context }: App, name: string): string | undefined {
  try {
    const settings = instanceSettings(name, serverEntry(name, config.mcpServers[name]));
    const address = storeOf(name, settings, context.env);
    return address && `the store ${address.shown} (${address.prefix}{${address.name}})`;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return `a store that cannot be told now: ${error.message}`;
  }
}

/** Servers of another program's file have their jobs apart from instances of the same name. */
function jobsPath({ config, paths }: App, name: string, entry: unknown): string {
  if (!config[FROM_FILE] || stateOf(name, entry).problem) return paths.jobsDir(name);
  return paths.jobsDir(nameInFile(name, configuredTarget(name, entry)));
}

/** `instances use NAME`: commands without an instance's name go to this one. */
export async function useInstance(app: App, typed: string): Promise<number> {
  const name = knownInstance(app, typed);
  const { editConfig } = await import('../../../config/edit.ts');
  await editConfig(app.paths, (config) => {
    config.active = name;
  });
  const { printer } = app;
  printer.appId = name;
  if (printer.json) printer.envelope('instances use', `${name} is active`, { name, active: true });
  else printer.out(`${name} is active: mcp2cli ls`);
  return EXIT.ok;
}

/** The name of an instance as it is stored. Error: UsageError. */
export function knownInstance(app: App, typed: string): string {
  const name = findInstance(app.config, typed);
  if (name === undefined) throw unknownInstance(app.config, typed);
  return name;
}
