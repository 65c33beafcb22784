import { randomBytes } from 'node:crypto';
import { CliError, type LoginAdvice } from '../../../errors.ts';
import { orAborted } from '../../../lib/stop.ts';
import { authFetch } from '../../../mcp/auth/auth-fetch.ts';
import {
  type AuthorizationPage,
  type Authorized,
  authorize,
  type ClientChoice,
} from '../../../mcp/auth/login/authorize.ts';
import { type Loopback, openLoopback } from '../../../mcp/auth/login/loopback.ts';
import type { Route } from '../../../mcp/proxy/proxy.ts';
import type { App } from '../../app.ts';
import { openInBrowser } from './browser.ts';
import { pastedAnswer } from './pasted.ts';

export interface PersonLogin {
  name: string;
  serverUrl: string;
  route: Route;
  advice: LoginAdvice | undefined;
  scope: string | undefined;
  client: ClientChoice;
  /** A port that was asked for. */
  port: number | undefined;
  /** Only the URL is shown. */
  noBrowser: boolean;
  signal: AbortSignal;
}

/**
 * A login by a person: their browser goes to the authorization server, and comes back here, or they paste where it ended. Errors: as `authorize`,
 * UsageError for a port that is taken, the signal's reason.
 */
export async function loginPerson(app: App, request: PersonLogin): Promise<Authorized> {
  const { name, serverUrl, route, advice, scope, client, port, signal } = request;
  const state = randomBytes(24).toString('base64url');
  const loopback = await openLoopback(port ?? 0, state);
  const { now } = app.context.clock;
  try {
    const done = await authorize({
      name,
      serverUrl,
      refused: advice !== undefined,
      resourceMetadata: advice?.resourceMetadata,
      scope: scope ?? advice?.scope,
      client,
      redirectUrl: loopback.redirectUrl,
      state,
      fetch: authFetch(route, now, signal),
      now,
      ask: (page) => askPerson(app, request, page, loopback, state),
    });
    await loopback.finish({
      title: `You are logged in to ${name}`,
      text: ['mcp2cli has what it needs. Close this page and go back to the terminal.'],
    });
    return done;
  } catch (error) {
    const { message, hint } =
      error instanceof CliError ? error : { message: 'it was given up', hint: undefined };
    await loopback.finish({
      title: `You are not logged in to ${name}`,
      text: [
        message,
        ...(hint === undefined ? [] : [hint]),
        'The terminal says it, too. You can close this page.',
      ],
    });
    throw error;
  }
}

async function askPerson(
  app: App,
  { name, noBrowser, signal }: PersonLogin,
  page: AuthorizationPage,
  loopback: Loopback,
  state: string,
): Promise<URLSearchParams> {
  const { printer, context } = app;
  const { stdin } = context;
  const say = (text: string) => printer.complain(text);
  // A browser that has come back already has opened, whatever its program does yet.
  const back = loopback.arrived.then(() => undefined);
  const why = noBrowser ? 'as asked for' : await Promise.race([openInBrowser(page.url.href, context), back]);
  if (why === undefined) {
    say(
      `the browser opens ${new URL(page.issuer).host} to log in to ${name}; if it does not, open this page:`,
    );
  } else {
    if (!noBrowser) say(`no browser was opened (${why})`);
    say(`open this page to log in to ${name}:`);
  }
  // With --json, too: nobody could log in without it.
  printer.stderr.write(`${page.url.href}\n`);
  const reads = stdin.isTTY || noBrowser;
  const pasted = reads
    ? pastedAnswer(stdin.stream, { state, promisesIssuer: page.promisesIssuer }, (text) =>
        say(`${text}; once more:`),
      )
    : undefined;
  if (pasted) say('or paste the address that the browser ends at:');
  try {
    return await orAborted(Promise.race([loopback.arrived, ...(pasted ? [pasted.answer] : [])]), signal);
  } finally {
    pasted?.close();
  }
}
