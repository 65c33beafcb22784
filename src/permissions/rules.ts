import type { PermissionAction, PermissionRule } from '../config/settings/permission-settings.ts';
import { globMatches } from '../lib/text/glob.ts';
import { kebabCase } from '../lib/text/kebab-case.ts';

/** What the user of an instance has been given. */
export interface Grants {
  roles: readonly string[];
  scopes: readonly string[];
}

/** A rule with what a person knows it by: its name, or its place in the configuration (`permissions[2]`). */
export interface LabelledRule extends PermissionRule {
  label: string;
}

/** A rule that does not let something happen, and why. */
export interface Refusal {
  rule: LabelledRule;
  /** For a line that names the rule: `requires the role admin`, `its command refused: not at night`. */
  reason: string;
  /** The rule's command said so, rather than what was granted. */
  byCommand: boolean;
}

export function rulesOf(rules: readonly PermissionRule[], action: PermissionAction): LabelledRule[] {
  return rules
    .map((rule, i) => ({ ...rule, label: rule.name ?? `permissions[${i}]` }))
    .filter((rule) => rule.actions.includes(action));
}

/** Whether a rule is about a tool, by its exact name or the form that people type. Without a tool: whether it is about all of them. */
export function concerns({ tools }: PermissionRule, tool: string | undefined): boolean {
  if (tools === undefined) return true;
  if (tool === undefined) return false;
  const forms = [tool, kebabCase(tool)];
  return tools.some((pattern) => forms.some((form) => globMatches(pattern, form)));
}

/** What a rule requires and the grants do not have, or undefined: one of its roles, and one of its scopes. Its command is not asked. */
export function unmet({ roles, scopes }: PermissionRule, grants: Grants): string | undefined {
  const missing = [
    ...(roles && !meet(roles, grants.roles) ? [oneOf('role', roles)] : []),
    ...(scopes && !meet(scopes, grants.scopes) ? [oneOf('scope', scopes)] : []),
  ];
  return missing.length === 0 ? undefined : `requires ${missing.join(' and ')}`;
}

function meet(wanted: readonly string[], had: readonly string[]): boolean {
  return wanted.some((one) => had.includes(one));
}

function oneOf(noun: string, names: readonly string[]): string {
  return names.length === 1 ? `the ${noun} ${names[0]}` : `one of the ${noun}s ${names.join(', ')}`;
}

/**
 * The first rule that refuses, or undefined when all of them pass. No command is run (`guard`, which resolves with its objection) for what
 * roles and scopes have decided already.
 */
export async function firstRefusal(
  rules: readonly LabelledRule[],
  grants: Grants,
  guard: (rule: LabelledRule) => Promise<string | undefined>,
): Promise<Refusal | undefined> {
  for (const rule of rules) {
    const reason = unmet(rule, grants);
    if (reason !== undefined) return { rule, reason, byCommand: false };
  }
  for (const rule of rules) {
    const objection = rule.command && (await guard(rule));
    if (objection !== undefined) return { rule, reason: objection, byCommand: true };
  }
  return undefined;
}
