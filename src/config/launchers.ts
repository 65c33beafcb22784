import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { type PathContext, resolvePaths } from './paths.ts';

/** Marks a launcher (`link`) as ours, so that it may be replaced, and found. It stands in the first few lines, before the instance's name. */
export const LAUNCHER_MARK = 'mcp2cli launcher';

/** Launchers are small; whatever else has an instance's name is not one. */
const MAX_LAUNCHER = 10_000;

/** What a launcher that `link` wrote has in it; undefined for any other file, and for none. */
export function launcherText(path: string): string | undefined {
  try {
    const { size } = statSync(path);
    const text = size < MAX_LAUNCHER ? readFileSync(path, 'utf8') : '';
    return text.slice(0, 400).includes(LAUNCHER_MARK) ? text : undefined;
  } catch {
    return undefined;
  }
}

export interface Launcher {
  instance: string;
  path: string;
}

/** What a launcher's file is called. */
export function launcherFile(instance: string, platform: NodeJS.Platform): string {
  return platform === 'win32' ? `${instance}.cmd` : instance;
}

/** Where `link` puts launchers unless it is told otherwise. */
export function launcherDir(home: string): string {
  return join(home, '.local', 'bin');
}

/** The launchers of a data root's instances, there or not, in folders: unless named those of the PATH, and where `link` puts them. */
export function launchersOf(root: string, context: PathContext, folders = searched(context)): Launcher[] {
  return folders.flatMap((folder) =>
    filesIn(folder).flatMap((file) => {
      const path = join(folder, file);
      const text = launcherText(path);
      const [, instance] = new RegExp(`${LAUNCHER_MARK}: (\\S+)`).exec(text ?? '') ?? [];
      return text !== undefined && instance !== undefined && rootOf(text, context) === root
        ? [{ instance, path }]
        : [];
    }),
  );
}

/** Only folders that the person can write: nobody else's launchers are theirs to mend. */
function searched({ env, cwd, home }: PathContext): string[] {
  const named = (env['PATH'] ?? '').split(delimiter).filter((dir) => dir !== '');
  const all = [...named.map((dir) => resolve(cwd, dir)), ...(home === '' ? [] : [launcherDir(home)])];
  return [...new Set(all)].filter((dir) => {
    try {
      accessSync(dir, constants.W_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The data root that a launcher names, or that one without a name means. */
function rootOf(text: string, context: PathContext): string | undefined {
  const [, quoted] = /^export MCP2CLI_HOME="\$\{MCP2CLI_HOME:-(.*)\}"$/m.exec(text) ?? [];
  if (quoted !== undefined) return quoted.replace(/\\([\\"$`])/g, '$1');
  const [, windows] = /set "MCP2CLI_HOME=(.*)"/.exec(text) ?? [];
  if (windows !== undefined) return windows;
  try {
    return resolvePaths({ ...context, env: { ...context.env, MCP2CLI_HOME: undefined } }).root;
  } catch {
    return undefined;
  }
}
