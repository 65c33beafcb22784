import { readdirSync } from 'node:fs';
import { findInstance } from '../../../config/config.ts';
import { configuredInstance, unknownInstance } from '../../../config/configured-instance.ts';
import { isSafeName } from '../../../config/names.ts';
import { CliError, EXIT } from '../../../errors.ts';
import { counted } from '../../../lib/text/counted.ts';
import { type AuthRecord, isFor, readAuth } from '../../../mcp/auth/record.ts';
import { hasCredentials } from '../../../mcp/auth/token-source.ts';
import type { App } from '../../app.ts';
import { textFlag } from '../../global-flags/values.ts';
import { type LoginState, loginState, stateLines } from '../../output/views/login-view.ts';
import { selectInstance } from './target.ts';

/**
 * `auth status [INSTANCE]`: the login of an instance, or all that are stored; no network, no token. With an instance: exit 4 where it has no login, or
 * one that has expired and cannot be refreshed.
 */
export async function authStatus(app: App, typed: string | undefined): Promise<number> {
  const one = typed ?? textFlag(app.flags, 'instance');
  const isOne = one !== undefined || app.flags.has('url');
  return isOne ? statusOf(app, typed) : statusOfAll(app);
}

async function statusOf(app: App, typed: string | undefined): Promise<number> {
  const { name } = (await hasConfiguration(app, typed))
    ? await selectInstance(app, typed)
    : { name: typed ?? '' };
  const { printer, paths } = app;
  printer.appId = name;
  const record = readAuth(paths.authFile(name));
  const state = record && stateOf(app, name, record);
  const good = state !== undefined && !state.elsewhere && (!state.expired || state.refreshable);
  const summary = state ? `${name} is logged in` : `${name} is not logged in`;
  if (printer.json) printer.envelope('auth status', summary, state ?? null);
  else if (state) printer.out(printer.safeText(stateLines(state, app.context.clock.now()).join('\n')));
  else printer.out(summary);
  if (!good && !printer.json) printer.note(`to log in: mcp2cli auth login ${name}`);
  return good ? EXIT.ok : EXIT.auth;
}

/** A login may outlive its instance. Error: UsageError for a name that neither has. */
async function hasConfiguration(app: App, typed: string | undefined): Promise<boolean> {
  if (typed === undefined || findInstance(app.config, typed) !== undefined) return true;
  if (isSafeName(typed) && readAuth(app.paths.authFile(typed))) return false;
  throw unknownInstance(app.config, typed);
}

async function statusOfAll(app: App): Promise<number> {
  const { printer, paths } = app;
  const states: LoginState[] = [];
  for (const name of namesIn(app)) {
    try {
      const record = readAuth(paths.authFile(name));
      if (record) states.push(stateOf(app, name, record));
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      printer.warn(error.code, error.message);
    }
  }
  const summary = counted(states.length, 'login');
  if (printer.json) printer.envelope('auth status', summary, states);
  else if (states.length > 0)
    printer.out(
      printer.safeText(
        states.map((state) => stateLines(state, app.context.clock.now()).join('\n')).join('\n\n'),
      ),
    );
  else printer.note('no logins are stored; to log in: mcp2cli auth login INSTANCE');
  return EXIT.ok;
}

function namesIn({ paths }: App): string[] {
  try {
    return readdirSync(paths.instancesDir).filter(isSafeName).sort();
  } catch {
    return [];
  }
}

/** What of it depends on the configuration is left out where there is none, or none that can be used. */
function stateOf(app: App, name: string, record: AuthRecord): LoginState {
  let shadowed = false;
  let elsewhere = false;
  try {
    const known = findInstance(app.config, name);
    const target =
      known === undefined ? undefined : configuredInstance(app.config, known, app.context.env).target();
    if (target?.kind === 'http') {
      shadowed = hasCredentials(target);
      elsewhere = !isFor(record, target.url);
    } else elsewhere = target !== undefined;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    app.printer.detail(error.message);
  }
  return loginState({
    instance: name,
    file: app.paths.authFile(name),
    record,
    shadowed,
    elsewhere,
    now: app.context.clock.now(),
  });
}
