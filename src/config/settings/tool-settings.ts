import { shellQuote } from '../../lib/text/shell-quote.ts';
/** What is configured for the tools of an instance (`mcpServers.NAME.tools`): defaults of their calls, and tags and labels of their jobs. */

import { ConfigError } from '../../errors.ts';
import { LABELS } from '../../lib/json/fields.ts';
import { isObject } from '../../lib/json/json.ts';
import { parseDuration } from '../../lib/text/duration.ts';
import { globMatches } from '../../lib/text/glob.ts';
import { kebabCase } from '../../lib/text/kebab-case.ts';
import type { FlagOverride, FlagOverrides } from '../../tools/flags/overrides.ts';
import { ATTEMPTS, isWithin, MULTIPLIER, type Range, rangeText } from './retry-limits.ts';
import { isTag, type Tags, unitedTags } from './tags.ts';

/** Each as the flag of its name takes it; a field is there only when it is set. Durations are text: `2s`, or seconds as a bare number. */
export interface ToolSettings extends Tags {
  /** Attempts in total. */
  retries?: number;
  retryBackoff?: string;
  retryMultiplier?: number;
  retryMaxBackoff?: string;
  timeout?: string;
  /** Whether a job's result is checked against the tool's outputSchema. */
  outputCheck?: boolean;
  /** Whether arguments are checked against the tool's inputSchema before they are sent. */
  inputCheck?: boolean;
  /** `ls` leaves the tool out; it can be called all the same. */
  hideFromDiscovery?: boolean;
  /** What it is called here, in place of its own name; the server never hears of it. */
  name?: string;
  /** Further names. */
  aliases?: string[];
  /** The word that is typed before its name, and the heading that it is listed below. */
  group?: string;
  /** Of its flags, by the property's own name (dotted for nested ones). */
  flags?: FlagOverrides;
}

export type ToolSettingKey = keyof ToolSettings;

interface Setting {
  /** What it must be, for messages. */
  takes: string;
  /** The value as it is used; undefined for one that it cannot be. */
  read: (value: unknown) => unknown;
}

const DURATION: Setting = { takes: 'a duration, such as "30s"', read: duration };
const FLAG: Setting = {
  takes: 'true or false',
  read: (value) => (typeof value === 'boolean' ? value : undefined),
};

/** What can be typed as one word, and is no flag. */
const NAME: Setting = {
  takes: 'a name of letters, digits, "-", "_" and "."',
  read: (value) =>
    typeof value === 'string' && /^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u.test(value) ? value : undefined,
};

const SETTINGS: Record<ToolSettingKey, Setting> = {
  retries: number(ATTEMPTS),
  retryBackoff: DURATION,
  retryMultiplier: number(MULTIPLIER),
  retryMaxBackoff: DURATION,
  timeout: DURATION,
  outputCheck: FLAG,
  inputCheck: FLAG,
  tags: {
    takes: 'a list of words',
    read: (value) => (Array.isArray(value) && value.every(isTag) ? value : undefined),
  },
  labels: {
    takes: 'an object of strings, such as {"team": "data"}',
    read: (value) => (LABELS.fits(value) ? value : undefined),
  },
  hideFromDiscovery: FLAG,
  name: NAME,
  aliases: {
    takes: 'a list of names',
    read: (value) =>
      Array.isArray(value) && value.every((one) => NAME.read(one) !== undefined) ? value : undefined,
  },
  group: NAME,
  flags: {
    takes: 'an object such as {"maxTokens": {"name": "limit", "default": 100, "hide": false}}',
    read: (value) => (isObject(value) && Object.values(value).every(isFlagSettings) ? value : undefined),
  },
};

export const TOOL_SETTING_KEYS = Object.keys(SETTINGS) as ToolSettingKey[];

/**
 * Reads one entry. What nobody here knows is passed over: a newer version may. `wrong` makes the error for a field (undefined: the entry
 * itself) that is not what it `takes`.
 */
export function readToolSettings(
  entry: unknown,
  wrong: (field: ToolSettingKey | undefined, takes: string) => Error,
): ToolSettings {
  if (!isObject(entry)) throw wrong(undefined, 'an object of settings');
  const settings: Record<string, unknown> = {};
  for (const key of TOOL_SETTING_KEYS) {
    if (!Object.hasOwn(entry, key)) continue;
    const value = SETTINGS[key].read(entry[key]);
    if (value === undefined) throw wrong(key, SETTINGS[key].takes);
    settings[key] = value;
  }
  return settings;
}

/**
 * The settings of a tool by its exact name. All entries that fit it, or its kebab form, count together, field by field: patterns in the
 * order of the file, then the kebab form, then the exact name; tags and labels are united. Each entry is read when a tool first needs it:
 * one that is damaged is in nobody else's way. Errors: ConfigError that names the field and what it takes; the returned function throws the same.
 */
export function toolSettings(instance: string, tools: unknown): (tool: string) => ToolSettings {
  // Other hosts have a list of the tools that may be used under this name.
  if (tools === undefined || Array.isArray(tools)) return () => ({});
  if (!isObject(tools)) throw wrongSetting(instance, 'tools', 'an object of tools and their settings');
  const known = new Map<string, ToolSettings>();
  const settingsOf = (name: string): ToolSettings => {
    const before = known.get(name);
    if (before) return before;
    const settings = readToolSettings(tools[name], (field, takes) =>
      wrongSetting(instance, ['tools', name, ...(field ? [field] : [])].join('.'), takes),
    );
    known.set(name, settings);
    return settings;
  };
  const names = Object.keys(tools);
  return (tool) =>
    names.length === 0 ? {} : fitting(names, tool).map(settingsOf).reduce(mergedSettings, {});
}

/** The names of the entries that are for a tool, weakest first. */
function fitting(names: readonly string[], tool: string): string[] {
  const kebab = kebabCase(tool);
  const own = [...new Set([kebab, tool])];
  const patterns = names.filter(
    (name) => !own.includes(name) && own.some((form) => form !== '' && globMatches(name, form)),
  );
  return [...patterns, ...own.filter((name) => names.includes(name))];
}

/** The later one wins, field by field; tags and labels are united. */
function mergedSettings(before: ToolSettings, later: ToolSettings): ToolSettings {
  const flags = before.flags && later.flags ? { flags: { ...before.flags, ...later.flags } } : {};
  return { ...before, ...later, ...unitedTags(before, later), ...flags };
}

function wrongSetting(instance: string, field: string, takes: string): ConfigError {
  return new ConfigError(`instance ${instance}: ${field} must be ${takes}`, {
    hint: `fix it in the configuration, or: mcp2cli instances unset ${instance} ${shellQuote(field)}`,
  });
}

function isFlagSettings(value: unknown): value is FlagOverride {
  if (!isObject(value)) return false;
  const { name, hide } = value;
  return (
    (name === undefined || NAME.read(name) !== undefined) && (hide === undefined || typeof hide === 'boolean')
  );
}

function duration(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  try {
    parseDuration(String(value), '');
    return String(value);
  } catch {
    return undefined;
  }
}

function number(range: Range): Setting {
  return {
    takes: rangeText(range),
    read: (value) => (typeof value === 'number' && isWithin(value, range) ? value : undefined),
  };
}
