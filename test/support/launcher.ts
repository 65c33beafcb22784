/** Commands named as in the documents (`work`, `jq`) in a folder of their own, so that shell snippets run as they stand there. */
import { chmodSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Handle, RunResult, StartOptions } from './cli.ts';
import { run, startCommand } from './cli.ts';
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

/** A word that means itself in every shell. */
const PLAIN = /^[\w./:@,=+-]+$/;

/** Runs a line of the program, or of a linked instance, as if it was typed: in bash where its words say something to a shell. */
export function typed(line: string, options: StartOptions & { bin: string }): Promise<RunResult> {
  const [program = '', ...words] = line.split(' ');
  if (!words.every((word) => PLAIN.test(word))) return shell(line, options);
  if (program === 'mcp2cli') return run(words, options);
  // What the launcher says that `link` writes.
  return run(['-i', program, ...words], { ...options, env: { ...options.env, MCP2CLI_PROGRAM: program } });
}

function script(path: string, words: readonly string[]): void {
  const quoted = [process.execPath, ...words].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  writeFileSync(path, `#!/bin/sh\nexec ${quoted.join(' ')} "$@"\n`);
  chmodSync(path, 0o755);
}
