import { existsSync } from 'node:fs';
import { isSafeName } from '../../../config/names.ts';
import type { App } from '../../app.ts';

/** The login of an instance that goes, if it has one; `forget` works, too, after its folder was removed. Error, of `forget`: IoError. */
export async function storedLogin(
  { paths, printer }: App,
  name: string,
): Promise<{ forget: () => Promise<void> } | undefined> {
  const file = paths.authFile(name);
  if (!isSafeName(name) || !existsSync(file)) return undefined;
  const { readableAuth } = await import('../../../mcp/auth/record.ts');
  const { removeAuth } = await import('../../../mcp/auth/store.ts');
  const record = readableAuth(file);
  return { forget: () => removeAuth(file, record, (line) => printer.detail(line)) };
}

/** Moves an instance's folder while nobody refreshes its login: what a refresh brings would be written to a place that is gone. */
export async function movedWithLogin<T>({ paths }: App, name: string, move: () => T): Promise<T> {
  const file = paths.authFile(name);
  if (!isSafeName(name) || !existsSync(file)) return move();
  const { readableAuth } = await import('../../../mcp/auth/record.ts');
  const { withAuthLock } = await import('../../../mcp/auth/store.ts');
  // A damaged one goes along as it is.
  return withAuthLock(paths.authLockDir, readableAuth(file), move);
}
