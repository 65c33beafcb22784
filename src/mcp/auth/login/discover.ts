import { discoverOAuthServerInfo, type OAuthServerInfo } from '@modelcontextprotocol/client';
import type { AuthFetch } from '../auth-fetch.ts';
import type { AuthRecord } from '../record.ts';

/** What is known of the authorization server of an MCP server. */
export interface Discovered {
  info: OAuthServerInfo;
  resourceMetadataUrl: string | undefined;
}

/**
 * Finds the authorization server of an MCP server (RFC 9728, RFC 8414, OpenID discovery, and what servers of 2025-03-26 did without). Errors: UnreachableError
 * where it cannot be asked, IssuerMismatchError of the SDK where the metadata is somebody else's.
 */
export async function discover(
  serverUrl: string,
  resourceMetadata: string | undefined,
  fetch: AuthFetch,
): Promise<Discovered> {
  const named = resourceMetadata !== undefined && URL.canParse(resourceMetadata, serverUrl);
  const resourceMetadataUrl = named ? new URL(resourceMetadata, serverUrl) : undefined;
  const info = await discoverOAuthServerInfo(serverUrl, {
    fetchFn: fetch,
    ...(resourceMetadataUrl ? { resourceMetadataUrl } : {}),
  });
  // The SDK takes a network fault for metadata that is not there.
  if (info.authorizationServerMetadata === undefined && fetch.failure) throw fetch.failure;
  return { info, resourceMetadataUrl: resourceMetadataUrl?.href };
}

/** The parts of a stored login that are about the servers; `resource` as the metadata spells it. */
export function placesOf(
  serverUrl: string,
  { info }: Discovered,
): Pick<AuthRecord, 'url' | 'resource' | 'issuer' | 'token_endpoint' | 'revocation_endpoint'> {
  const { authorizationServerMetadata: metadata, authorizationServerUrl, resourceMetadata } = info;
  const revocation: unknown = metadata && 'revocation_endpoint' in metadata && metadata.revocation_endpoint;
  return {
    url: plainUrl(serverUrl),
    resource: resourceMetadata?.resource ?? null,
    issuer: metadata?.issuer ?? authorizationServerUrl,
    token_endpoint: metadata?.token_endpoint ?? new URL('/token', authorizationServerUrl).href,
    revocation_endpoint: typeof revocation === 'string' ? revocation : null,
  };
}

/** Origin and path: what else is in a URL may be a secret. */
export function plainUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
