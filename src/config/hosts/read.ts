/** The files of hosts, read and never written. What a format needs is loaded with its first file. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CliError, ConfigError, IoError, UsageError } from '../../errors.ts';
import { isObject, type JsonObject, own } from '../../lib/json/json.ts';
import { decodeText } from '../../lib/text/text.ts';
import { parseConfigText } from '../json-text.ts';
import type { PathContext } from '../paths.ts';
import type { Input } from './fill-in.ts';
import { hostOfDocument, hostOfPath, type Location, projectFiles, userFiles } from './locate.ts';
import { type HostServer, hostServer } from './server.ts';
import { HOSTS, type Host, type Key } from './table.ts';

/** A file that is there, and the servers in it. */
export interface HostFileRead {
  host: Host;
  path: string;
  /** `folder`: servers that the user's file has for the working folder. */
  scope: 'user' | 'project' | 'folder';
  servers: HostServer[];
  /** Why nothing of it could be read. */
  problem?: string;
}

/** Larger ones are no configurations; some hosts keep their history in theirs. */
const LARGEST = 64 * 1024 * 1024;

/** Every file of the hosts that is there: the user's, and those of the project that the working folder is in. Does not throw for one of them. */
export async function discover(
  context: PathContext,
  hosts: readonly Host[] = HOSTS,
): Promise<HostFileRead[]> {
  const places = [
    ...userFiles(context, hosts).flatMap(expanded),
    ...projectFolders(context.cwd).flatMap((folder) => projectFiles(folder, context, hosts)),
  ];
  const found: HostFileRead[] = [];
  const seen = new Set<string>();
  for (const place of places) {
    const at = `${place.path}\0${place.key.join('.')}`;
    if (seen.has(at) || !isFile(place.path)) continue;
    seen.add(at);
    found.push(...(await readLocation(place, context)));
  }
  return found;
}

/** One file that somebody has named; absolute. @throws UsageError when there is none, ConfigError, IoError */
export async function readHostFile(path: string, context: PathContext): Promise<HostFileRead[]> {
  const format = formatOf(path);
  const place = hostOfPath(path, context);
  const document = await parsed(path, place?.host.format ?? format);
  const found = place ?? hostOfDocument(document, format);
  if (found) return read({ ...found, path, scope: place?.scope ?? 'user' }, document, context);
  // A map of servers and nothing around it.
  const entries = Object.values(document);
  const host = HOSTS.find(({ id }) => id === 'claude-code') as Host;
  if (entries.length === 0 || !entries.some(looksLikeServer))
    throw new ConfigError(`no servers in ${path}: none of the keys that hosts keep them under`, {
      hint: 'one of mcpServers, servers, context_servers, mcp, mcp_servers, extensions',
    });
  return read({ host: { ...host, title: 'the file' }, path, key: [], scope: 'user' }, document, context);
}

function looksLikeServer(value: unknown): boolean {
  return isObject(value) && ['command', 'url', 'serverUrl', 'httpUrl'].some((field) => field in value);
}

async function readLocation(place: Location, context: PathContext): Promise<HostFileRead[]> {
  const { host, path, scope } = place;
  try {
    const files = read(place, await parsed(path, host.format), context);
    // A host's settings are there whether or not they have servers.
    return files.filter(({ servers }) => servers.length > 0);
  } catch (error) {
    return [{ host, path, scope, servers: [], problem: (error as Error).message }];
  }
}

function read(place: Location, document: JsonObject, context: PathContext): HostFileRead[] {
  const { host, path, key, scope } = place;
  const inputs = inputsIn(document);
  const servers = (map: unknown, folder: string | undefined) =>
    isObject(map)
      ? Object.entries(map).map(([name, entry]) =>
          hostServer(
            name,
            entry,
            {
              title: host.title,
              syntax: host.syntax,
              home: context.home,
              dir: dirname(path),
              folder,
              inputs,
            },
            host.parts,
          ),
        )
      : [];
  const all: HostFileRead[] = [
    { host, path, scope, servers: servers(at(document, key), place.folder ?? folderOf(path, scope)) },
  ];
  const folders = host.foldersAt === undefined ? undefined : own(document, host.foldersAt);
  if (isObject(folders))
    for (const folder of ancestors(context.cwd)) {
      // On Windows it is written with slashes.
      const map = at(own(folders, folder) ?? own(folders, folder.replaceAll('\\', '/')), host.key);
      if (isObject(map) && Object.keys(map).length > 0)
        all.push({ host, path, scope: 'folder', servers: servers(map, folder) });
    }
  return all;
}

