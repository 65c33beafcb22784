import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { findInstance } from '../../config/config.ts';
import { unknownInstance } from '../../config/configured-instance.ts';
import { LAUNCHER_MARK, launcherText } from '../../config/launchers.ts';
import { EXIT, IoError, UsageError } from '../../errors.ts';
import { replaceFile } from '../../lib/disk/durable-file.ts';
import { type App, quote } from '../app.ts';

export interface LinkOptions {
  dir?: string;
  force?: boolean;
}

/** `link NAME`: a launcher that makes the instance a command of its own. */
export async function linkInstance(app: App, typed: string, options: LinkOptions): Promise<number> {
  const name = findInstance(app.config, typed);
  if (name === undefined) throw unknownInstance(app.config, typed);
  const { context, printer } = app;
  const windows = context.platform === 'win32';
  if (options.dir === undefined && context.home === '')
    throw new UsageError('there is no home folder to link in: HOME is not set', {
      hint: `name a folder: mcp2cli link ${name} --dir DIR`,
    });
  const dir = resolve(context.cwd, options.dir ?? join(context.home, '.local', 'bin'));
  const path = join(dir, windows ? `${name}.cmd` : name);
  if (existsSync(path) && !options.force && launcherText(path) === undefined)
    throw new UsageError(`${path} exists and is not a launcher of mcp2cli`, {
      hint: 'choose another --dir, or replace it with --force',
    });
  try {
    mkdirSync(dir, { recursive: true });
    replaceFile(path, windows ? cmdLauncher(app, name) : shLauncher(app, name));
    chmodSync(path, 0o755);
  } catch (error) {
    if (error instanceof IoError) throw error;
    throw new IoError(`cannot write ${path}: ${(error as Error).message}`, { cause: error });
  }
  printer.appId = name;
  if (printer.json) printer.envelope('link', `linked ${name}`, { name, path });
  else printer.out(`Linked ${name}: ${path}`);
  const onPath = (context.env['PATH'] ?? '')
    .split(delimiter)
    .some((entry) => entry !== '' && resolve(entry) === dir);
  if (!onPath) printer.note(`${dir} is not in your PATH; add it: export PATH=${quote(dir)}:"$PATH"`);
  if (printer.errTTY) printer.note(`TAB completes it with: ${completionLine(context.env['SHELL'], name)}`);
  return EXIT.ok;
}

/** What makes a shell that is open already complete the new command. */
function completionLine(shell = '', name: string): string {
  const command = (of: string) => `mcp2cli completion ${of} --name ${name}`;
  if (/\bfish$/.test(shell)) return `${command('fish')} | source`;
  const [known] = /\b(bash|zsh)$/.exec(shell) ?? [];
  return known ? `source <(${command(known)})` : 'mcp2cli completion --help';
}

/**
 * Calls the very program that made the link; one that has moved is looked for in the PATH. A data root of its own is kept, since the
 * instance lives in it.
 */
function shLauncher(app: App, name: string): string {
  const { context, paths } = app;
  const lines = ['#!/bin/sh', `# ${LAUNCHER_MARK}: ${name}`];
  if (context.env['MCP2CLI_HOME'])
    lines.push(`export MCP2CLI_HOME="\${MCP2CLI_HOME:-${dquoted(resolve(context.cwd, paths.root))}}"`);
  lines.push(
    `export MCP2CLI_PROGRAM=${quote(name)}`,
    `if [ -x ${quote(context.execPath)} ] && [ -f ${quote(context.entry)} ]; then`,
    `  exec ${quote(context.execPath)} ${quote(context.entry)} -i ${quote(name)} "$@"`,
    'fi',
    `exec mcp2cli -i ${quote(name)} "$@"`,
  );
  return `${lines.join('\n')}\n`;
}

/** For the inside of double quotes in a POSIX shell. */
function dquoted(text: string): string {
  return text.replace(/[\\"$`]/g, '\\$&');
}

function cmdLauncher(app: App, name: string): string {
  const { context, paths } = app;
  const lines = ['@echo off', `rem ${LAUNCHER_MARK}: ${name}`, 'setlocal'];
  if (context.env['MCP2CLI_HOME'])
    lines.push(`if not defined MCP2CLI_HOME set "MCP2CLI_HOME=${resolve(context.cwd, paths.root)}"`);
  lines.push(`set "MCP2CLI_PROGRAM=${name}"`, `"${context.execPath}" "${context.entry}" -i ${name} %*`);
  return `${lines.join('\r\n')}\r\n`;
}
