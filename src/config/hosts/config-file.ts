/** `--config FILE`: another program's file as a configuration, for one command. Nothing is written. */
import { CliError } from '../../errors.ts';
import { CONFIG_SCHEMA_VERSION, type Config, configuredTarget, FROM_FILE } from '../config.ts';
import type { PathContext } from '../paths.ts';
import { ourName } from './names.ts';
import { readHostFile } from './read.ts';
import type { HostServer } from './server.ts';

/** Of two servers with one name the one for the working folder counts. @throws UsageError, ConfigError, IoError */
export async function configOfFile(path: string, context: PathContext): Promise<Config> {
  const files = await readHostFile(path, context);
  const mcpServers: Record<string, unknown> = {};
  const leftOut = new Map<string, string>();
  for (const { host, servers } of files.reverse())
    for (const one of servers) {
      const name = ourName(one.name, host.id);
      const reason = one.reason ?? problemOf(name, one);
      if (Object.hasOwn(mcpServers, name) || leftOut.has(name)) continue;
      if (reason === undefined) mcpServers[name] = one.server;
      else leftOut.set(name, reason);
    }
  const names = Object.keys(mcpServers);
  return {
    schema_version: CONFIG_SCHEMA_VERSION,
    mcpServers,
    // Who has only one means that one.
    ...(names.length === 1 && names[0] !== undefined ? { active: names[0] } : {}),
    [FROM_FILE]: { path, leftOut },
  };
}

/** What keeps a server from being used here, if anything. */
export function problemOf(name: string, { server }: HostServer): string | undefined {
  try {
    configuredTarget(name, server);
    return undefined;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return error.message.replace(`instance ${name}: `, '');
  }
}
