import { resolve } from 'node:path';
import { shownName } from '../../../config/configured-instance.ts';
import type { HttpTarget } from '../../../config/target/target.ts';
import { EXIT, type LoginAdvice, UsageError } from '../../../errors.ts';
import { makePrivateDir } from '../../../lib/disk/durable-file.ts';
import type { Authorized, ClientChoice } from '../../../mcp/auth/login/authorize.ts';
import { chooseStore, STORE_VARIABLE } from '../../../mcp/auth/login/choose-store.ts';
import { firstContact } from '../../../mcp/auth/login/first-contact.ts';
import { type AuthRecord, readableAuth } from '../../../mcp/auth/record.ts';
import { removeKey, secretsOfLogin, withAuthLock, writeAuth } from '../../../mcp/auth/store.ts';
import { hasCredentials } from '../../../mcp/auth/token-source.ts';
import { VERSION } from '../../../version.ts';
import type { App } from '../../app.ts';
import { type LoginState, loginLine, loginState } from '../../output/views/login-view.ts';
import { httpTarget, selectInstance } from './target.ts';

export interface LoginOptions {
  scope?: string[];
  /** False after `--no-browser`. */
  browser?: boolean;
  callbackPort?: string;
  clientId?: string;
  clientSecretEnv?: string;
  clientMetadataUrl?: string;
  clientCredentials?: boolean;
  privateKey?: string;
  alg?: string;
  fromStdin?: boolean;
}

/** How long a person gets without `--timeout`, in milliseconds. */
const PATIENCE_MS = 10 * 60_000;

/** `auth login INSTANCE`. Errors: AuthError, UnreachableError, UsageError, those of the store. */
export async function login(app: App, typed: string | undefined, options: LoginOptions): Promise<number> {
  await selectInstance(app, typed);
  const state = await logIn(app, options);
  const { printer } = app;
  const summary = loginLine(state);
  printer.answer('auth login', summary, state, printer.safeText(summary));
  return EXIT.ok;
}

/** Logs in to the selected instance, and stores what that brings. Tells where it is stored. Errors: as `login`. */
export async function logIn(app: App, options: LoginOptions): Promise<LoginState> {
  const { instance, paths, printer, context } = app;
  const target = httpTarget(instance);
  const name = shownName(instance);
  checkOptions(options);
  const shadowed = hasCredentials(target);
  if (shadowed)
    printer.warn(
      'shadowed',
      `${name} has credentials in its configuration: they win, and this login is not used until they are taken out`,
    );
  const file = paths.authFile(instance.name);
  // The one that is replaced.
  const before = readableAuth(file, ({ message }) => printer.detail(message));
  // Before anybody is asked: a keyring that cannot be used is no reason to log in twice.
  const place = await chooseStore(context.env[STORE_VARIABLE]);
  using stop = app.stop('the login was not finished in time', PATIENCE_MS);
  const brought = await authorized(app, target, before, options, stop.signal);
  makePrivateDir(paths.instanceDir(instance.name));
  const { id, store, why } = place;
  const record = await withAuthLock(paths.authLockDir, before, () =>
    writeAuth(file, { ...brought.record, id, store }, brought.secrets),
  );
  if (before?.store === 'keyring') await removeKey(before, (line) => printer.detail(line));
  if (store === 'file' && before?.store === 'keyring')
    printer.warn(
      'token_store',
      `the tokens lie in a plain file from now on: ${why ?? `${STORE_VARIABLE} says so`}`,
    );
  const state = loginState({ instance: instance.name, file, record, shadowed, now: context.clock.now() });
  printer.note(
    store === 'keyring'
      ? `its tokens are in ${file}, sealed with a key in the keyring of this system`
      : `its tokens are in ${file}, which only you can read${why === undefined ? '' : ` (${why})`}`,
  );
  return state;
}

async function authorized(
  app: App,
  target: HttpTarget,
  before: AuthRecord | undefined,
  options: LoginOptions,
  signal: AbortSignal,
): Promise<Authorized> {
  const { context, instance, printer } = app;
  const { now } = context.clock;
  const name = shownName(instance);
  if (options.fromStdin) {
    const { givenTokens } = await import('./given-tokens.ts');
    return givenTokens(await context.stdin.readAll(), target.url, now());
  }
  const advice = await firstContact(target, {
    name,
    version: VERSION,
    identity: instance.identity,
    now,
    log: (line) => printer.detail(line),
    signal,
    connectTimeoutMs: app.connectTimeoutMs,
  });
  const route = { proxy: target.proxy, ca: target.ca, owner: name };
  const scope = options.scope?.join(' ');
  const common = { name, serverUrl: target.url, route, scope, signal };
  if (options.clientCredentials) return machine(app, { ...common, advice, now }, options);
  const { loginPerson } = await import('./person-login.ts');
  return loginPerson(app, {
    ...common,
    advice,
    client: await clientFor(app, before, options),
    port: portIn(options.callbackPort),
    noBrowser: options.browser === false,
  });
}

