/** The login of an instance, as it is stored; no network, and no token. */
import { statSync } from 'node:fs';
import type { Paths } from '../config/paths.ts';
import type { Target } from '../config/target/target.ts';
import { isFor, isFresh, readAuth } from '../mcp/auth/record.ts';
import { secretsOfLogin } from '../mcp/auth/store.ts';
import { hasCredentials } from '../mcp/auth/token-source.ts';
import { type Check, checked, failed } from './finding.ts';
import type { Machine, Subject } from './subject.ts';

/** Nothing is said where there is none. A keyring that cannot be read is a problem: the instance cannot be used. */
export async function checkLogin({ name, identity }: Subject, machine: Machine): Promise<Check[]> {
  const { paths, context } = machine;
  const path = paths.authFile(name);
  try {
    const record = readAuth(path);
    if (!record) return [];
    const target = identity && targetOf(identity, name, machine);
    if (target && !isFor(record, target.url))
      return [
        checked('login', 'warning', `it is for another server, and not used: ${record.url}`, {
          hint: `forget it: mcp2cli auth logout ${name}`,
          path,
        }),
      ];
    await secretsOfLogin(record);
    const { issuer, expires_at: expires, renewable, refreshing_since: since } = record;
    const where = record.store === 'keyring' ? 'sealed with a key in the keyring' : 'in a plain file';
    const checks = [...checkMode(paths, name, context.platform)];
    if (target && hasCredentials(target))
      checks.push(
        checked(
          'login',
          'warning',
          'not used: the instance has credentials in its configuration, which win',
          { path },
        ),
      );
    if (since !== undefined)
      checks.push(
        checked(
          'login',
          'warning',
          `a refresh that began at ${since} did not end; what it brought may be lost`,
          {
            hint: `if the server refuses the login: mcp2cli auth login ${name}`,
            path,
          },
        ),
      );
    if (!isFresh(record, context.clock.now(), 0) && renewable !== true)
      checks.push(
        checked('login', 'problem', `it expired at ${expires}, and cannot be refreshed`, {
          hint: `log in again: mcp2cli auth login ${name}`,
        }),
      );
    if (checks.length > 0) return checks;
    const until = renewable === true || expires === null ? '' : `, until ${expires}`;
    return [checked('login', 'ok', `at ${issuer ?? 'an unknown issuer'}${until}, ${where}`)];
  } catch (error) {
    return [{ ...failed('login', error), path }];
  }
}

function targetOf(identity: Target, name: string, machine: Machine) {
  if (identity.kind !== 'http') return undefined;
  try {
    const target = machine.target(identity, name);
    return target.kind === 'http' ? target : undefined;
  } catch {
    // Variables that are not set have a check of their own.
    return undefined;
  }
}

/** Tokens that others can read. */
function checkMode(paths: Paths, name: string, platform: NodeJS.Platform): Check[] {
  if (platform === 'win32') return [];
  const path = paths.authFile(name);
  const mode = statSync(path).mode & 0o077;
  if (mode === 0) return [];
  return [
    checked('login', 'problem', 'others can read the file with its tokens', {
      hint: `chmod 600 ${path}`,
      path,
    }),
  ];
}
