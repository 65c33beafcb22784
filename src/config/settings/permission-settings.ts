import { ConfigError } from '../../errors.ts';
import { isTexts } from '../../lib/json/fields.ts';
import { isObject } from '../../lib/json/json.ts';
import { type CommandSetting, commandOf } from './settings.ts';

export const PERMISSION_ACTIONS = ['create', 'read', 'update', 'delete', 'execute', 'list'] as const;

/** What a rule is about: jobs and tools are read, listed, executed; definitions of jobs are created, updated, deleted. */
export type PermissionAction = (typeof PERMISSION_ACTIONS)[number];

/** One rule of an instance: for these actions on these tools it wants one of the roles, and one of the scopes, and the command's consent. */
export interface PermissionRule {
  name?: string;
  actions: PermissionAction[];
  /** Globs (`*`, `?`) of the tools that it is about; undefined: of all. */
  tools?: string[];
  roles?: string[];
  scopes?: string[];
  /** Decides by its exit code, without a shell. */
  command?: CommandSetting;
}

/** Who may do what with an instance, and as whom its user goes. */
export interface AccessSettings {
  permissions: PermissionRule[];
  roles: string[];
  scopes: string[];
}

/** An instance of the configuration, of which `permissions`, `roles` and `scopes` count here: values that nobody has checked. */
export type StoredAccess = Readonly<Record<string, unknown>>;

/**
 * The rules, roles and scopes of a configured instance. Error: ConfigError that names the field and what it takes. What is not known in a
 * rule is refused too: a rule with a slip in it would let more through than was meant.
 */
export function accessSettings(name: string, stored: StoredAccess): AccessSettings {
  const wrong: Wrong = (field, takes) =>
    new ConfigError(`instance ${name}: ${field} must be ${takes}`, {
      hint: `fix it in the configuration, or set it anew: mcp2cli instances set ${name} ${/^\w+/.exec(field)?.[0]} ...`,
    });
  const { permissions, roles = [], scopes = [] } = stored as Partial<Record<string, unknown>>;
  if (permissions !== undefined && !Array.isArray(permissions)) throw wrong('permissions', 'a list of rules');
  return {
    permissions: (permissions ?? []).map((rule: unknown, i) => readRule(rule, `permissions[${i}]`, wrong)),
    roles: names(roles, 'roles', wrong),
    scopes: names(scopes, 'scopes', wrong),
  };
}

type Wrong = (field: string, takes: string) => Error;

const RULE_KEYS = ['name', 'action', 'tools', 'roles', 'scopes', 'command'];

function readRule(value: unknown, field: string, wrong: Wrong): PermissionRule {
  if (!isObject(value)) throw wrong(field, 'an object like {"action": "execute", "roles": ["admin"]}');
  const stranger = Object.keys(value).find((key) => !RULE_KEYS.includes(key));
  if (stranger !== undefined)
    throw wrong(field, `made of ${RULE_KEYS.join(', ')} only, not ${JSON.stringify(stranger)}`);
  const { name, tools, roles, scopes, command } = value;
  if (roles === undefined && scopes === undefined && command === undefined)
    throw wrong(field, 'a rule with roles, scopes or a command');
  if (name !== undefined && (typeof name !== 'string' || name.trim() === ''))
    throw wrong(`${field}.name`, 'a name');
  return {
    ...(name === undefined ? {} : { name }),
    actions: actions(value['action'], `${field}.action`, wrong),
    ...(tools === undefined ? {} : { tools: some(tools, `${field}.tools`, wrong) }),
    ...(roles === undefined ? {} : { roles: some(roles, `${field}.roles`, wrong) }),
    ...(scopes === undefined ? {} : { scopes: some(scopes, `${field}.scopes`, wrong) }),
    ...(command === undefined ? {} : { command: commandOf(command, `${field}.command`, wrong) }),
  };
}

function actions(value: unknown, field: string, wrong: Wrong): PermissionAction[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const known = list.flatMap((one) => PERMISSION_ACTIONS.find((action) => action === one) ?? []);
  if (known.length === 0 || known.length < list.length)
    throw wrong(field, `one or several of ${PERMISSION_ACTIONS.join(', ')}`);
  return known;
}

/** An empty list would match nothing, and a rule for nothing, or one that nobody can meet, is a slip. */
function some(value: unknown, field: string, wrong: Wrong): string[] {
  const list = names(value, field, wrong);
  if (list.length === 0) throw wrong(field, 'a list with at least one name');
  return list;
}

function names(value: unknown, field: string, wrong: Wrong): string[] {
  if (!isTexts(value) || value.includes('')) throw wrong(field, 'a list of names');
  return value;
}