async function machine(
  { context }: App,
  common: {
    name: string;
    serverUrl: string;
    route: object;
    scope: string | undefined;
    signal: AbortSignal;
    advice: LoginAdvice | undefined;
    now: () => Date;
  },
  { clientId = '', clientSecretEnv, privateKey, alg }: LoginOptions,
): Promise<Authorized> {
  const { loginMachine } = await import('../../../mcp/auth/login/machine-login.ts');
  const { advice, ...rest } = common;
  return loginMachine({
    ...rest,
    scope: rest.scope ?? advice?.scope,
    resourceMetadata: advice?.resourceMetadata,
    clientId,
    proof:
      privateKey === undefined
        ? { secret: secretIn(context.env, clientSecretEnv) ?? '' }
        : { privateKey: resolve(context.cwd, privateKey), alg },
  });
}

/** What was typed, else what the earlier login was made as. */
async function clientFor(
  { context }: App,
  before: AuthRecord | undefined,
  { clientId, clientSecretEnv, clientMetadataUrl }: LoginOptions,
): Promise<ClientChoice> {
  const { client, issuer } = before ?? {};
  const known = before && client && before.grant === 'authorization_code' ? client : undefined;
  if (clientId !== undefined) {
    const same = known?.from === 'given' && known.client_id === clientId;
    const secret = secretIn(context.env, clientSecretEnv);
    return { given: { id: clientId, secret, issuer: same ? (issuer ?? undefined) : undefined } };
  }
  if (clientMetadataUrl !== undefined) return { metadataUrl: clientMetadataUrl };
  if (!before || !known) return {};
  if (known.from === 'metadata_document') return { metadataUrl: known.client_id };
  if (known.from !== 'given') return {};
  const { client_secret: secret } = await secretsOfLogin(before);
  return { given: { id: known.client_id, secret, issuer: issuer ?? undefined } };
}

/** Error: UsageError for a variable that is not set. */
function secretIn(env: App['context']['env'], variable: string | undefined): string | undefined {
  if (variable === undefined) return undefined;
  const secret = env[variable];
  if (secret) return secret;
  throw new UsageError(`--client-secret-env: ${variable} is not set`, {
    hint: `set it for this command: ${variable}=... mcp2cli auth login ...`,
  });
}

function portIn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535)
    throw new UsageError(`--callback-port: not a port: ${JSON.stringify(text)}`, {
      hint: 'a number from 1 to 65535',
    });
  return port;
}

/** What goes with what. Error: UsageError. */
function checkOptions(options: LoginOptions): void {
  const { clientId, clientSecretEnv, clientMetadataUrl, clientCredentials, privateKey, alg, fromStdin } =
    options;
  const refuse = (message: string, hint?: string): never => {
    throw new UsageError(message, { hint });
  };
  const client = [clientId, clientSecretEnv, clientMetadataUrl, privateKey, alg].some(
    (one) => one !== undefined,
  );
  if (fromStdin && (client || clientCredentials || options.scope || options.callbackPort !== undefined))
    refuse('--from-stdin takes what it needs from stdin: it goes with no other flag of a login');
  portIn(options.callbackPort);
  if (clientMetadataUrl !== undefined) checkMetadataUrl(clientMetadataUrl);
  if (clientMetadataUrl !== undefined && clientId !== undefined)
    refuse('--client-id and --client-metadata-url contradict each other: the URL is the id');
  if (clientSecretEnv !== undefined && clientId === undefined)
    refuse(
      '--client-secret-env goes with --client-id',
      'name the client that the secret belongs to: --client-id ID',
    );
  if (alg !== undefined && privateKey === undefined) refuse('--alg goes with --private-key');
  if (privateKey !== undefined && !clientCredentials) refuse('--private-key goes with --client-credentials');
  if (!clientCredentials) return;
  if (clientId === undefined) refuse('--client-credentials needs --client-id');
  if ((clientSecretEnv === undefined) === (privateKey === undefined))
    refuse('--client-credentials needs one of --client-secret-env VAR and --private-key FILE');
  if (options.callbackPort !== undefined || options.browser === false || clientMetadataUrl !== undefined)
    refuse('--client-credentials asks nobody: it goes with no flag about a browser or a metadata document');
}

/** Error: UsageError for a URL that cannot name a client metadata document (a path under https). */
function checkMetadataUrl(url: string): void {
  const { protocol, pathname } = URL.canParse(url) ? new URL(url) : { protocol: '', pathname: '/' };
  if (protocol !== 'https:' || pathname === '/')
    throw new UsageError(`not the URL of a client metadata document: ${url}`, {
      hint: 'it begins with https:// and has a path: --client-metadata-url https://example.com/client.json',
    });
}
