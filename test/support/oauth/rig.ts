/** An authorization server, a locked server behind it, and a home with an instance of it. */
import { fileURLToPath } from 'node:url';
import { type RunResult, run } from '../cli.ts';
import type { EnvChanges } from '../env.ts';
import { homeAt } from '../instance.ts';
import {
  type AuthorizationOptions,
  type AuthorizationServer,
  authorizationServer,
} from './authorization-server.ts';
import { type ProtectedServer, protectedServer } from './protected-server.ts';

/** What `BROWSER` is set to for somebody who logs in and agrees. */
export const BROWSER = `${process.execPath} ${fileURLToPath(new URL('browser.js', import.meta.url))}`;

export interface Rig {
  home: string;
  /** What logins run with: tokens in a file, and a browser. */
  env: EnvChanges;
  authorization: AuthorizationServer;
  server: ProtectedServer;
}

export interface RigOptions extends Partial<Omit<AuthorizationOptions, 'resource'>> {
  scopes?: string[];
}

/** Before a server that is there already. */
export async function oauthRig(
  inner: string,
  { scopes = ['mcp:read'], ...options }: RigOptions = {},
): Promise<Rig> {
  let authorization: AuthorizationServer | undefined;
  const server = await protectedServer({
    inner,
    scopes,
    authorization: () => authorization as AuthorizationServer,
  });
  authorization = await authorizationServer({ ...options, resource: () => server.url });
  const home = await homeAt(server.url);
  return { home, env: { BROWSER, MCP2CLI_TOKEN_STORE: 'file' }, authorization, server };
}

/** `auth login work ...`, which must work. */
export async function loggedIn({ home, env }: Rig, ...flags: string[]): Promise<RunResult> {
  const result = await run(['auth', 'login', 'work', ...flags], { home, env });
  if (result.code !== 0) throw new Error(`no login: ${result.stdout}${result.stderr}`);
  return result;
}
