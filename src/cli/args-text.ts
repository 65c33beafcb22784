import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { IoError, UsageError } from '../errors.ts';
import type { App } from './app.ts';

/** The text that a flag such as `--args` gives, and what to call it: text as it stands, `@file`, or `-` for stdin. Errors: UsageError, IoError. */
export async function readArgsText(
  app: App,
  given: string,
  flag = '--args',
): Promise<[text: string, source: string]> {
  if (given === '-') return [await app.context.stdin.readAll(), `${flag} (stdin)`];
  if (!given.startsWith('@')) return [given, flag];
  const path = resolve(app.context.cwd, given.slice(1));
  try {
    return [readFileSync(path, 'utf8').replace(/^\ufeff/, ''), `${flag} (${path})`];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new UsageError(`${flag}: no such file: ${path}`);
    throw new IoError(`${flag}: cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}
