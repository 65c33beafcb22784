import { drain } from './body.ts';
import { exchange, type HttpRequest, type HttpResponse } from './exchange.ts';

/** Where requests get the token of a login from (mcp/auth/token-source.ts). */
export interface Tokens {
  token(signal: AbortSignal): Promise<string | undefined>;
  renewed(sent: string, signal: AbortSignal): Promise<string | undefined>;
}

/**
 * Sends a request with the token of a login, where there is one. A server that refuses it (HTTP 401) has not done the request: it is sent once more with
 * another token, if there is one. Errors: as `exchange`, and those of the tokens.
 */
export async function exchangeWith(tokens: Tokens | undefined, request: HttpRequest): Promise<HttpResponse> {
  const token = await tokens?.token(request.signal);
  if (tokens === undefined || token === undefined) return exchange(request);
  const response = await exchange(bearing(request, token));
  if (response.status !== 401) return response;
  let other: string | undefined;
  try {
    other = await tokens.renewed(token, request.signal);
  } catch (error) {
    await drain(response);
    throw error;
  }
  if (other === undefined || other === token) return response;
  await drain(response);
  return exchange(bearing(request, other));
}

function bearing(request: HttpRequest, token: string): HttpRequest {
  return { ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } };
}
