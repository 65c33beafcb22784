import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { IoError, UsageError } from '../errors.ts';
import type { App } from './app.ts';

/** The text that `--args` gives, and what to call it: JSON as it stands, `@file`, or `-` for stdin. Errors: UsageError, IoError. */
export async function readArgsText(app: App, given: string): Promise<[text: string, source: string]> {
  if (given === '-') return [await app.context.stdin.readAll(), '--args (stdin)'];
  if (!given.startsWith('@')) return [given, '--args'];
  const path = resolve(app.context.cwd, given.slice(1));
  try {
    return [readFileSync(path, 'utf8').replace(/^\ufeff/, ''), `--args (${path})`];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new UsageError(`--args: no such file: ${path}`);
    throw new IoError(`--args: cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}
