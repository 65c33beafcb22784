import { type AuthRecord, isFresh } from '../../../mcp/auth/record.ts';

/** A login as `--json` tells of it. Never a token. Times are ISO 8601 UTC. */
export interface LoginState {
  instance: string;
  /** The server: origin and path. */
  url: string;
  issuer: string | null;
  account: string | null;
  client_id: string | null;
  client: 'given' | 'metadata_document' | 'registered' | null;
  grant: AuthRecord['grant'];
  scopes: string[];
  obtained_at: string;
  expires_at: string | null;
  expired: boolean;
  /** A new token can be had without the person. */
  refreshable: boolean;
  store: AuthRecord['store'];
  file: string;
  /** The configuration has credentials of its own, which win. */
  shadowed: boolean;
  /** The instance is for another server by now: the login is not used. */
  elsewhere: boolean;
}

export interface LoginFacts {
  instance: string;
  file: string;
  record: AuthRecord;
  shadowed: boolean;
  elsewhere?: boolean;
  now: Date;
}

export function loginState({
  instance,
  file,
  record,
  shadowed,
  elsewhere = false,
  now,
}: LoginFacts): LoginState {
  const { url, issuer, account, client, grant, scope, obtained_at, expires_at, store } = record;
  return {
    instance,
    url,
    issuer,
    account,
    client_id: client?.client_id ?? null,
    client: client?.from ?? null,
    grant,
    scopes: scope?.split(' ').filter((one) => one !== '') ?? [],
    obtained_at,
    expires_at,
    expired: !isFresh(record, now, 0),
    refreshable: record.renewable === true && record.token_endpoint !== null,
    store,
    file,
    shadowed,
    elsewhere,
  };
}

/** `Logged in to work at https://auth.example as ann, scopes: a b` */
export function loginLine(state: LoginState): string {
  const { instance, issuer, account, scopes } = state;
  const where = issuer === null ? '' : ` at ${issuer}`;
  const who = account === null ? '' : ` as ${account}`;
  const what = scopes.length === 0 ? '' : `, scopes: ${scopes.join(' ')}`;
  return `Logged in to ${instance}${where}${who}${what}`;
}

/** A login for people, a line a fact. */
export function stateLines(state: LoginState, now: Date): string[] {
  const { account, client_id: id, client, scopes, store, file, shadowed, elsewhere } = state;
  return [
    `${state.instance}: ${state.url}`,
    `  issuer:  ${state.issuer ?? 'unknown'}`,
    ...(account === null ? [] : [`  account: ${account}`]),
    ...(id === null ? [] : [`  client:  ${id}${client === null ? '' : ` (${CLIENTS[client]})`}`]),
    `  scopes:  ${scopes.length === 0 ? 'not named' : scopes.join(' ')}`,
    `  token:   ${expiryText(state, now)}`,
    `  stored:  ${file} (${store === 'keyring' ? 'sealed with a key in the keyring' : 'a plain file, for you alone'})`,
    ...(shadowed ? ['  not used: the instance has credentials in its configuration'] : []),
    ...(elsewhere ? ['  not used: the instance is for another server by now'] : []),
  ];
}

const CLIENTS: Readonly<Record<NonNullable<LoginState['client']>, string>> = {
  given: 'given',
  metadata_document: 'a client metadata document',
  registered: 'registered by this program',
};

function expiryText({ expires_at: at, refreshable }: LoginState, now: Date): string {
  const then = refreshable ? ', refreshed when it is needed' : ', and then a new login is needed';
  if (at === null) return 'good until the server refuses it';
  const left = Math.round((Date.parse(at) - now.getTime()) / 1000);
  if (left <= 0)
    return `expired at ${at}${refreshable ? ', refreshed when it is needed' : ': a new login is needed'}`;
  return `good until ${at}${then}`;
}
