import { UnreachableError } from '../../errors.ts';
import { readText } from '../http/body.ts';
import { FetchError } from '../http/errors/fetch-error.ts';
import { retryAfterMs } from '../http/errors/http-error.ts';
import { exchange } from '../http/exchange.ts';
import type { Route } from '../proxy/proxy.ts';

/** How long an authorization server may take for one answer, in milliseconds. */
const LIMIT_MS = 30_000;

/** A `fetch` for the libraries of OAuth, and what they keep to themselves of its failures. */
export interface AuthFetch {
  (url: string | URL, init?: RequestInit): Promise<Response>;
  /** The last request that got no answer. */
  failure: UnreachableError | undefined;
  /** The last answer, but for its body. */
  last: Answer | undefined;
}

interface Answer {
  host: string;
  status: number;
  /** What its server asks to wait, in milliseconds. */
  retryAfterMs: number | undefined;
  /** Its clock beside ours, in milliseconds; positive where it is ahead. */
  skewMs: number | undefined;
}

/**
 * A `fetch` that goes the instance's way to the network (its proxy, its authorities), for metadata, registration and tokens. None of the headers of
 * the instance are sent: they are for the MCP server alone.
 */
export function authFetch(route: Route, now: () => Date, signal?: AbortSignal): AuthFetch {
  const send: AuthFetch = Object.assign(
    async (target: string | URL, init: RequestInit = {}) => {
      const url = new URL(target);
      const late = AbortSignal.timeout(LIMIT_MS);
      const signals = [late, signal, init.signal].filter((one) => one instanceof AbortSignal);
      try {
        const response = await exchange({
          method: (init.method ?? 'GET') as 'GET' | 'POST' | 'DELETE',
          url,
          headers: Object.fromEntries(new Headers(init.headers)),
          body: bodyText(init.body),
          route,
          signal: AbortSignal.any(signals),
        });
        send.last = {
          host: url.host,
          status: response.status,
          retryAfterMs: retryAfterMs(response.header('retry-after') ?? null, now()),
          skewMs: skewOf(response.header('date'), now()),
        };
        const text = await readText(response);
        const headers = Object.entries(response.message.headers).map(([name, value]): [string, string] => [
          name,
          String(value),
        ]);
        const bodiless = [204, 205, 304].includes(response.status);
        return new Response(bodiless ? null : text, { status: response.status, headers });
      } catch (error) {
        signal?.throwIfAborted();
        const known = error instanceof FetchError || late.aborted;
        if (!known) throw error;
        const why = late.aborted ? `no answer within ${LIMIT_MS / 1000} s` : (error as Error).message;
        send.failure = new UnreachableError(`cannot reach the authorization server ${url.host}: ${why}`, {
          cause: error,
          maybeSent: error instanceof FetchError ? error.maybeSent : true,
        });
        throw send.failure;
      }
    },
    { failure: undefined, last: undefined },
  );
  return send;
}

function bodyText(body: RequestInit['body']): string | undefined {
  return body === undefined || body === null ? undefined : String(body);
}

function skewOf(date: string | undefined, now: Date): number | undefined {
  const theirs = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(theirs) ? undefined : theirs - now.getTime();
}
