import {
  type AccessSettings,
  accessSettings,
  type PermissionAction,
} from '../config/settings/permission-settings.ts';
import { expand } from '../config/target/expand.ts';
import { CliError, PermissionError } from '../errors.ts';
import { isFor, readAuth } from '../mcp/auth/record.ts';
import { grantsOf, tokenGrants } from './grants.ts';
import { recordRefusal } from './refusals.ts';
import type { Requester } from './requester.ts';
import { concerns, firstRefusal, type Grants, type LabelledRule, type Refusal, rulesOf } from './rules.ts';
import { runRuleCommand } from './run-command-rule.ts';

/** What is to happen. */
interface AccessRequest {
  action: PermissionAction;
  tool: string | undefined;
  args: Record<string, unknown> | undefined;
}

/** See `permit`. */
export async function check(
  requester: Requester,
  action: PermissionAction,
  tool: string | undefined,
  args: Record<string, unknown> | undefined,
): Promise<void> {
  const settings = accessOf(requester);
  const rules = rulesOf(settings.permissions, action).filter((rule) => concerns(rule, tool));
  if (rules.length === 0) return;
  const request = { action, tool, args };
  const { grants, unread } = grantsFor(requester, settings);
  const refusal = await firstRefusal(rules, grants, (rule) => ask(requester, rule, request, grants));
  if (!refusal) return;
  record(requester, request, refusal, grants);
  throw refused(requester, request, refusal, grants, unread);
}

/** See `permittedItems`; `whole`: the rules for all tools count, too. */
export async function itemsThatPass<T>(
  requester: Requester,
  items: readonly T[],
  namesOf: (item: T) => Iterable<string>,
  { whole = false } = {},
): Promise<readonly T[]> {
  let left = items;
  const settings = accessOf(requester);
  const request: AccessRequest = { action: 'list', tool: undefined, args: undefined };
  for (const rule of rulesOf(settings.permissions, 'list')) {
    if (!rule.tools && !whole) continue;
    const others = left.filter((item) => !isAbout(rule, namesOf(item)));
    if (others.length === left.length) continue;
    const { grants } = grantsFor(requester, settings);
    const refusal = await firstRefusal([rule], grants, () => ask(requester, rule, request, grants));
    if (!refusal) continue;
    requester.printer.detail(`${left.length - others.length} left out: ${told(refusal)}`);
    left = others;
  }
  return left;
}

/**
 * The items that may be in a list, and no command is asked for it, nothing recorded and nothing told: for what must not start a process. What
 * only a rule's command could let through is left out. Error: ConfigError.
 */
export async function itemsUnasked<T>(
  requester: Requester,
  items: readonly T[],
  namesOf: (item: T) => Iterable<string>,
): Promise<readonly T[]> {
  let left = items;
  const settings = accessOf(requester);
  const rules = rulesOf(settings.permissions, 'list');
  if (rules.length === 0) return left;
  const { grants } = grantsFor(requester, settings);
  for (const rule of rules) {
    const refusal = await firstRefusal([rule], grants, async () => 'not asked');
    if (refusal) left = left.filter((item) => !isAbout(rule, namesOf(item)));
  }
  return left;
}

function isAbout(rule: LabelledRule, names: Iterable<string>): boolean {
  return [...names].some((name) => concerns(rule, name));
}

/** Whether the rules let something happen; a refusal is told, for what can go on without it. */
export async function passes(requester: Requester, permit: () => Promise<void>): Promise<boolean> {
  try {
    await permit();
    return true;
  } catch (error) {
    if (!(error instanceof PermissionError)) throw error;
    requester.printer.note(error.message);
    return false;
  }
}

function accessOf({ instance }: Requester): AccessSettings {
  return accessSettings(instance.name, instance.access ?? {});
}

/**
 * What the user has been given. A token that cannot be read (`unread` says why) keeps nobody from what other grants allow; a refusal tells.
 */
function grantsFor(
  requester: Requester,
  settings: AccessSettings,
): { grants: Grants; unread: string | undefined } {
  const { env } = requester.context;
  const { identity, name } = requester.instance;
  if (identity.kind !== 'http') return { grants: grantsOf(settings, env), unread: undefined };
  const [, header] = Object.entries(identity.headers).find(([key]) => /^authorization$/i.test(key)) ?? [];
  try {
    // A header of the configuration is what the server gets, login or not.
    const token =
      header === undefined
        ? loginGrants(requester, identity.url)
        : tokenGrants(expand(header, env, `instance ${name} header Authorization`));
    return { grants: grantsOf(settings, env, token), unread: undefined };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { grants: grantsOf(settings, env), unread: error.message };
  }
}

/** The scopes that the stored login has been granted (RFC 6749, 3.3), where it is for this server. Errors: ConfigError, IoError. */
function loginGrants({ instance, context, paths }: Requester, url: string): Grants {
  const login = readAuth(paths.authFile(instance.name));
  const isUsed = login && isFor(login, expand(url, context.env, `instance ${instance.name} url`));
  return { roles: [], scopes: (isUsed && login.scope?.split(' ').filter(Boolean)) || [] };
}

function ask(
  { instance, context }: Requester,
  rule: LabelledRule,
  { action, tool, args }: AccessRequest,
  { roles, scopes }: Grants,
): Promise<string | undefined> {
  const { env, cwd, interrupted } = context;
  const question = {
    instance: instance.name,
    action,
    tool: tool ?? null,
    arguments: args ?? null,
    roles,
    scopes,
  };
  return rule.command
    ? runRuleCommand(rule.command, question, { env, cwd, signal: interrupted })
    : Promise.resolve(undefined);
}

/** A refusal is one all the same where it cannot be written down. */
function record(
  requester: Requester,
  { action, tool }: AccessRequest,
  { rule, reason }: Refusal,
  grants: Grants,
): void {
  try {
    recordRefusal(requester.paths.refusalsFile(requester.instance.name), {
      time: requester.context.clock.now().toISOString(),
      action,
      tool: tool ?? null,
      rule: rule.label,
      reason,
      roles: grants.roles,
      scopes: grants.scopes,
    });
  } catch (error) {
    requester.printer.warn('refusals', `the refusal was not recorded: ${(error as Error).message}`);
  }
}

/** `rule permissions[2] requires the role admin`, `rule "hours": its command refused: not at night` */
function told({ rule, reason, byCommand }: Refusal): string {
  const label = rule.name === undefined ? rule.label : JSON.stringify(rule.name);
  return `rule ${label}${byCommand ? ':' : ''} ${reason}`;
}

function refused(
  { instance }: Requester,
  { action, tool }: AccessRequest,
  refusal: Refusal,
  { roles, scopes }: Grants,
  unread: string | undefined,
): PermissionError {
  const { rule, reason, byCommand } = refusal;
  const what = tool === undefined ? action : `${action} ${JSON.stringify(tool)}`;
  const had = [`roles: ${roles.join(', ') || 'none'}`, `scopes: ${scopes.join(', ') || 'none'}`].join('; ');
  const token = unread === undefined ? 'the access token' : `the access token (not read: ${unread})`;
  return new PermissionError(`${instance.name}: ${what} is not permitted: ${told(refusal)}`, {
    hint: byCommand
      ? `it was told ${had}`
      : `you have ${had}; more come from ${token}, MCP2CLI_ROLES, MCP2CLI_SCOPES, or: mcp2cli instances set ${instance.name} roles|scopes NAME...`,
    details: { action, tool: tool ?? null, rule: rule.label, reason },
  });
}
