import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';

/** The program's entry, as a user has it. */
export const BIN = fileURLToPath(new URL('../../bin/mcp2cli.js', import.meta.url));

/** What a variable is set to; undefined takes it out. */
export type EnvChanges = Record<string, string | undefined>;

/** Taken over from the surroundings. Nothing else is: proxies, NO_COLOR, CI or MCP2CLI_* of whoever runs the tests must not count. */
const KEPT = ['PATH', 'TMPDIR', 'TMP', 'TEMP', 'SystemRoot', 'COMSPEC', 'PATHEXT'];

/** One for all tests: in its fresh home each would compile the program anew, and store that. */
const COMPILE_CACHE = join(tmpdir(), `mcp2cli-test-compile-cache-${process.getuid?.() ?? 0}`);

/** The Redis that has the jobs of all homes, in the project `shared` (vitest.config.ts): `redis://HOST`; undefined: they are on disk. */
export function sharedStore(): string | undefined {
  return inject('store');
}

/** A clean environment with `home` as MCP2CLI_HOME and as the user's home. */
export function cleanEnv(home: string, changes: EnvChanges = {}): Record<string, string> {
  const store = sharedStore();
  const env: EnvChanges = {
    LANG: 'C.UTF-8',
    HOME: home,
    USERPROFILE: home,
    MCP2CLI_HOME: home,
    NODE_COMPILE_CACHE: COMPILE_CACHE,
    // A history of each home's own.
    MCP2CLI_STORE: store && `${store}/0?prefix=${encodeURIComponent(`${basename(home)}:`)}`,
  };
  for (const name of KEPT) env[name] = process.env[name];
  Object.assign(env, changes);
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
