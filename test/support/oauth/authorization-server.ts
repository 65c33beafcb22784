/** A real authorization server (oidc-provider) on loopback: registration, PKCE, rotation with detection of reuse, revocation; and a wire that can be cut. */
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StoredToken } from 'oidc-provider';
import { atTestEnd } from '../cli.ts';

export interface AuthorizationServer {
  issuer: string;
  /** Token requests that reached it, by grant type; `revocation` and `registration` beside them. */
  readonly counts: Record<string, number>;
  /** What every refresh token was that came in, in their order. */
  readonly refreshTokens: string[];
  /** What is done with a request to a path in place of answering it; undefined lets it through. */
  misdeed: ((path: string, request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** Resolves an access token that is valid. */
  find(token: string): Promise<StoredToken | undefined>;
  close(): Promise<void>;
}

export interface AuthorizationOptions {
  /** Seconds that access tokens live. */
  tokenSeconds?: number;
  /** The resource that tokens are for. */
  resource: () => string;
  clients?: object[];
  /** Whether refresh tokens are given out. */
  refresh?: boolean;
  /** Without it clients must be known. */
  registration?: boolean;
  /** Whether tokens can be taken back. */
  revocation?: boolean;
}

export const SCOPES = ['mcp:read', 'mcp:write'];

/** One for all of them: it takes longer to make than all else. */
let signingKey: KeyObject | undefined;

/** Starts it; closed when the test has finished. */
export async function authorizationServer(options: AuthorizationOptions): Promise<AuthorizationServer> {
  const { tokenSeconds = 3600, resource, clients = [], refresh = true } = options;
  const { registration = true, revocation = true } = options;
  let handle: (request: IncomingMessage, response: ServerResponse) => void = () => {};
  const counts: Record<string, number> = {};
  const refreshTokens: string[] = [];
  const state: Pick<AuthorizationServer, 'misdeed'> = { misdeed: undefined };
  const count = (name: string) => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '', 'http://127.0.0.1').pathname;
    if (path === '/reg') count('registration');
    if (path === '/token/revocation') count('revocation');
    if (path !== '/token') {
      if (!state.misdeed?.(path, request, response)) handle(request, response);
      return;
    }
    // The body is looked at, and handed on as it was.
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
      count(body.get('grant_type') ?? 'none');
      const token = body.get('refresh_token');
      if (token !== null) refreshTokens.push(token);
      if (state.misdeed?.(path, request, response)) return;
      Object.assign(request, { body: Buffer.concat(chunks).toString('utf8') });
      handle(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  signingKey ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const provider = await newProvider(issuer, {
    clients,
    jwks: { keys: [{ ...signingKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' }] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    scopes: ['openid', 'offline_access', ...SCOPES],
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    rotateRefreshToken: true,
    issueRefreshToken: () => refresh,
    ttl: {
      AccessToken: tokenSeconds,
      ClientCredentials: tokenSeconds,
      RefreshToken: 86_400,
      Grant: 86_400,
      Session: 3600,
      Interaction: 3600,
      IdToken: 3600,
    },
    features: {
      devInteractions: { enabled: true },
      registration: { enabled: registration },
      revocation: { enabled: revocation, allowedPolicy: () => true },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx: unknown, indicator: string) => {
          if (indicator !== resource()) throw new Error(`another resource: ${indicator}`);
          return { scope: SCOPES.join(' '), accessTokenFormat: 'opaque', accessTokenTTL: tokenSeconds };
        },
      },
    },
  });
  handle = provider.callback();
  const close = async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  atTestEnd(close);
  const find = async (token: string) => {
    const found = (await provider.AccessToken.find(token)) ?? (await provider.ClientCredentials.find(token));
    return found?.isValid ? found : undefined;
  };
  return Object.assign(state, { issuer, counts, refreshTokens, find, close });
}

/** What the package says about servers that are no tests would stand between the results. */
const SAYS = /^oidc-provider (WARNING|NOTICE)/;

async function newProvider(issuer: string, configuration: object) {
  for (const name of ['warn', 'info', 'error'] as const) {
    const say = console[name];
    console[name] = (...words) => (SAYS.test(stripped(words[0])) ? undefined : say(...words));
  }
  const { default: Provider } = await import('oidc-provider');
  return new Provider(issuer, configuration);
}

/** Without colours. */
function stripped(text: unknown): string {
  return String(text).replace(/\u001b\[[\d;]*m/g, '');
}
