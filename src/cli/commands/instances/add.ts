import { absoluteDir, checkUrlTemplate, configuredTarget, findInstance } from '../../../config/config.ts';
import { checkInstanceName } from '../../../config/names.ts';
import { commandMisfit, isUrl } from '../../../config/target/command-word.ts';
import { checkJobsPath } from '../../../config/target/job-host.ts';
import type { ServerConfig } from '../../../config/target/server-entry.ts';
import { describeTarget } from '../../../config/target/target.ts';
import { EXIT, UsageError } from '../../../errors.ts';
import { shellQuote } from '../../../lib/text/shell-quote.ts';
import type { App } from '../../app.ts';
import type { FlagValues } from '../../global-flags/scan.ts';
import { listFlag, parseEnv, parseHeaders, textFlag } from '../../global-flags/values.ts';
import { openly } from '../../typed-line.ts';
import { shown } from './list.ts';

export interface AddOptions {
  force?: boolean;
}

/** `instances add NAME URL [--header]...`, `instances add NAME [--env]... [--cwd DIR] -- COMMAND [ARG]...` or `instances add NAME --jobs PATH`. */
export async function addInstance(
  app: App,
  name: string,
  command: readonly string[],
  options: AddOptions,
): Promise<number> {
  checkInstanceName(name);
  const server = serverFromFlags(app, name, command, options);
  const { editConfig } = await import('../../../config/edit.ts');
  const added = await editConfig(app.paths, (config) => {
    const existing = findInstance(config, name);
    if (existing !== undefined && !options.force)
      throw new UsageError(`instance ${existing} exists already`, {
        hint: `replace it with --force, or remove it first: mcp2cli instances remove ${existing}`,
      });
    if (existing !== undefined && existing !== name) delete config.mcpServers[existing];
    config.mcpServers[name] = server;
    return { first: Object.keys(config.mcpServers).length === 1 };
  });
  const { printer } = app;
  printer.appId = name;
  const said = `Added ${name}: ${describeTarget(configuredTarget(name, server))}`;
  printer.answer('instances add', `added ${name}`, shown(name, server, false), said);
  if (added.first)
    printer.note(`try: mcp2cli ${name} ls\nmake it the default: mcp2cli instances use ${name}`);
  return EXIT.ok;
}

function serverFromFlags(
  app: App,
  name: string,
  words: readonly string[],
  options: AddOptions,
): ServerConfig {
  const { flags, context } = app;
  const [first, ...args] = words;
  if (flags.has('jobs')) return jobsFromFlags(app, words);
  const given = textFlag(flags, 'url');
  const url = given ?? (first !== undefined && isUrl(first) ? first : undefined);
  if (url !== undefined) {
    if (given !== undefined && first !== undefined)
      throw new UsageError(`--url and ${shellQuote(first)} cannot be used together`);
    if (args.length > 0) throw new UsageError(`nothing may follow the URL: ${args.join(' ')}`);
    for (const flag of ['env', 'cwd'])
      if (flags.has(flag)) throw new UsageError(`--${flag} goes with a command, not with a URL`);
    checkUrlTemplate(url);
    const headers = parseHeaders(listFlag(flags, 'header'));
    return { type: 'http', url, ...(Object.keys(headers).length > 0 ? { headers } : {}) };
  }
  const around = surroundings(flags, context.cwd);
  const misfit =
    first === undefined ? undefined : commandMisfit(first, { ...context, cwd: around.cwd ?? context.cwd });
  if (misfit?.kind === 'address')
    throw new UsageError(`not a command: ${first}`, {
      hint: `if it is a server over HTTP: ${typed(app, name, options, 'header', [shellQuote(misfit.url)])}`,
    });
  if (flags.has('header')) throw new UsageError('--header needs --url');
  if (first === undefined)
    throw new UsageError('which server? give a URL, or a command after --', {
      hint: 'mcp2cli instances add NAME https://host/mcp; mcp2cli instances add NAME -- npx -y some-server; or your own: --jobs DIR',
    });
  if (misfit) {
    const line = misfit.words ? [...misfit.words, ...args].map(shellQuote) : ['COMMAND', '[ARG]...'];
    throw new UsageError(`not a command, but a whole line in one word: ${JSON.stringify(first)}`, {
      hint: `word by word: ${typed(app, name, options, 'env', ['--', ...line])}`,
    });
  }
  return { command: first, args, ...around };
}

/** An instance whose server is job files of the user's own. */
function jobsFromFlags({ flags, context }: App, words: readonly string[]): ServerConfig {
  for (const flag of ['url', 'stdio', 'header'])
    if (flags.has(flag)) throw new UsageError(`--jobs and --${flag} cannot be used together`);
  if (words.length > 0)
    throw new UsageError(`--jobs takes one file or folder, and no server may follow: ${words.join(' ')}`);
  const path = absoluteDir(textFlag(flags, 'jobs') ?? '', context.cwd);
  if (!path.startsWith('${')) checkJobsPath(path);
  return { jobs: path, ...surroundings(flags, context.cwd) };
}

/** `--env` and `--cwd`. */
function surroundings(flags: FlagValues, here: string): ServerConfig {
  const env = parseEnv(listFlag(flags, 'env'));
  const dir = textFlag(flags, 'cwd');
  return {
    ...(Object.keys(env).length > 0 ? { env } : {}),
    ...(dir === undefined ? {} : { cwd: absoluteDir(dir, here) }),
  };
}

/** The line to type, with the flags that go with it; what may be a secret is not repeated. */
function typed(
  { flags }: App,
  name: string,
  { force }: AddOptions,
  flag: 'header' | 'env',
  words: readonly string[],
): string {
  const [given, mark] = flag === 'header' ? ([parseHeaders, ': '] as const) : ([parseEnv, '='] as const);
  const again = Object.entries(given(listFlag(flags, flag))).flatMap(([key, value]) => [
    `--${flag}`,
    shellQuote(`${key}${mark}${openly(value)}`),
  ]);
  const cwd = flag === 'env' ? textFlag(flags, 'cwd') : undefined;
  if (cwd !== undefined) again.push('--cwd', shellQuote(cwd));
  return ['mcp2cli instances add', name, ...(force ? ['--force'] : []), ...again, ...words].join(' ');
}
