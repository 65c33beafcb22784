import { type Stats, statSync } from 'node:fs';
import { ConfigError, IoError } from '../errors.ts';
import { ioFailure } from '../store/io-failure.ts';

/**
 * Refuses a data root that anybody on the machine can write: they could plant a server's command or a job's result there. One that does
 * not exist yet is fine. Errors: ConfigError, IoError when it is no folder.
 */
export function checkDataRoot(root: string, platform: NodeJS.Platform): void {
  const stat = statOf(root);
  if (!stat) return;
  if (!stat.isDirectory())
    throw new IoError(`the data root is not a folder: ${root}`, { hint: 'set MCP2CLI_HOME to a folder' });
  // Windows keeps no such bits.
  if (platform !== 'win32' && (stat.mode & 0o002) !== 0)
    throw new ConfigError(`the data root can be written by anybody: ${root}`, {
      code: 'insecure_root',
      hint: `chmod o-w ${root}, or set MCP2CLI_HOME to a folder of your own`,
    });
}

function statOf(root: string): Stats | undefined {
  try {
    return statSync(root, { throwIfNoEntry: false });
  } catch (error) {
    throw ioFailure(error, 'read', root);
  }
}
