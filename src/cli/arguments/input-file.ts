import { withoutMark } from '../../lib/text/text.ts';
import type { App } from '../app.ts';
import { readGivenFile } from './given-file.ts';

/** The text that a flag such as `--args` gives, and what to call it: text as it stands, `@file`, or `-` for stdin. Errors: UsageError, IoError. */
export async function readArgsText(
  app: App,
  given: string,
  flag = '--args',
): Promise<[text: string, source: string]> {
  if (given === '-') return [await app.context.stdin.readAll(), `${flag} (stdin)`];
  if (!given.startsWith('@')) return [withoutMark(given), flag];
  const { text, path } = readGivenFile(app, given.slice(1), flag);
  return [text, `${flag} (${path})`];
}
