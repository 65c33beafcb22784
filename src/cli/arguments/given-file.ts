import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { IoError, UsageError } from '../../errors.ts';
import { decodeText } from '../../lib/text/text.ts';
import type { App } from '../app.ts';

/** The text of a file that somebody has named; `flag` is where, for messages. Errors: UsageError when there is none, IoError. */
export function readGivenFile(app: App, name: string, flag?: string): { text: string; path: string } {
  const path = resolve(app.context.cwd, name);
  const where = flag === undefined ? '' : `${flag}: `;
  try {
    return { text: decodeText(readFileSync(path)), path };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new UsageError(`${where}no such file: ${path}`);
    throw new IoError(`${where}cannot read ${path}: ${message}`, { cause: error });
  }
}
