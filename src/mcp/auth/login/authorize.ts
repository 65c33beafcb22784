/** The authorization code flow with PKCE (MCP, basic/authorization), by the SDK. The only module with `auth()` in it: it is large, and only `auth login` needs it. */
import {
  auth,
  type OAuthClientInformationMixed,
  type OAuthClientMetadata,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type OAuthTokens,
  type StoredOAuthClientInformation,
  StreamableHTTPClientTransport,
  selectClientAuthMethod,
} from '@modelcontextprotocol/client';
import { AuthError, UnsupportedError } from '../../../errors.ts';
import { parseJson } from '../../../lib/json/exact-json.ts';
import type { AuthFetch } from '../auth-fetch.ts';
import type { AuthClient, AuthRecord, AuthSecrets, ClientMethod } from '../record.ts';
import { expiryOf } from '../usable-token.ts';
import { type Discovered, discover, placesOf } from './discover.ts';
import { loginError } from './login-error.ts';

/**
 * The client that a login is made as: given, else a metadata document where the server knows such, else one that is registered for this login. One of an
 * earlier login is not used again: a server that has forgotten it, or that bound it to a port or to scopes, would end the login on a page of its own.
 */
export interface ClientChoice {
  /** Registered by the person, or whoever runs the server. `issuer`: where, if that is known. */
  given?: { id: string; secret: string | undefined; issuer: string | undefined } | undefined;
  /** The URL of a client metadata document. */
  metadataUrl?: string | undefined;
}

export interface AuthorizeRequest {
  /** What the person calls the server. */
  name: string;
  serverUrl: string;
  /** It has answered that a login is needed. */
  refused: boolean;
  /** Where its metadata is, as its refusal said. */
  resourceMetadata: string | undefined;
  /** Undefined: what the server's metadata names. */
  scope: string | undefined;
  client: ClientChoice;
  redirectUrl: string;
  /** What ties the answer to this login. */
  state: string;
  fetch: AuthFetch;
  now: () => Date;
  /** Shows the person the page of the authorization server; resolves with what came back from there. */
  ask: (page: AuthorizationPage) => Promise<URLSearchParams>;
}

export interface AuthorizationPage {
  url: URL;
  issuer: string;
  /** The server says who it is in what comes back (RFC 9207): an answer without that is none. */
  promisesIssuer: boolean;
}

/** What a login has brought. */
export interface Authorized {
  record: Omit<AuthRecord, 'id' | 'store'>;
  secrets: AuthSecrets;
}

/**
 * Logs in. Errors: AuthError where the person or the server refuses, or something about the server is not as it must be (its issuer, its resource);
 * UnreachableError, UsageError for a client that the server cannot take, and what `ask` throws.
 */
export async function authorize(request: AuthorizeRequest): Promise<Authorized> {
  const { name, serverUrl, fetch } = request;
  const restore = silenceSdk();
  try {
    const discovered = await discover(serverUrl, request.resourceMetadata, fetch);
    checkWhose(request, discovered);
    const provider = new LoginProvider(request, discovered);
    const options = {
      serverUrl,
      fetchFn: fetch,
      ...(request.scope === undefined ? {} : { scope: request.scope }),
    };
    await auth(provider, options);
    const answer = await request.ask(provider.page());
    const transport = new StreamableHTTPClientTransport(new URL(serverUrl), {
      authProvider: provider,
      fetch,
    });
    // The whole answer: who it is from, and what went wrong, are looked at there.
    await transport.finishAuth(answer);
    return provider.result();
  } catch (error) {
    throw loginError(error, name, fetch);
  } finally {
    restore();
  }
}

/** What the server's refusal did not say, and a client that belongs to another server. Errors: UnsupportedError, AuthError. */
function checkWhose({ name, refused, client, serverUrl }: AuthorizeRequest, discovered: Discovered): void {
  const { resourceMetadata, authorizationServerMetadata } = discovered.info;
  if (!refused && !resourceMetadata && !authorizationServerMetadata)
    throw new UnsupportedError(
      `${name} asks for no login: it answers without one, and names no authorization server`,
    );
  const { issuer } = placesOf(serverUrl, discovered);
  const { given } = client;
  if (given?.issuer !== undefined && given.issuer !== issuer)
    throw new AuthError(
      `${name} names another authorization server than the one that its client belongs to: ${issuer}`,
      {
        hint: `if ${given.issuer} has moved there, name the client that is registered there: --client-id ID`,
      },
    );
}

/** What the SDK says on its own would stand between the lines of this program. */
export function silenceSdk(): () => void {
  const { warn } = console;
  console.warn = () => {};
  return () => {
    console.warn = warn;
  };
}

class LoginProvider implements OAuthClientProvider {
  readonly #request: AuthorizeRequest;
  readonly #discovered: Discovered;
  /** Only between the way to the authorization server and the way back: cached for longer, a server that has moved is not found. */
  readonly #state: OAuthDiscoveryState;
  #client: StoredOAuthClientInformation | undefined;
  #clientFrom: AuthClient['from'];
  #verifier = '';
  #page: URL | undefined;
  #tokens: OAuthTokens | undefined;
  readonly clientMetadataUrl?: string;

