/**
 * An access token that can be used now. Any number of processes ask for one at the same moment, and one of them asks the authorization server: servers
 * give each refresh token out for one use, and take a second use for theft, which ends the login of all.
 */
import { AuthError, CliError, UnreachableError } from '../../errors.ts';
import { monotonic } from '../../lib/monotonic.ts';
import { pause } from '../http/pause.ts';
import type { TokenContext } from './logins.ts';
import { type AuthRecord, type AuthSecrets, isFresh, readAuth } from './record.ts';
import { secretsOfLogin, tryAuthLock, writeAuth } from './store.ts';
import { renewTokens } from './token-request.ts';

/** How long another process may take to refresh, in milliseconds: its request may take 30 s. */
const PATIENCE_MS = 60_000;

/** How often the file is looked at meanwhile, in milliseconds; not by all at the same moment. */
const LOOK_MS = { least: 20, most: 80 };

export interface UsableToken {
  record: AuthRecord;
  token: string;
}

/**
 * The token of the login, refreshed where it has expired, or is the one that the server has refused (`sent`). Undefined where there is no login any
 * more, or none but the refused one. Errors: AuthError where it cannot be had without the person, UnreachableError where the authorization server
 * cannot be asked, IoError and ConfigError of the store.
 */
export async function usableToken(
  context: TokenContext,
  sent: string | undefined,
): Promise<UsableToken | undefined> {
  const deadline = monotonic() + PATIENCE_MS;
  for (;;) {
    const found = await stored(context, sent);
    if (found === undefined || 'token' in found) return found;
    const release = await tryAuthLock(context.lockDir, found.record);
    if (release) {
      try {
        return await underLock(context, sent);
      } finally {
        await release();
      }
    }
    if (monotonic() > deadline)
      throw new UnreachableError(
        `another process refreshes the login of ${context.name} and does not finish`,
      );
    await pause(LOOK_MS.least + Math.random() * (LOOK_MS.most - LOOK_MS.least));
  }
}

interface Stale {
  record: AuthRecord;
  secrets: AuthSecrets;
}

/** What is stored: a token that can be used, or a login that has to be refreshed. */
async function stored(
  context: TokenContext,
  sent: string | undefined,
): Promise<UsableToken | Stale | undefined> {
  const record = readAuth(context.file);
  if (!record) return undefined;
  const secrets = await secretsOfLogin(record);
  const { access_token: token } = secrets;
  if (token !== sent && isFresh(record, context.now())) return { record, token };
  const canRenew = record.grant === 'client_credentials' || secrets.refresh_token !== undefined;
  if (canRenew && record.token_endpoint !== null) return { record, secrets };
  if (sent !== undefined) return undefined;
  if (isFresh(record, context.now(), 0)) return { record, token };
  throw new AuthError(
    `${context.name} requires a new login: its token expired at ${record.expires_at}, and there is none to refresh it with`,
    { login: { again: true } },
  );
}

/** What was stored may have changed until the lock was had: then somebody else has done it. */
async function underLock(context: TokenContext, sent: string | undefined): Promise<UsableToken | undefined> {
  const found = await stored(context, sent);
  if (found === undefined || 'token' in found) return found;
  try {
    return await refresh(context, found);
  } catch (error) {
    // Early, by a minute: a server that is away for a moment costs nothing yet.
    if (!(error instanceof CliError) || sent !== undefined || !isFresh(found.record, context.now(), 0))
      throw error;
    context.log(`${error.message}; the token is good for a moment yet`);
    return { record: found.record, token: found.secrets.access_token };
  }
}

async function refresh(context: TokenContext, { record, secrets }: Stale): Promise<UsableToken> {
  const { file, name, now, route, log } = context;
  const before = record.refreshing_since;
  // On disk before the request: where the file cannot be written no refresh token is spent, and whoever finds the mark knows what was lost.
  const marked = await writeAuth(file, { ...record, refreshing_since: now().toISOString() }, secrets);
  let granted: Awaited<ReturnType<typeof renewTokens>>;
  try {
    granted = await renewTokens(record, secrets, { name, route, now });
  } catch (error) {
    const open = error instanceof UnreachableError && error.maybeSent;
    if (!open && readAuth(file)?.id === record.id)
      await writeAuth(file, { ...marked, refreshing_since: before }, secrets);
    throw before === undefined ? unsent(error) : afterLoss(error, before);
  }
  const at = now();
  const renewed: AuthRecord = {
    ...record,
    refreshing_since: undefined,
    scope: granted.scope ?? record.scope,
    obtained_at: at.toISOString(),
    expires_at: expiryOf(granted.expires_in, at),
  };
  const all = {
    ...secrets,
    access_token: granted.access_token,
    refresh_token: granted.refresh_token ?? secrets.refresh_token,
  };
  log(`the token of ${name} was refreshed`);
  // Another login may have been made meanwhile, or this one forgotten.
  if (readAuth(file)?.id !== record.id) return { record: renewed, token: granted.access_token };
  return { record: await writeAuth(file, renewed, all), token: granted.access_token };
}

/** Whether the token was asked for is open; what it was wanted for has not been sent. */
function unsent(error: unknown): unknown {
  if (!(error instanceof UnreachableError) || !error.maybeSent) return error;
  const { message, status, retryAfterMs } = error;
  return new UnreachableError(message, { status, retryAfterMs, cause: error });
}

/** The refusal that follows where a process died between the answer of the server and the disk. */
function afterLoss(error: unknown, since: string): unknown {
  if (!(error instanceof AuthError)) return unsent(error);
  return new AuthError(
    `${error.message}; a refresh that began at ${since} was cut off, and what it brought is lost`,
    {
      login: error.login,
      cause: error,
    },
  );
}

/** When a token expires; null where the server does not say. `seconds`: from `now` on. */
export function expiryOf(seconds: number | undefined, now: Date): string | null {
  if (seconds === undefined || !Number.isFinite(seconds)) return null;
  // No date is later than that (ECMA-262, 21.4.1.1).
  return new Date(Math.min(now.getTime() + seconds * 1000, 8.64e15)).toISOString();
}
