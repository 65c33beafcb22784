import { shownName } from '../../../config/configured-instance.ts';
import { AuthError, EXIT, UsageError } from '../../../errors.ts';
import { loginsOf } from '../../../mcp/auth/logins.ts';
import { tokenSource } from '../../../mcp/auth/token-source.ts';
import type { App } from '../../app.ts';
import { httpTarget, selectInstance } from './target.ts';

/**
 * `auth token INSTANCE`: prints an access token that is valid now, refreshed if need be. Errors: AuthError without a login, UsageError where the instance has
 * credentials of its own, and those of a refresh.
 */
export async function printToken(app: App, typed: string | undefined): Promise<number> {
  const instance = await selectInstance(app, typed);
  const { context, paths, printer } = app;
  const target = httpTarget(instance);
  const name = shownName(instance);
  const source = tokenSource(
    target,
    loginsOf(paths, instance.name, { name, now: context.clock.now, log: (line) => printer.detail(line) }),
  );
  if (!source)
    throw new UsageError(`${name} has credentials in its configuration, and uses no login`, {
      hint: 'see: mcp2cli instances show NAME',
    });
  using stop = app.stop('no token in time');
  const token = await source.token(stop.signal);
  if (token === undefined) throw new AuthError(`${name} is not logged in`, { login: {} });
  printer.answer('auth token', `an access token of ${name}`, { access_token: token }, token);
  return EXIT.ok;
}
