/** Where hosts keep their configurations. A function of platform and environment; the disk is not looked at. */
import { posix, win32 } from 'node:path';
import type { PathContext } from '../paths.ts';
import { FILE, HOSTS, type Host, type Key, type PathTemplate, type PlatformName } from './table.ts';

export type Surroundings = Pick<PathContext, 'env' | 'home' | 'platform'>;

/** A place where a host's configuration may be. */
export interface Location {
  host: Host;
  /** Absolute; one part of it may have a `*`. */
  path: string;
  key: Key;
  scope: 'user' | 'project';
  /** What `${workspaceFolder}` means there. */
  folder?: string;
}

/** The files of a user, of all hosts. */
export function userFiles(around: Surroundings, hosts: readonly Host[] = HOSTS): Location[] {
  const here = platformName(around.platform);
  return hosts.flatMap((host) =>
    host.user
      .filter(({ on }) => on === undefined || on.includes(here))
      .flatMap(({ path, key = host.key }) => {
        const filled = fill(path, around);
        return filled === undefined ? [] : [{ host, path: filled, key, scope: 'user' as const }];
      }),
  );
}

/** The files that a project's folder may have. */
export function projectFiles(
  folder: string,
  { platform }: Surroundings,
  hosts: readonly Host[] = HOSTS,
): Location[] {
  const { join } = platform === 'win32' ? win32 : posix;
  return hosts.flatMap((host) =>
    (host.project ?? []).map((path) => ({
      host,
      path: join(folder, path),
      key: host.key,
      scope: 'project' as const,
      folder,
    })),
  );
}

function platformName(platform: NodeJS.Platform): PlatformName {
  return platform === 'win32' ? 'windows' : platform === 'darwin' ? 'darwin' : 'linux';
}

/** Undefined where the environment does not say what the path needs. */
function fill(template: PathTemplate, around: Surroundings): string | undefined {
  const { platform, home } = around;
  const { normalize, isAbsolute } = platform === 'win32' ? win32 : posix;
  let missing = false;
  const place = (text: string): string =>
    text
      .replace(/\{([A-Z_]+)\|((?:[^{}]|\{[a-z]+\})*)\}/g, (_, name: string, otherwise: string) =>
        around.env[name] ? String(around.env[name]) : otherwise,
      )
      .replace(/\{([a-z]+)\}/g, (_, name: string) => {
        const folder = folderOf(name, around);
        if (folder === undefined) missing = true;
        return folder ?? '';
      })
      .replace(/^~/, () => {
        if (home === '') missing = true;
        return home;
      });
  const path = normalize(place(template));
  return missing || !isAbsolute(path) ? undefined : path;
}

function folderOf(name: string, { env, home, platform }: Surroundings): string | undefined {
  const { isAbsolute } = platform === 'win32' ? win32 : posix;
  if (home === '') return undefined;
  // "If an implementation encounters a relative path, it should consider the path invalid and ignore it" (XDG).
  const xdg = env['XDG_CONFIG_HOME'];
  const xdgFolder = xdg && isAbsolute(xdg) ? xdg : `${home}/.config`;
  const local = env['LOCALAPPDATA'] || `${home}/AppData/Local`;
  const config =
    platform === 'win32'
      ? env['APPDATA'] || `${home}/AppData/Roaming`
      : platform === 'darwin'
        ? `${home}/Library/Application Support`
        : xdgFolder;
  const folders: Record<string, string> = { xdg: xdgFolder, local, config, code: `${config}/Code/User` };
  return folders[name];
}

/**
 * The host that a file belongs to, by its path: one of the user's files, or one at the place in a folder where the host has a project's
 * (`.vscode/mcp.json`). Undefined for any other.
 */
export function hostOfPath(path: string, around: Surroundings): Location | undefined {
  const mine = userFiles(around).find((location) => location.path === path);
  if (mine) return mine;
  const { dirname } = around.platform === 'win32' ? win32 : posix;
  // Two folders above is as deep as a host goes.
  const parents = [dirname(path), dirname(dirname(path)), dirname(dirname(dirname(path)))];
  for (const folder of parents) {
    const found = projectFiles(folder, around).find((location) => location.path === path);
    if (found) return found;
  }
  return undefined;
}

/** Where the servers are in a file of nobody's, by what is in it. */
export function hostOfDocument(
  document: Record<string, unknown>,
  format: Host['format'],
): Pick<Location, 'host' | 'key'> | undefined {
  const named = HOSTS.find(
    (host) =>
      host.format === format && host.key[0] !== FILE.key[0] && document[host.key[0] ?? ''] !== undefined,
  );
  if (document[FILE.key[0] ?? ''] !== undefined) return { host: { ...FILE, format }, key: FILE.key };
  return named && { host: named, key: named.key };
}
