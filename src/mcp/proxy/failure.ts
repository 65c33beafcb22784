/** What a proxy did wrong, told as the proxy's: HOST:PORT, never its credentials. Nothing has reached the server in any of these cases. */
import { AuthError, type CliError, UnreachableError } from '../../errors.ts';
import { tlsFailure } from '../http/errors/tls-failure.ts';
import type { HttpProxy } from './choice.ts';

/** The proxy does not answer. */
export function proxyUnreachable(proxy: HttpProxy, error: NodeJS.ErrnoException): CliError {
  // An AggregateError (several addresses tried) has an empty message of its own.
  const inner = error instanceof AggregateError ? (error.errors[0] as Error | undefined) : undefined;
  const why = error.message || inner?.message || error.code || 'no connection';
  const tls = tlsFailure(error, 'NAME');
  return new UnreachableError(`the proxy ${proxy.shown} cannot be reached: ${tls?.what ?? why}`, {
    cause: error,
    hint: `${tls ? `${tls.hint}; ` : ''}${without(proxy, 'HOST')}`,
  });
}

/** Who named the proxy, and how `host` is reached without. */
function without({ source, owner }: HttpProxy, host: string): string {
  return owner === undefined
    ? `${source} names it; to go without: NO_PROXY=${host}, or mcp2cli instances set NAME proxy none`
    : `${source} names it; to go without: mcp2cli instances set ${owner} proxy none`;
}

/** The proxy answered a request with a refusal of its own; `to` is the server that was asked for. */
export function proxyRefused(proxy: HttpProxy, status: number, to: string): CliError {
  if (status !== 407)
    return new UnreachableError(
      `the proxy ${proxy.shown} does not connect to ${to}: it answered HTTP ${status}`,
      { hint: without(proxy, to) },
    );
  // RFC 9110, 15.5.8
  return new AuthError(
    proxy.authorization === undefined
      ? `the proxy ${proxy.shown} requires authentication (HTTP 407)`
      : `the proxy ${proxy.shown} refuses the credentials in its URL (HTTP 407)`,
    {
      hint: `${proxy.source} names it: give it as http://USER:PASSWORD@${proxy.shown}, special characters percent-encoded`,
    },
  );
}
