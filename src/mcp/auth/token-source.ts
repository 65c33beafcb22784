/**
 * Where the transports get the token of a login from. All that a call with a valid token loads of OAuth is this file and record.ts: what refreshes,
 * unseals and locks comes with the first token that needs it.
 */
import { type Stats, statSync } from 'node:fs';
import type { HttpTarget, Target } from '../../config/target/target.ts';
import { monotonic } from '../../lib/monotonic.ts';
import { orAborted } from '../../lib/stop.ts';
import type { Logins, TokenContext } from './logins.ts';
import { type AuthRecord, isFor, isFresh, readAuth } from './record.ts';

/** What a request over HTTP asks for its token. */
export interface TokenSource {
  /**
   * The access token to send now, refreshed if need be; undefined without a login for this server. Errors: UnreachableError where the
   * authorization server cannot be reached, AuthError where it refuses, ConfigError and IoError of the stored login, the signal's reason.
   */
  token(signal: AbortSignal): Promise<string | undefined>;
  /** Another token after the server has refused this one (HTTP 401); undefined where there is none. Errors: as `token`. */
  renewed(sent: string, signal: AbortSignal): Promise<string | undefined>;
  /** What the login is as far as errors tell of it; undefined without one. */
  readonly login: { scope: string | null } | undefined;
  /** Tokens that were handed out: whatever the server repeats of them is taken out of its words. */
  readonly handedOut: ReadonlySet<string>;
}

/**
 * The token source of a target; undefined for one that has credentials of its own, which win, and for one that is no URL. Without a login it hands
 * out nothing until somebody logs in, which a connection that is open notices.
 */
export function tokenSource(target: Target, logins: Logins): TokenSource | undefined {
  if (target.kind !== 'http' || hasCredentials(target)) return undefined;
  const { url, proxy, ca } = target;
  return new StoredLogin(url, { ...logins, route: { proxy, ca, owner: logins.name } });
}

/** Whether the configuration itself says how to authenticate: an `Authorization` header, or a user in the URL. */
export function hasCredentials({ headers, url }: HttpTarget): boolean {
  if (Object.keys(headers).some((name) => name.toLowerCase() === 'authorization')) return true;
  return URL.canParse(url) && new URL(url).username !== '';
}

/** For how long a login that was not there is not looked for again, in milliseconds: thousands of calls a second would each ask the disk. */
const MISSED_MS = 20;

/** A token that was had, and of which login. */
interface Had {
  record: AuthRecord;
  token: string;
}

class StoredLogin implements TokenSource {
  readonly #url: string;
  readonly #context: TokenContext;
  readonly handedOut = new Set<string>();
  #seen: { stat: Stats; record: AuthRecord | undefined } | undefined;
  /** When the login was looked for and there was none. */
  #missed = Number.NEGATIVE_INFINITY;
  #had: Had | undefined;
  /** A refresh that is under way here: all requests of this process wait for the same. */
  #pending: Promise<Had | undefined> | undefined;

  constructor(url: string, context: TokenContext) {
    this.#url = url;
    this.#context = context;
  }

  get login(): { scope: string | null } | undefined {
    return this.#read();
  }

  async token(signal: AbortSignal): Promise<string | undefined> {
    const record = this.#read();
    if (!record) return undefined;
    const fresh = isFresh(record, this.#context.now());
    const stored = record.secrets?.access_token ?? this.#tokenOf(record);
    if (fresh && stored !== undefined) return this.#handOut(stored);
    return this.#slowly(undefined, signal);
  }

  async renewed(sent: string, signal: AbortSignal): Promise<string | undefined> {
    return this.#read() && this.#slowly(sent, signal);
  }

  /** By what is not loaded yet. A caller that gives up ends its own wait only: the answer of a refresh must be written. */
  async #slowly(sent: string | undefined, signal: AbortSignal): Promise<string | undefined> {
    const pending = this.#pending ?? this.#usable(sent);
    this.#pending = pending;
    const clear = () => {
      if (this.#pending === pending) this.#pending = undefined;
    };
    pending.then(clear, clear);
    const had = await orAborted(pending, signal);
    if (!had || had.token === sent) return undefined;
    this.#had = had;
    return this.#handOut(had.token);
  }

  async #usable(sent: string | undefined): Promise<Had | undefined> {
    const { usableToken } = await import('./usable-token.ts');
    return usableToken(this.#context, sent);
  }

  #tokenOf(record: AuthRecord): string | undefined {
    const had = this.#had;
    return had && had.record.sealed === record.sealed && had.record.id === record.id ? had.token : undefined;
  }

  #handOut(token: string): string {
    this.handedOut.add(token);
    return token;
  }

  /** The login as it stands on disk: a refresh by another process counts at once, a first login in a moment. */
  #read(): AuthRecord | undefined {
    const { file, log } = this.#context;
    const now = monotonic();
    if (now - this.#missed < MISSED_MS) return undefined;
    const stat = statOf(file);
    if (!stat) {
      this.#missed = now;
      return undefined;
    }
    const known = this.#seen;
    if (known && known.stat.ino === stat.ino && known.stat.mtimeMs === stat.mtimeMs) return known.record;
    const record = readAuth(file);
    const fits = record !== undefined && isFor(record, this.#url);
    if (record && !fits) log(`the stored login is for another server (${record.url}): it is not used`);
    this.#seen = { stat, record: fits ? record : undefined };
    return this.#seen.record;
  }
}

function statOf(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch {
    // Whatever it is, reading tells it better.
    return undefined;
  }
}
