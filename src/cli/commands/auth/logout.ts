import { findInstance } from '../../../config/config.ts';
import { unknownInstance } from '../../../config/configured-instance.ts';
import { isSafeName } from '../../../config/names.ts';
import { CliError, EXIT } from '../../../errors.ts';
import { type AuthRecord, readAuth, readableAuth } from '../../../mcp/auth/record.ts';
import { removeAuth, secretsOfLogin, withAuthLock } from '../../../mcp/auth/store.ts';
import type { App } from '../../app.ts';
import { selectInstance } from './target.ts';

/** How long the server may take to take its tokens back, in milliseconds. */
const REVOKE_MS = 10_000;

/**
 * `auth logout INSTANCE`: tells the authorization server that the tokens are not used any more (RFC 7009), where it can be told, and forgets them in any case.
 */
export async function logout(app: App, typed: string | undefined): Promise<number> {
  const { printer, paths } = app;
  const name = await nameOf(app, typed);
  printer.appId = name;
  const file = paths.authFile(name);
  let damaged = false;
  const record = readableAuth(file, () => {
    damaged = true;
  });
  if (!record && !damaged) {
    printer.answer('auth logout', `${name} was not logged in`, { instance: name, was: null });
    return EXIT.ok;
  }
  const revoked = await withAuthLock(paths.authLockDir, record, async () => {
    // What another process has refreshed meanwhile is what is valid.
    const current = record && readAuth(file);
    const told = current ? await revoke(app, name, current) : false;
    await removeAuth(file, current ?? record, (line) => printer.detail(line));
    return told;
  });
  const summary = `Logged out of ${name}`;
  printer.answer('auth logout', summary, { instance: name, was: record?.issuer ?? null, revoked });
  if (!revoked)
    printer.note(
      'its tokens are forgotten here; the server was not told, and may take them until they expire',
    );
  return EXIT.ok;
}

/** An instance that is gone may have left a login. */
async function nameOf(app: App, typed: string | undefined): Promise<string> {
  if (typed === undefined || findInstance(app.config, typed) !== undefined)
    return (await selectInstance(app, typed)).name;
  if (isSafeName(typed) && readableAuth(app.paths.authFile(typed))) return typed;
  throw unknownInstance(app.config, typed);
}

/** True where the server has taken them back. Whatever is in the way is told, and no reason to keep them. */
async function revoke(app: App, name: string, record: AuthRecord): Promise<boolean> {
  const { printer, context } = app;
  if (record.revocation_endpoint === null || record.client === null) return false;
  using stop = app.stop('the server was not told in time', REVOKE_MS);
  try {
    const { revokeToken } = await import('../../../mcp/auth/token-request.ts');
    const secrets = await secretsOfLogin(record);
    const options = { name, route: routeOf(app), now: context.clock.now, signal: stop.signal };
    const { access_token: access, refresh_token: refresh } = secrets;
    // The refresh token first: with it most servers take back all that came of it.
    if (refresh !== undefined) await revokeToken(record, secrets, refresh, 'refresh_token', options);
    await revokeToken(record, secrets, access, 'access_token', options);
    return true;
  } catch (error) {
    context.interrupted.throwIfAborted();
    if (!(error instanceof CliError)) throw error;
    printer.warn('not_revoked', error.message);
    return false;
  }
}

/** The instance's own way to the network, where it is configured yet. */
function routeOf(app: App): { proxy?: string | undefined; ca?: string | undefined; owner?: string } {
  try {
    const { instance } = app;
    const target = instance.target();
    return target.kind === 'http' ? { proxy: target.proxy, ca: target.ca, owner: instance.name } : {};
  } catch {
    return {};
  }
}
