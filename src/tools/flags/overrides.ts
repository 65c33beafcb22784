/** What a person has made of a tool's names and flags for himself. The server never hears of any of it. */

import { carryNumber } from '../../lib/json/exact-json.ts';
import { isObject, type JsonObject, own, setOwn } from '../../lib/json/json.ts';
import type { ToolFlag } from './flag.ts';

/** Of one flag, by the property's own name, dotted for nested ones. */
export interface FlagOverride {
  /** What is typed, without dashes. */
  name?: string;
  /** Sent when nothing was typed for it. */
  default?: unknown;
  /** Help does not tell of it; it can be typed all the same. */
  hide?: boolean;
}

export type FlagOverrides = Readonly<Record<string, FlagOverride>>;

/**
 * The flags as they are typed here: renamed ones under their new name (and their exact one), those with a default not required. A new name that
 * another flag has already is not given.
 */
export function overriddenFlags(flags: readonly ToolFlag[], profiles: FlagOverrides): ToolFlag[] {
  const taken = new Set(flags.map(({ name }) => name));
  return flags.map((flag) => {
    const profile = Object.hasOwn(profiles, flag.exact) ? profiles[flag.exact] : undefined;
    if (!profile) return flag;
    const renamed = profile.name !== undefined && !taken.has(profile.name);
    if (renamed) taken.add(profile.name ?? '');
    const profiled = {
      ...flag,
      ...(renamed ? { name: profile.name ?? '', kebab: profile.name ?? '' } : {}),
      ...(profile.default === undefined ? {} : { default: profile.default, mustBeGiven: false }),
    };
    if (profile.default !== undefined) carryNumber(profile, 'default', profiled);
    return profiled;
  });
}

/** Those that help tells of. */
export function shownFlags(flags: readonly ToolFlag[], profiles: FlagOverrides): ToolFlag[] {
  const hidden = Object.keys(profiles).filter((exact) => profiles[exact]?.hide);
  const within = (flag: ToolFlag) =>
    hidden.some((exact) => flag.exact === exact || flag.exact.startsWith(`${exact}.`));
  return hidden.length === 0 ? [...flags] : flags.filter((flag) => !within(flag));
}

/** The arguments with the defaults that are set here; one inside an object only where that object is given. Nothing passed in is changed. */
export function withDefaultArgs(
  args: JsonObject,
  flags: readonly ToolFlag[],
  profiles: FlagOverrides,
): JsonObject {
  let filled = args;
  for (const { exact, path } of flags) {
    const profile = Object.hasOwn(profiles, exact) ? profiles[exact] : undefined;
    if (profile?.default !== undefined) filled = filledAt(filled, path.map(String), profile);
  }
  return filled;
}

function filledAt(
  args: JsonObject,
  [name = '', ...inner]: readonly string[],
  profile: FlagOverride,
): JsonObject {
  const before = own(args, name);
  if (inner.length === 0 ? Object.hasOwn(args, name) : !isObject(before)) return args;
  const copy = { ...args };
  setOwn(copy, name, inner.length === 0 ? profile.default : filledAt(before as JsonObject, inner, profile));
  if (inner.length === 0) carryNumber(profile, 'default', copy, name);
  return copy;
}
