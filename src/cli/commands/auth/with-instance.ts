import { existsSync } from 'node:fs';
import { isSafeName } from '../../../config/names.ts';
import { ConfigError } from '../../../errors.ts';
import type { App } from '../../app.ts';

/** The login of an instance that goes, if it has one; `forget` works, too, after its folder was removed. Error, of `forget`: IoError. */
export async function storedLogin(
  { paths, printer }: App,
  name: string,
): Promise<{ forget: () => Promise<void> } | undefined> {
  const file = paths.authFile(name);
  if (!isSafeName(name) || !existsSync(file)) return undefined;
  const { readAuth } = await import('../../../mcp/auth/record.ts');
  const { removeAuth } = await import('../../../mcp/auth/store.ts');
  const record = readable(() => readAuth(file));
  return { forget: () => removeAuth(file, record, (line) => printer.detail(line)) };
}

/** Moves an instance's folder while nobody refreshes its login: what a refresh brings would be written to a place that is gone. */
export async function movedWithLogin<T>({ paths }: App, name: string, move: () => T): Promise<T> {
  const file = paths.authFile(name);
  if (!isSafeName(name) || !existsSync(file)) return move();
  const { readAuth } = await import('../../../mcp/auth/record.ts');
  const { withAuthLock } = await import('../../../mcp/auth/store.ts');
  return withAuthLock(
    paths.authLockDir,
    readable(() => readAuth(file)),
    move,
  );
}

/** A damaged one goes along as it is. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return undefined;
  }
}