  constructor(request: AuthorizeRequest, discovered: Discovered) {
    this.#request = request;
    this.#discovered = discovered;
    const { resourceMetadataUrl, info } = discovered;
    this.#state = { ...info, ...(resourceMetadataUrl === undefined ? {} : { resourceMetadataUrl }) };
    const { given, metadataUrl } = request.client;
    this.#clientFrom = 'registered';
    if (given) {
      this.#clientFrom = 'given';
      this.#client = information(given.id, given.secret, given.issuer);
    } else if (metadataUrl !== undefined) {
      this.clientMetadataUrl = metadataUrl;
    }
  }

  get redirectUrl(): string {
    return this.#request.redirectUrl;
  }

  get clientMetadata(): OAuthClientMetadata {
    return {
      client_name: 'mcp2cli',
      redirect_uris: [this.#request.redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: this.#registeredMethod(),
    };
  }

  /** A program on somebody's machine keeps no secret from them (RFC 8252, 8.5): none is asked for where the server can do without. */
  #registeredMethod(): ClientMethod {
    const known = this.#methods();
    const best: ClientMethod[] = ['none', 'client_secret_basic', 'client_secret_post'];
    return known.length === 0 ? 'none' : (best.find((one) => known.includes(one)) ?? 'none');
  }

  #methods(): string[] {
    return this.#discovered.info.authorizationServerMetadata?.token_endpoint_auth_methods_supported ?? [];
  }

  state(): string {
    return this.#request.state;
  }

  clientInformation(): StoredOAuthClientInformation | undefined {
    return this.#client;
  }

  saveClientInformation(client: StoredOAuthClientInformation): void {
    // A server that knows no metadata documents has registered another one.
    if (client.client_id === this.clientMetadataUrl) this.#clientFrom = 'metadata_document';
    this.#client = client;
  }

  /** None: a login begins anew, whatever there was. */
  tokens(): undefined {
    return undefined;
  }

  saveTokens(tokens: OAuthTokens): void {
    this.#tokens = tokens;
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  codeVerifier(): string {
    return this.#verifier;
  }

  redirectToAuthorization(url: URL): void {
    if (url.protocol !== 'https:' && url.protocol !== 'http:')
      throw new AuthError(`the authorization server names a page that is none: ${url.protocol}`);
    this.#page = url;
  }

  discoveryState(): OAuthDiscoveryState {
    return this.#state;
  }

  saveDiscoveryState(): void {}

  /** Where the person has to go. */
  page(): AuthorizationPage {
    if (!this.#page) throw new Error('the SDK named no page');
    const { authorizationServerMetadata: metadata, authorizationServerUrl } = this.#discovered.info;
    const promises: unknown =
      metadata && 'authorization_response_iss_parameter_supported' in metadata
        ? metadata.authorization_response_iss_parameter_supported
        : false;
    return {
      url: this.#page,
      issuer: metadata?.issuer ?? authorizationServerUrl,
      promisesIssuer: promises === true,
    };
  }

  result(): Authorized {
    const tokens = this.#tokens;
    const client = this.#client;
    if (!tokens || !client) throw new Error('the SDK brought no tokens');
    const { now, serverUrl } = this.#request;
    if (!/^bearer$/i.test(tokens.token_type))
      throw new AuthError(
        `the authorization server gave out tokens of a kind that is not known here: ${tokens.token_type}`,
      );
    const at = now();
    const asked = this.#page?.searchParams.get('scope');
    return {
      record: {
        schema_version: 1,
        ...placesOf(serverUrl, this.#discovered),
        grant: 'authorization_code',
        client: {
          client_id: client.client_id,
          method: selectClientAuthMethod(client as OAuthClientInformationMixed, this.#methods()),
          from: this.#clientFrom,
        },
        account: accountIn(tokens.id_token),
        scope: tokens.scope ?? asked ?? null,
        obtained_at: at.toISOString(),
        expires_at: expiryOf(tokens.expires_in, at),
      },
      secrets: {
        access_token: tokens.access_token,
        ...(tokens.refresh_token === undefined ? {} : { refresh_token: tokens.refresh_token }),
        ...(client.client_secret === undefined ? {} : { client_secret: client.client_secret }),
      },
    };
  }
}

function information(
  id: string,
  secret: string | undefined,
  issuer: string | undefined,
): StoredOAuthClientInformation {
  return {
    client_id: id,
    ...(secret === undefined ? {} : { client_secret: secret }),
    ...(issuer === undefined ? {} : { issuer }),
  };
}

/** Who logged in, by the ID token that came with the tokens over TLS; for people to read, so that nobody verifies it. */
function accountIn(idToken: string | undefined): string | null {
  try {
    const payload = Buffer.from(idToken?.split('.')[1] ?? '', 'base64url').toString('utf8');
    const claims = parseJson(payload) as Record<string, unknown>;
    const found = ['email', 'preferred_username', 'name', 'sub'].map((name) => claims[name]);
    return (found.find((one) => typeof one === 'string' && one !== '') as string | undefined) ?? null;
  } catch {
    return null;
  }
}
