import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { findInstance } from '../../config/config.ts';
import { unknownInstance } from '../../config/configured-instance.ts';
import {
  LAUNCHER_MARK,
  launcherDir,
  launcherFile,
  launchersOf,
  launcherText,
} from '../../config/launchers.ts';
import { EXIT, IoError, UsageError } from '../../errors.ts';
import { replaceFile } from '../../lib/disk/durable-file.ts';
import { shellQuote } from '../../lib/text/shell-quote.ts';
import type { App } from '../app.ts';

export interface LinkOptions {
  dir?: string;
  force?: boolean;
}

/** `link NAME`: a launcher that makes the instance a command of its own. */
export async function linkInstance(app: App, typed: string, options: LinkOptions): Promise<number> {
  const name = findInstance(app.config, typed);
  if (name === undefined) throw unknownInstance(app.config, typed);
  const { context, printer } = app;
  const dir = chosenDir(app, name, options.dir);
  const path = join(dir, launcherFile(name, context.platform));
  if (existsSync(path) && !options.force && launcherText(path) === undefined)
    throw new UsageError(`${path} exists and is not a launcher of mcp2cli`, {
      hint: 'choose another --dir, or replace it with --force',
    });
  writeLauncher(app, name, path);
  printer.appId = name;
  printer.answer('link', `linked ${name}`, { name, path }, `Linked ${name}: ${path}`);
  const onPath = (context.env['PATH'] ?? '')
    .split(delimiter)
    .some((entry) => entry !== '' && resolve(entry) === dir);
  if (!onPath) printer.note(`${dir} is not in your PATH; add it: export PATH=${shellQuote(dir)}:"$PATH"`);
  if (printer.errTTY) printer.note(`TAB completes it with: ${completionLine(context.env['SHELL'], name)}`);
  return EXIT.ok;
}

/** `unlink NAME`: removes its launchers, of an instance that is there no more, too. */
export function unlinkInstance(app: App, typed: string, options: Pick<LinkOptions, 'dir'>): number {
  const { context, printer, paths } = app;
  const folders = options.dir === undefined ? undefined : [resolve(context.cwd, options.dir)];
  const found = launchersOf(paths.root, context, folders).filter(
    ({ instance }) => instance.toLowerCase() === typed.toLowerCase(),
  );
  const [first] = found;
  if (!first)
    throw new UsageError(`no linked command of ${JSON.stringify(typed)} was found`, {
      code: 'not_linked',
      hint: 'looked for in the PATH and ~/.local/bin; for another folder: mcp2cli unlink NAME --dir DIR',
    });
  const removed = found.map(({ path }) => path);
  for (const path of removed) removeLauncher(path);
  printer.appId = first.instance;
  const said = removed.map((path) => `Unlinked ${first.instance}: ${path}`).join('\n');
  printer.answer('unlink', `unlinked ${first.instance}`, { name: first.instance, paths: removed }, said);
  return EXIT.ok;
}

/** Error: IoError. */
export function removeLauncher(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    throw new IoError(`cannot remove ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** Error: IoError. */
export function writeLauncher(app: App, name: string, path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    replaceFile(path, app.context.platform === 'win32' ? cmdLauncher(app, name) : shLauncher(app, name));
    chmodSync(path, 0o755);
  } catch (error) {
    if (error instanceof IoError) throw error;
    throw new IoError(`cannot write ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** The folder that is meant. Error: UsageError without a home folder. */
function chosenDir({ context }: App, name: string, dir: string | undefined): string {
  if (dir === undefined && context.home === '')
    throw new UsageError('there is no home folder to link in: HOME is not set', {
      hint: `name a folder: mcp2cli link ${name} --dir DIR`,
    });
  return resolve(context.cwd, dir ?? launcherDir(context.home));
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
    `export MCP2CLI_PROGRAM=${shellQuote(name)}`,
    `if [ -x ${shellQuote(context.execPath)} ] && [ -f ${shellQuote(context.entry)} ]; then`,
    `  exec ${shellQuote(context.execPath)} ${shellQuote(context.entry)} -i ${shellQuote(name)} "$@"`,
    'fi',
    `exec mcp2cli -i ${shellQuote(name)} "$@"`,
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
