import { isAbsolute, join, resolve } from 'node:path';
import { ConfigError } from '../errors.ts';

export interface PathContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly platform: NodeJS.Platform;
  /** What a relative path is meant from. */
  readonly cwd: string;
}

/** Where everything of this program lies on disk. */
export interface Paths {
  /** The data root, absolute: `MCP2CLI_HOME`, else the platform's data directory. */
  readonly root: string;
  readonly config: string;
  /** Compiled code of the program, a folder for each version. */
  readonly compileCacheDir: string;
  /** Job files in TypeScript, as JavaScript. */
  readonly jobFilesCacheDir: string;
  /** A folder for each instance, configured, ad hoc or removed. */
  readonly instancesDir: string;
  instanceDir(name: string): string;
  jobsDir(name: string): string;
  /** Negotiated facts about the instance's server. */
  serverFile(name: string): string;
  catalogueFile(name: string): string;
  /** What the server offers beside its tools. */
  extrasFile(name: string): string;
  /** The user's own jobs over the instance's tools. */
  definitionsFile(name: string): string;
  /** A copy of those that are in a shared store; `store` is a short name of it. */
  sharedDefinitionsFile(name: string, store: string): string;
  /** What the instance's permissions have refused, a line each. */
  refusalsFile(name: string): string;
  /** The login to the instance's server. */
  authFile(name: string): string;
  /** Locks of logins, which instances may share. */
  readonly authLockDir: string;
  /** What belongs to the instance's keepers: their files, sockets and log. */
  keeperDir(name: string): string;
}

/**
 * The paths below the data root (XDG Base Directory Specification on Unix, the platform's own place elsewhere). Error: ConfigError when the
 * environment names no place.
 */
export function resolvePaths(context: PathContext): Paths {
  const root = dataRoot(context);
  const instancesDir = join(root, 'instances');
  const instanceDir = (name: string) => join(instancesDir, name);
  return {
    root,
    config: join(root, 'config.json'),
    compileCacheDir: compileCacheDirIn(root),
    jobFilesCacheDir: join(root, 'job-files'),
    instancesDir,
    instanceDir,
    jobsDir: (name) => join(instanceDir(name), 'jobs'),
    serverFile: (name) => join(instanceDir(name), 'server.json'),
    catalogueFile: (name) => join(instanceDir(name), 'catalogue.json'),
    extrasFile: (name) => join(instanceDir(name), 'extras.json'),
    definitionsFile: (name) => join(instanceDir(name), 'definitions.json'),
    sharedDefinitionsFile: (name, store) => join(instanceDir(name), `definitions.shared-${store}.json`),
    refusalsFile: (name) => join(instanceDir(name), 'refusals.jsonl'),
    authFile: (name) => join(instanceDir(name), 'auth.json'),
    authLockDir: join(root, 'auth-locks'),
    keeperDir: (name) => join(instanceDir(name), 'keeper'),
  };
}

/** `compileCacheDir` alone: every process asks for it, before anything else. Error: as resolvePaths. */
export function compileCacheDirOf(context: PathContext): string {
  return compileCacheDirIn(dataRoot(context));
}

const compileCacheDirIn = (root: string) => join(root, 'compile-cache');

function dataRoot({ env, home, platform, cwd }: PathContext): string {
  // A keeper and a server have working folders of their own: the path must mean the same there.
  if (env['MCP2CLI_HOME']) return resolve(cwd, env['MCP2CLI_HOME']);
  const named =
    platform === 'darwin' ? undefined : env[platform === 'win32' ? 'LOCALAPPDATA' : 'XDG_DATA_HOME'];
  // "If an implementation encounters a relative path, it should consider the path invalid and ignore it" (XDG).
  if (named !== undefined && isAbsolute(named)) return join(named, 'mcp2cli');
  if (home === '')
    throw new ConfigError('there is no home folder to keep data in: HOME is not set', {
      code: 'no_home',
      hint: 'set HOME, or set MCP2CLI_HOME to a folder of your own',
    });
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'mcp2cli');
  if (platform === 'win32') return join(home, 'AppData', 'Local', 'mcp2cli');
  return join(home, '.local', 'share', 'mcp2cli');
}
