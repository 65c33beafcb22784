import type { HttpTarget } from '../../../config/target/target.ts';
import { AuthError, CliError, type LoginAdvice, UnreachableError } from '../../../errors.ts';
import { type OpenOptions, openConnection } from '../../connection/open.ts';

/**
 * Goes to a server without credentials, to hear how it wants to be asked: what it says of a login; undefined where it answers without one. Errors:
 * UnreachableError, and the signal's reason.
 */
export async function firstContact(
  target: HttpTarget,
  options: Pick<OpenOptions, 'name' | 'version' | 'identity' | 'now' | 'log' | 'signal' | 'connectTimeoutMs'>,
): Promise<LoginAdvice | undefined> {
  const headers = Object.entries(target.headers).filter(([name]) => name.toLowerCase() !== 'authorization');
  const url = new URL(target.url);
  url.username = '';
  url.password = '';
  try {
    const connection = await openConnection(
      { ...target, url: url.href, headers: Object.fromEntries(headers) },
      options,
    );
    await connection.close({ endSession: true });
    return undefined;
  } catch (error) {
    if (error instanceof AuthError) return error.login ?? {};
    if (!(error instanceof CliError) || error instanceof UnreachableError) throw error;
    // It is there, and says something else of this first question: its metadata may tell.
    return undefined;
  }
}