const folderOf = (path: string, scope: Location['scope']) =>
  scope === 'project' ? dirname(path) : undefined;

function at(document: unknown, key: Key): unknown {
  return key.reduce((holder: unknown, name) => (isObject(holder) ? own(holder, name) : undefined), document);
}

/** What VS Code asks its user for (`inputs`). */
function inputsIn({ inputs }: JsonObject): Map<string, Input> {
  const list = Array.isArray(inputs) ? inputs.filter(isObject) : [];
  return new Map(
    list.flatMap(({ id, description }) =>
      typeof id === 'string' ? [[id, typeof description === 'string' ? { description } : {}] as const] : [],
    ),
  );
}

function formatOf(path: string): Host['format'] {
  if (/\.toml$/i.test(path)) return 'toml';
  return /\.ya?ml$/i.test(path) ? 'yaml' : 'json';
}

/** The document in a file. @throws UsageError when there is none, ConfigError for one that is damaged, IoError; none has anything of the text in it */
async function parsed(path: string, format: Host['format']): Promise<JsonObject> {
  let text: string;
  try {
    const stat = statSync(path);
    if (!stat.isFile()) throw new UsageError(`not a file: ${path}`);
    if (stat.size > LARGEST) throw new ConfigError(`larger than ${LARGEST / 1024 / 1024} MiB: ${path}`);
    text = decodeText(readFileSync(path));
  } catch (error) {
    if (error instanceof CliError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new UsageError(`no such file: ${path}`, { cause: error });
    throw new IoError(`cannot read ${path}: ${code ?? message}`, { cause: error });
  }
  if (text.trim() === '') return {};
  let document: unknown;
  try {
    document = await parse(text, format);
  } catch (error) {
    throw new ConfigError(`damaged: ${path}: not valid ${format.toUpperCase()}${whereIn(error, text)}`);
  }
  if (!isObject(document)) throw new ConfigError(`damaged: ${path}: not an object`);
  return document;
}

async function parse(text: string, format: Host['format']): Promise<unknown> {
  if (format === 'json') return parseConfigText(text).value;
  if (format === 'toml') return (await import('smol-toml')).parse(text, { integersAsBigInt: 'asNeeded' });
  return (await import('./parse-yaml.ts')).parseYaml(text);
}

/** The line of a mistake, without its text: there may be secrets in it. */
function whereIn(error: unknown, text: string): string {
  const { line, linePos, message } = error as {
    line?: unknown;
    linePos?: { line?: unknown }[];
    message?: string;
  };
  const known = line ?? linePos?.[0]?.line;
  if (typeof known === 'number') return ` (line ${known})`;
  const position = /position (\d+)/.exec(message ?? '')?.[1];
  return position === undefined ? '' : ` (line ${text.slice(0, Number(position)).split('\n').length})`;
}

/** A path with a `*` as the paths that are there. */
function expanded(place: Location): Location[] {
  const parts = place.path.split(/[\\/]/);
  const star = parts.findIndex((part) => part.includes('*'));
  if (star < 0) return [place];
  const separator = place.path.includes('\\') ? '\\' : '/';
  const folder = parts.slice(0, star).join(separator);
  const [before = '', after = ''] = (parts[star] ?? '').split('*');
  try {
    return readdirSync(folder)
      .filter((name) => name.startsWith(before) && name.endsWith(after))
      .sort()
      .map((name) => ({ ...place, path: join(folder, name, ...parts.slice(star + 1)) }));
  } catch {
    return [];
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** A folder and those around it, from the inside out. */
function ancestors(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...ancestors(parent)];
}

/** The working folder, and those around it up to the top of its repository, where it is in one. */
function projectFolders(cwd: string): string[] {
  const all = ancestors(cwd);
  const top = all.findIndex((folder) => existsSync(join(folder, '.git')));
  return all.slice(0, top < 0 ? 1 : top + 1);
}
