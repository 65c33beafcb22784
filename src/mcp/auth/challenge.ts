/** What a server asks for with a refusal: a `WWW-Authenticate` header (RFC 9110, 11.6.1) with the scheme Bearer (RFC 6750, 3; RFC 9728, 5.1). */
export interface Challenge {
  error: string | undefined;
  /** Separated by spaces. */
  scope: string | undefined;
  /** Where the metadata of the resource is. */
  resourceMetadata: string | undefined;
}

/** A parameter of a challenge: a quoted string or a token. */
const PARAMETER = /([A-Za-z_][\w-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g;

/** The Bearer challenge in a header, also beside those of other schemes; undefined without one. */
export function bearerChallenge(header: string | undefined): Challenge | undefined {
  const at = header === undefined ? -1 : header.search(/(?:^|,\s*|\s)(?:Bearer|DPoP)(?=\s|,|$)/i);
  if (header === undefined || at < 0) return undefined;
  const found = new Map<string, string>();
  for (const [, name = '', quoted, plain] of header.slice(at).matchAll(PARAMETER)) {
    const value = quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '';
    if (!found.has(name.toLowerCase())) found.set(name.toLowerCase(), value);
  }
  return {
    error: found.get('error'),
    scope: found.get('scope')?.trim() || undefined,
    resourceMetadata: found.get('resource_metadata'),
  };
}

/** The scopes of several lists, each once, in their order (RFC 6749, 3.3). */
export function unitedScopes(...lists: readonly (string | null | undefined)[]): string | undefined {
  const all = lists.flatMap((list) => list?.split(' ').filter((one) => one !== '') ?? []);
  return all.length === 0 ? undefined : [...new Set(all)].join(' ');
}
