import { expand } from '../config/expand.ts';
import { type AccessSettings, accessSettings, type PermissionAction } from '../config/permission-settings.ts';
import { CliError, PermissionError } from '../errors.ts';
import { grantsOf } from '../permissions/grants.ts';
import { runGuard } from '../permissions/guard.ts';
import { recordRefusal } from '../permissions/refusals.ts';
import {
  concerns,
  firstRefusal,
  type Grants,
  type LabelledRule,
  type Refusal,
  rulesOf,
} from '../permissions/rules.ts';
import type { App } from './app.ts';

/** What is to happen. */
interface Deed {
  action: PermissionAction;
  tool: string | undefined;
  args: Record<string, unknown> | undefined;
}

/** See `permit`. */
export async function check(
  app: App,
  action: PermissionAction,
  tool: string | undefined,
  args: Record<string, unknown> | undefined,
): Promise<void> {
  const settings = accessOf(app);
  const rules = rulesOf(settings.permissions, action).filter((rule) => concerns(rule, tool));
  if (rules.length === 0) return;
  const deed = { action, tool, args };
  const { grants, unread } = grantsFor(app, settings);
  const refusal = await firstRefusal(rules, grants, (rule) => ask(app, rule, deed, grants));
  if (!refusal) return;
  record(app, deed, refusal, grants);
  throw refused(app, deed, refusal, grants, unread);
}

/** See `permittedItems`; `whole`: the rules for all tools count, too. */
export async function itemsThatPass<T>(
  app: App,
  items: readonly T[],
  namesOf: (item: T) => Iterable<string>,
  { whole = false } = {},
): Promise<readonly T[]> {
  let left = items;
  const settings = accessOf(app);
  const deed: Deed = { action: 'list', tool: undefined, args: undefined };
  for (const rule of rulesOf(settings.permissions, 'list')) {
    if (!rule.tools && !whole) continue;
    const others = left.filter((item) => !isAbout(rule, namesOf(item)));
    if (others.length === left.length) continue;
    const { grants } = grantsFor(app, settings);
    const refusal = await firstRefusal([rule], grants, () => ask(app, rule, deed, grants));
    if (!refusal) continue;
    app.printer.detail(`${left.length - others.length} left out: ${told(refusal)}`);
    left = others;
  }
  return left;
}

/**
 * The items that may be in a list, and no command is asked for it, nothing recorded and nothing told: for what must not start a process. What
 * only a rule's command could let through is left out. Error: ConfigError.
 */
export async function itemsUnasked<T>(
  app: App,
  items: readonly T[],
  namesOf: (item: T) => Iterable<string>,
): Promise<readonly T[]> {
  let left = items;
  const settings = accessOf(app);
  const rules = rulesOf(settings.permissions, 'list');
  if (rules.length === 0) return left;
  const { grants } = grantsFor(app, settings);
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
export async function passes(app: App, permit: () => Promise<void>): Promise<boolean> {
  try {
    await permit();
    return true;
  } catch (error) {
    if (!(error instanceof PermissionError)) throw error;
    app.printer.note(error.message);
    return false;
  }
}

function accessOf({ instance }: App): AccessSettings {
  return accessSettings(instance.name, instance.access ?? {});
}

/**
 * What the user has been given. A token that cannot be read (`unread` says why) keeps nobody from what other grants allow; a refusal tells.
 */
function grantsFor(app: App, settings: AccessSettings): { grants: Grants; unread: string | undefined } {
  const { env } = app.context;
  const { identity, name } = app.instance;
  const headers = identity.kind === 'http' ? Object.entries(identity.headers) : [];
  const [, header] = headers.find(([key]) => key.toLowerCase() === 'authorization') ?? [];
  try {
    const value = header && expand(header, env, `instance ${name} header Authorization`);
    return { grants: grantsOf(settings, env, value), unread: undefined };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { grants: grantsOf(settings, env, undefined), unread: error.message };
  }
}

function ask(
  { instance, context }: App,
  rule: LabelledRule,
  { action, tool, args }: Deed,
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
    ? runGuard(rule.command, question, { env, cwd, signal: interrupted })
    : Promise.resolve(undefined);
}

/** A refusal is one all the same where it cannot be written down. */
function record(app: App, { action, tool }: Deed, { rule, reason }: Refusal, grants: Grants): void {
  try {
    recordRefusal(app.paths.refusalsFile(app.instance.name), {
      time: app.context.clock.now().toISOString(),
      action,
      tool: tool ?? null,
      rule: rule.label,
      reason,
      roles: grants.roles,
      scopes: grants.scopes,
    });
  } catch (error) {
    app.printer.warn('refusals', `the refusal was not recorded: ${(error as Error).message}`);
  }
}

/** `rule permissions[2] requires the role admin`, `rule "hours": its command refused: not at night` */
function told({ rule, reason, byCommand }: Refusal): string {
  const label = rule.name === undefined ? rule.label : JSON.stringify(rule.name);
  return `rule ${label}${byCommand ? ':' : ''} ${reason}`;
}

function refused(
  { instance }: App,
  { action, tool }: Deed,
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
