/** Commands named as in the documents (`work`, `jq`) in a folder of their own, so that shell snippets run as they stand there. */
import { chmodSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Handle, RunResult, StartOptions } from './cli.ts';
import { startCommand } from './cli.ts';
import { BIN } from './env.ts';
import { freshDir } from './home.ts';

const JQ = fileURLToPath(new URL('jq.js', import.meta.url));

/** Makes a folder with `NAME ...` for `mcp2cli -i NAME ...` for each instance, `mcp2cli` itself, and `jq`. Returns the folder. */
export function launchers(...instances: string[]): string {
  const dir = freshDir('bin');
  script(join(dir, 'mcp2cli'), [BIN]);
  script(join(dir, 'jq'), [JQ]);
  for (const name of instances.length > 0 ? instances : ['work']) script(join(dir, name), [BIN, '-i', name]);
  return dir;
}

/** Starts a bash snippet with `bin` first in the PATH. */
export function startShell(snippet: string, options: StartOptions & { bin: string }): Handle {
  const env = {
    ...options.env,
    PATH: `${options.bin}${delimiter}${options.env?.['PATH'] ?? process.env['PATH']}`,
  };
  return startCommand('bash', ['-c', snippet], { ...options, env });
}

/** Runs a bash snippet to its end. */
export function shell(snippet: string, options: StartOptions & { bin: string }): Promise<RunResult> {
  return startShell(snippet, options).done;
}

function script(path: string, words: readonly string[]): void {
  const quoted = [process.execPath, ...words].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  writeFileSync(path, `#!/bin/sh\nexec ${quoted.join(' ')} "$@"\n`);
  chmodSync(path, 0o755);
}
